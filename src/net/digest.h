// SHA-256 of bytes, as landing records it and S3's signatures need it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace lagoa::net {

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// HMAC-SHA-256 (RFC 2104): 32 bytes, not text.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// Two lower-case digits a byte.
std::string to_hex(std::string_view bytes);

/// The same as sha256_hex of bytes that come in parts.
class Sha256 {
public:
    Sha256();
    void update(std::string_view bytes);
    /// The last call of an object.
    std::string hex() &&;

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace lagoa::net
