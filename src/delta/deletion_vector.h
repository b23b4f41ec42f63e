// The rows of a file that are deleted though they are still in it.
//
// A deletion vector lies in the log itself (`i`), in a file of the table (`u`) or at an absolute address (`p`), as a
// 64-bit Roaring bitmap of row places with a CRC-32.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Deletion Vectors, Deletion Vector Format)
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "delta/snapshot.h"

namespace lagoa::delta {

/// Row places in a file, from 0 and below 2^63. Immutable; copies share the bitmap.
class DeletedRows {
public:
    DeletedRows() = default;
    /// In any order, repeats allowed.
    explicit DeletedRows(std::span<const std::uint64_t> rows);

    std::uint64_t size() const;
    bool contains(std::uint64_t row) const;
    /// The deleted rows of `[from, to)`, ascending.
    void each(std::uint64_t from, std::uint64_t to, const std::function<void(std::uint64_t row)>& visit) const;
    /// Those of either.
    DeletedRows united(const DeletedRows& other) const;
    /// Those that `other` does not have.
    DeletedRows without(const DeletedRows& other) const;

    /// The protocol's serialised form, with its magic number, without length and checksum.
    std::string serialize() const;
    /// kCorruption for bytes that are not a bitmap.
    static Result<DeletedRows> parse(std::string_view bytes);

private:
    friend class DeletedRowsBuilder;
    struct Bitmap;
    explicit DeletedRows(Bitmap bitmap);

    std::shared_ptr<const Bitmap> bitmap_;  // shared by copies; nullptr: no rows
};

/// Collects row places, in any order; a run of them costs no more than one. Not thread-safe.
class DeletedRowsBuilder {
public:
    DeletedRowsBuilder();
    ~DeletedRowsBuilder();
    DeletedRowsBuilder(DeletedRowsBuilder&& from) noexcept;
    DeletedRowsBuilder& operator=(DeletedRowsBuilder&& from) noexcept;

    /// Adds the rows `[from, to)`.
    void add(std::uint64_t from, std::uint64_t to);
    void append(const DeletedRowsBuilder& other);
    /// How many rows were added; one that was added twice counts twice.
    std::uint64_t added() const { return added_; }
    DeletedRows rows() const;

private:
    struct Buckets;

    std::unique_ptr<Buckets> buckets_;
    std::uint64_t added_ = 0;
};

/// Reads what `vector` points to. kCorruption: a wrong checksum, size or cardinality. kNotFound: the file is gone.
/// kUnsupported: a storage type we do not know.
Result<DeletedRows> read_deletion_vector(const TableLocation& table, const DeletionVector& vector);

/// Writes `vectors` into one file of the table, durable on return, and returns where each lies (storage type `u`).
/// A vector of no rows is kInvalidArgument: such a file has none.
Result<std::vector<DeletionVector>> write_deletion_vectors(const TableLocation& table,
                                                           std::span<const DeletedRows> vectors);

/// Inside the log itself (storage type `i`): for tiny vectors.
DeletionVector inline_deletion_vector(const DeletedRows& rows);

/// Z85, the base-85 alphabet of the log: five characters for four bytes. kCorruption for anything else.
Result<std::string> decode_base85(std::string_view text);
/// Bytes of another length than a multiple of 4 are filled up with zeros.
std::string encode_base85(std::string_view bytes);

/// `vector`'s file relative to the table (`ab/deletion_vector_<uuid>.bin`) for storage type `u`, its URI for `p`, empty
/// for `i`. kCorruption: no UUID; kUnsupported: a storage type we do not know.
Result<std::string> deletion_vector_path(const DeletionVector& vector);

}  // namespace lagoa::delta
