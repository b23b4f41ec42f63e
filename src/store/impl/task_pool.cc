#include "store/impl/task_pool.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace lagoa {
namespace {

/// One for_each. Shared with tasks of the pool, which may run after it has returned and then find nothing to do.
struct Batch {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t next = 0;
    std::size_t running = 0;
    std::optional<Error> failure;
};

void work_on(Batch& batch, std::size_t count, const std::function<Result<>(std::size_t)>& work) {
    std::unique_lock lock(batch.mutex);
    while (batch.next < count && !batch.failure) {
        const std::size_t index = batch.next++;
        ++batch.running;
        lock.unlock();
        auto done = work(index);
        lock.lock();
        --batch.running;
        if (!done && !batch.failure) batch.failure = std::move(done.error());
    }
    batch.changed.notify_all();
}

}  // namespace

TaskPool::~TaskPool() {
    std::vector<std::jthread> threads;
    {
        const std::lock_guard lock(mutex_);
        threads.swap(threads_);
    }
    for (auto& thread : threads) thread.request_stop();
}

void TaskPool::submit(std::move_only_function<void()> task) {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(task));
    if (idle_ < queue_.size() && threads_.size() < limit_)
        threads_.emplace_back([this](std::stop_token stop) { run(std::move(stop)); });
    changed_.notify_one();
}

void TaskPool::run(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    while (true) {
        ++idle_;
        changed_.wait(lock, stop, [this] { return !queue_.empty(); });
        --idle_;
        if (queue_.empty()) return;  // asked to stop
        auto task = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        task();
        lock.lock();
    }
}

Result<> TaskPool::for_each(std::size_t count, const std::function<Result<>(std::size_t)>& work) {
    if (count == 0) return {};
    const auto batch = std::make_shared<Batch>();
    // `work` is touched only while an index is left, hence before for_each returns.
    for (std::size_t helper = 1; helper < std::min<std::size_t>(count, limit_); ++helper)
        submit([batch, count, &work] { work_on(*batch, count, work); });
    work_on(*batch, count, work);
    std::unique_lock lock(batch->mutex);
    batch->changed.wait(lock, [&] { return batch->running == 0; });
    if (batch->failure) return pass_on(*batch->failure);
    return {};
}

}  // namespace lagoa
