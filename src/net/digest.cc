#include "net/digest.h"

#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace lagoa::net {

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    LAGOA_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
                "OpenSSL has no SHA-256");
}

void Sha256::update(std::string_view bytes) {
    const int done = EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    LAGOA_CHECK(done == 1, "OpenSSL's SHA-256 takes any bytes");
}

std::string Sha256::hex() && {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const int done = EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    LAGOA_CHECK(done == 1 && size == 32, "a SHA-256 is finished once");

    return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

std::string to_hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * bytes.size());
    for (const char character : bytes) {
        const auto byte = static_cast<unsigned char>(character);
        hex += kDigits[byte >> 4];
        hex += kDigits[byte & 0xF];
    }
    return hex;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const auto* const done =
        HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size);
    LAGOA_CHECK(done != nullptr && size == 32, "OpenSSL has no HMAC-SHA-256");
    return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string sha256_hex(std::string_view bytes) {
    Sha256 digest;
    digest.update(bytes);
    return std::move(digest).hex();
}

}  // namespace lagoa::net
