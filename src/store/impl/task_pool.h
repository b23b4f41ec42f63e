// A few threads that make requests side by side, for one store.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"

namespace lagoa {

/// Thread-safe. Tasks must not wait for other tasks of the pool. The destructor runs what is queued, then joins.
class TaskPool {
public:
    explicit TaskPool(unsigned threads) : limit_(threads) {}
    ~TaskPool();
    TaskPool(const TaskPool&) = delete;
    TaskPool& operator=(const TaskPool&) = delete;

    /// Runs `task` on a thread of the pool, as soon as one is free.
    void submit(std::move_only_function<void()> task);

    /// Runs `work(0)` … `work(count - 1)`, on the calling thread too, and returns when none runs any more. After a
    /// failure no other is begun; the first failure is returned.
    Result<> for_each(std::size_t count, const std::function<Result<>(std::size_t)>& work);

private:
    void run(std::stop_token stop);

    const unsigned limit_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::move_only_function<void()>> queue_;  // guarded by mutex_
    unsigned idle_ = 0;                                  // guarded by mutex_
    std::vector<std::jthread> threads_;                  // guarded by mutex_; started when there is work for them
};

}  // namespace lagoa
