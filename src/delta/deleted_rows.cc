#include <algorithm>
#include <map>

#include <roaring/roaring.h>

#include "base/check.h"
#include "delta/deletion_vector.h"
#include "delta/impl/little_endian.h"
#include "delta/impl/roaring_format.h"

namespace lagoa::delta {
namespace {

// "RoaringBitmapArray" in its portable form: magic number, number of 32-bit bitmaps, then each with the high half of
// its rows, ascending.
constexpr std::uint32_t kMagic = 1681511377;
constexpr std::uint32_t kMaxKey = INT32_MAX;  // rows are signed 64-bit numbers to other programs

struct FreeRoaring {
    void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};
using Roaring = std::unique_ptr<roaring_bitmap_t, FreeRoaring>;

// CRoaring answers a lack of memory with nullptr.
Roaring owned(roaring_bitmap_t* bitmap) {
    LAGOA_CHECK(bitmap != nullptr, "out of memory for a bitmap");
    return Roaring(bitmap);
}

std::uint32_t key_of(std::uint64_t row) {
    return static_cast<std::uint32_t>(row >> 32);
}

}  // namespace

struct DeletedRows::Bitmap {
    struct Bucket {
        std::uint32_t key = 0;  // the high half of its rows
        Roaring rows;           // their low halves
    };

    void add(std::uint32_t key, Roaring rows) {
        const std::uint64_t cardinality = roaring_bitmap_get_cardinality(rows.get());
        if (cardinality == 0) return;
        size += cardinality;
        buckets.push_back({key, std::move(rows)});
    }

    const roaring_bitmap_t* find(std::uint32_t key) const {
        const auto bucket = std::ranges::lower_bound(buckets, key, {}, &Bucket::key);
        return bucket != buckets.end() && bucket->key == key ? bucket->rows.get() : nullptr;
    }

    std::vector<Bucket> buckets;  // ascending by key, none empty
    std::uint64_t size = 0;
};

DeletedRows::DeletedRows(Bitmap bitmap) {
    if (!bitmap.buckets.empty()) bitmap_ = std::make_shared<const Bitmap>(std::move(bitmap));
}

DeletedRows::DeletedRows(std::span<const std::uint64_t> rows) {
    std::map<std::uint32_t, std::vector<std::uint32_t>> by_key;
    for (const std::uint64_t row : rows) {
        LAGOA_CHECK(key_of(row) <= kMaxKey, "a row beyond 2^63");
        by_key[key_of(row)].push_back(static_cast<std::uint32_t>(row));
    }
    Bitmap bitmap;
    for (const auto& [key, low] : by_key) {
        Roaring bucket = owned(roaring_bitmap_of_ptr(low.size(), low.data()));
        roaring_bitmap_run_optimize(bucket.get());
        bitmap.add(key, std::move(bucket));
    }
    *this = DeletedRows(std::move(bitmap));
}

std::uint64_t DeletedRows::size() const {
    return bitmap_ ? bitmap_->size : 0;
}

bool DeletedRows::contains(std::uint64_t row) const {
    const roaring_bitmap_t* const bucket = bitmap_ ? bitmap_->find(key_of(row)) : nullptr;
    return bucket != nullptr && roaring_bitmap_contains(bucket, static_cast<std::uint32_t>(row));
}

void DeletedRows::each(std::uint64_t from, std::uint64_t to,
                       const std::function<void(std::uint64_t row)>& visit) const {
    if (!bitmap_) return;
    auto bucket = std::ranges::lower_bound(bitmap_->buckets, key_of(from), {}, &Bitmap::Bucket::key);
    for (; bucket != bitmap_->buckets.end(); ++bucket) {
        const std::uint64_t high = std::uint64_t{bucket->key} << 32;
        roaring_uint32_iterator_t place;
        roaring_init_iterator(bucket->rows.get(), &place);
        if (from > high) roaring_move_uint32_iterator_equalorlarger(&place, static_cast<std::uint32_t>(from));
        for (; place.has_value; roaring_advance_uint32_iterator(&place)) {
            const std::uint64_t row = high | place.current_value;
            if (row >= to) return;
            visit(row);
        }
    }
}

// ------------------------------------------------------------------ the builder

struct DeletedRowsBuilder::Buckets {
    roaring_bitmap_t* at(std::uint32_t key) {
        Roaring& bucket = by_key[key];
        if (!bucket) bucket = owned(roaring_bitmap_create());
        return bucket.get();
    }

    std::map<std::uint32_t, Roaring> by_key;
};

DeletedRowsBuilder::DeletedRowsBuilder() : buckets_(std::make_unique<Buckets>()) {}
DeletedRowsBuilder::~DeletedRowsBuilder() = default;
DeletedRowsBuilder::DeletedRowsBuilder(DeletedRowsBuilder&& from) noexcept = default;
DeletedRowsBuilder& DeletedRowsBuilder::operator=(DeletedRowsBuilder&& from) noexcept = default;

void DeletedRowsBuilder::add(std::uint64_t from, std::uint64_t to) {
    added_ += to - from;
    while (from < to) {
        LAGOA_CHECK(key_of(from) <= kMaxKey, "a row beyond 2^63");
        const std::uint64_t next_key = (std::uint64_t{key_of(from)} + 1) << 32;
        const std::uint64_t end = std::min(to, next_key);
        roaring_bitmap_t* const bucket = buckets_->at(key_of(from));
        const auto low = static_cast<std::uint32_t>(from);
        if (end - from == 1)
            roaring_bitmap_add(bucket, low);
        else
            roaring_bitmap_add_range_closed(bucket, low, static_cast<std::uint32_t>(end - 1));
        from = end;
    }
}

void DeletedRowsBuilder::append(const DeletedRowsBuilder& other) {
    added_ += other.added_;
    for (const auto& [key, rows] : other.buckets_->by_key) roaring_bitmap_or_inplace(buckets_->at(key), rows.get());
}

DeletedRows DeletedRowsBuilder::rows() const {
    DeletedRows::Bitmap bitmap;
    for (const auto& [key, rows] : buckets_->by_key) {
        Roaring bucket = owned(roaring_bitmap_copy(rows.get()));
        roaring_bitmap_run_optimize(bucket.get());
        bitmap.add(key, std::move(bucket));
    }
    return DeletedRows(std::move(bitmap));
}

// ------------------------------------------------------------------ sets of rows

DeletedRows DeletedRows::united(const DeletedRows& other) const {
    if (!bitmap_) return other;
    if (!other.bitmap_) return *this;
    Bitmap both;
    auto theirs = other.bitmap_->buckets.begin();
    const auto their_end = other.bitmap_->buckets.end();
    for (const auto& ours : bitmap_->buckets) {
        for (; theirs != their_end && theirs->key < ours.key; ++theirs)
            both.add(theirs->key, owned(roaring_bitmap_copy(theirs->rows.get())));
        const bool shared = theirs != their_end && theirs->key == ours.key;
        both.add(ours.key, owned(shared ? roaring_bitmap_or(ours.rows.get(), theirs->rows.get())
                                        : roaring_bitmap_copy(ours.rows.get())));
        if (shared) ++theirs;
    }
    for (; theirs != their_end; ++theirs) both.add(theirs->key, owned(roaring_bitmap_copy(theirs->rows.get())));
    for (auto& bucket : both.buckets) roaring_bitmap_run_optimize(bucket.rows.get());
    return DeletedRows(std::move(both));
}

DeletedRows DeletedRows::without(const DeletedRows& other) const {
    if (!bitmap_ || !other.bitmap_) return *this;
    Bitmap rest;
    for (const auto& ours : bitmap_->buckets) {
        const roaring_bitmap_t* const theirs = other.bitmap_->find(ours.key);
        rest.add(ours.key, owned(theirs != nullptr ? roaring_bitmap_andnot(ours.rows.get(), theirs)
                                                   : roaring_bitmap_copy(ours.rows.get())));
    }
    return DeletedRows(std::move(rest));
}

std::string DeletedRows::serialize() const {
    std::string bytes;
    append_little_endian(bytes, kMagic);
    append_little_endian(bytes, std::uint64_t{bitmap_ ? bitmap_->buckets.size() : 0});
    if (!bitmap_) return bytes;
    for (const auto& bucket : bitmap_->buckets) {
        append_little_endian(bytes, bucket.key);
        const std::size_t at = bytes.size();
        bytes.resize(at + roaring_bitmap_portable_size_in_bytes(bucket.rows.get()));
        roaring_bitmap_portable_serialize(bucket.rows.get(), bytes.data() + at);
    }
    return bytes;
}

Result<DeletedRows> DeletedRows::parse(std::string_view bytes) {
    if (take_little_endian<std::uint32_t>(bytes) != kMagic)
        return fail(ErrorCode::kCorruption, "a bitmap without the magic number {}", kMagic);
    const auto count = take_little_endian<std::uint64_t>(bytes);
    if (!count) return fail(ErrorCode::kCorruption, "a bitmap that is cut short");
    Bitmap bitmap;
    std::optional<std::uint32_t> last;
    for (std::uint64_t i = 0; i < *count; ++i) {
        const auto key = take_little_endian<std::uint32_t>(bytes);
        if (!key) return fail(ErrorCode::kCorruption, "a bitmap with {} parts of the {} that it states", i, *count);
        if (*key > kMaxKey || (last && *key <= *last))
            return fail(ErrorCode::kCorruption, "a bitmap whose parts are out of order");
        const std::size_t length = LAGOA_TRY(check_roaring(bytes));
        bitmap.add(*key, owned(roaring_bitmap_portable_deserialize_safe(bytes.data(), length)));
        bytes.remove_prefix(length);
        last = key;
    }
    if (!bytes.empty()) return fail(ErrorCode::kCorruption, "a bitmap with {} bytes after its end", bytes.size());
    return DeletedRows(std::move(bitmap));
}

}  // namespace lagoa::delta
