// The default ObjectStore::reader(): head once, then one get_range a read.
#include <algorithm>
#include <utility>

#include "store/object_store.h"

namespace lagoa {
namespace {

class RangeReader final : public ObjectReader {
public:
    RangeReader(ObjectStore& store, ObjectInfo info) : store_(store), info_(std::move(info)) {}

    Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
        if (into.empty() || offset >= info_.size_bytes) return std::size_t{0};
        const std::string bytes = LAGOA_TRY(store_.get_range(info_.key, offset, into.size()));
        const std::size_t count = std::min(bytes.size(), into.size());
        std::copy_n(bytes.data(), count, into.data());
        return count;
    }

    const ObjectInfo& info() const override { return info_; }

private:
    ObjectStore& store_;
    ObjectInfo info_;
};

}  // namespace

Result<std::unique_ptr<ObjectReader>> ObjectStore::reader(std::string_view key) {
    ObjectInfo info = LAGOA_TRY(head(key));
    return std::make_unique<RangeReader>(*this, std::move(info));
}

Result<std::unique_ptr<ObjectReader>> ObjectStore::reader_of(ObjectInfo known) {
    return reader(known.key);
}

}  // namespace lagoa
