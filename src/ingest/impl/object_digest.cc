#include "ingest/impl/object_digest.h"

#include "net/digest.h"

namespace lagoa::ingest {
namespace {

constexpr std::size_t kPartBytes = std::size_t{1} << 20;

}  // namespace

Result<ObjectDigest> digest_of(ObjectStore& store, std::string_view key) {
    const auto reader = LAGOA_TRY(store.reader(key));
    net::Sha256 digest;
    std::uint64_t size = 0;
    std::string part(kPartBytes, '\0');
    while (const std::size_t read = LAGOA_TRY(reader->read(size, part))) {
        digest.update(std::string_view(part).substr(0, read));
        size += read;
    }
    return ObjectDigest{.sha256 = std::move(digest).hex(), .size_bytes = size};
}

}  // namespace lagoa::ingest
