// A real S3 server for tests: versitygw, which `./dev setup` builds, over a folder of its own on a free loopback port.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/s3_options.h"
#include "support/temp_dir.h"

namespace lagoa::test {

class S3Server {
public:
    /// Waits until it answers. kNotFound: versitygw was not built (`./dev setup`).
    static Result<std::unique_ptr<S3Server>> start();
    /// Ends it; its objects go too.
    ~S3Server();
    S3Server(const S3Server&) = delete;
    S3Server& operator=(const S3Server&) = delete;

    /// Its endpoint and credentials, and limits that suit a test: small parts, few and short waits.
    S3Options options() const;
    std::uint16_t port() const { return port_; }
    /// An empty bucket with a name of its own.
    std::string make_bucket();

private:
    S3Server() = default;
    bool launch(const std::string& program);

    TempDir folder_;
    pid_t process_ = -1;
    std::uint16_t port_ = 0;
    int buckets_ = 0;
};

}  // namespace lagoa::test
