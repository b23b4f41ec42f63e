// One PostgreSQL server of our own, without contents: processes, folder, port, life and death.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace lagoa::sample {

/// Whom the server runs as.
struct Account {
    uid_t user = 0;
    gid_t group = 0;
};

class PrivateCluster {
public:
    /// kNotFound: no binaries or nobody to run them as. kUnavailable, kDeadlineExceeded: see its log's line.
    static Result<std::unique_ptr<PrivateCluster>> start();
    ~PrivateCluster();
    PrivateCluster(const PrivateCluster&) = delete;
    PrivateCluster& operator=(const PrivateCluster&) = delete;

    /// conninfo of the owner, over a Unix socket in a folder nobody else may enter.
    std::string owner_conninfo(const std::string& database) const;
    std::uint16_t port() const { return port_; }

private:
    explicit PrivateCluster(std::filesystem::path folder) : folder_(std::move(folder)) {}
    /// Without an account it runs as we do.
    Result<> launch(const std::filesystem::path& binaries, const std::optional<Account>& account);
    Result<> wait_until_ready();

    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
    pid_t supervisor_ = -1;
    int lifeline_ = -1;  // the pipe's writing end; closing it ends the supervisor
};

}  // namespace lagoa::sample
