#include "delta/deletion_vector.h"

#include <boost/crc.hpp>

#include "base/id.h"
#include "base/text.h"
#include "delta/data_path.h"

namespace lagoa::delta {
namespace {

// A file of vectors: this byte, then for each its size, its bytes and their CRC-32; numbers most significant first.
constexpr char kFileVersion = 1;
constexpr std::size_t kNumberBytes = 4;
// A vector that starts so early in its file is read from the file's start, with the version; else that is a read more.
constexpr std::uint64_t kReadFromStart = 64 * 1024;
constexpr std::size_t kUuidText = 20;  // a UUID in base 85

void append_number(std::string& bytes, std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
}

// Precondition: four bytes.
std::uint32_t number_of(std::string_view bytes) {
    std::uint32_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
}

std::uint32_t crc32(std::string_view bytes) {
    boost::crc_32_type crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

// `1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed` of 16 bytes, and back.
std::string print_uuid(std::string_view bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
    }
    return text;
}

std::string parse_uuid(std::string_view text) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    const std::string hex = replace_all(text, "-", "");
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
    return bytes;
}

// A path relative to the table is %-encoded nowhere; an absolute one is a URI.
Result<StoredFile> find_vector(const TableLocation& table, const DeletionVector& vector) {
    const std::string path = LAGOA_TRY(deletion_vector_path(vector));
    if (vector.storage_type != "p") return find_file(table, encode_path(path));
    if (!is_absolute(decode_path(path)))
        return fail(ErrorCode::kUnsupported, "the deletion vector {} is neither a local file nor on S3", path);
    return find_file(table, path);
}

// The vector's bytes out of its file, checked against size, checksum and the file's version.
Result<std::string> read_stored(const StoredFile& file, const DeletionVector& vector) {
    const std::int64_t stated = vector.offset.value_or(1);
    if (stated < 1) return fail(ErrorCode::kCorruption, "offset {} is inside the file's header", stated);
    const auto offset = static_cast<std::uint64_t>(stated);
    const auto size = static_cast<std::size_t>(vector.size_bytes);
    const std::uint64_t from = offset <= kReadFromStart ? 0 : offset;
    std::string bytes = LAGOA_TRY(file.store->get_range(file.key, from, offset - from + size + 2 * kNumberBytes));
    const std::string head = from == 0 ? bytes.substr(0, 1) : LAGOA_TRY(file.store->get_range(file.key, 0, 1));
    if (head != std::string_view(&kFileVersion, 1)) return fail(ErrorCode::kCorruption, "the file is not of version 1");
    bytes.erase(0, std::min<std::size_t>(offset - from, bytes.size()));
    if (bytes.size() != size + 2 * kNumberBytes)
        return fail(ErrorCode::kCorruption, "the file ends inside the vector at {}", offset);
    const std::string_view all = bytes;
    if (number_of(all.substr(0, kNumberBytes)) != size)
        return fail(ErrorCode::kCorruption, "the vector at {} has another size than the log's {}", offset, size);
    if (number_of(all.substr(kNumberBytes + size)) != crc32(all.substr(kNumberBytes, size)))
        return fail(ErrorCode::kCorruption, "the vector at {} does not match its checksum", offset);
    return bytes.substr(kNumberBytes, size);
}

Result<std::string> read_inline(const DeletionVector& vector) {
    std::string bytes = LAGOA_TRY(decode_base85(vector.path_or_inline));
    const auto size = static_cast<std::size_t>(vector.size_bytes);
    if (bytes.size() < size || bytes.size() >= size + 4)
        return fail(ErrorCode::kCorruption, "{} bytes where the log states {}", bytes.size(), size);
    bytes.resize(size);
    return bytes;
}

Result<DeletedRows> read_checked(const TableLocation& table, const DeletionVector& vector) {
    if (vector.size_bytes <= 0) return fail(ErrorCode::kCorruption, "a size of {} bytes", vector.size_bytes);
    std::string bytes;
    if (vector.storage_type == "i") {
        bytes = LAGOA_TRY(read_inline(vector));
    } else {
        const StoredFile file = LAGOA_TRY(find_vector(table, vector));
        bytes = LAGOA_TRY(read_stored(file, vector), "reading {}/{}", file.store->root(), file.key);
    }
    auto rows = LAGOA_TRY(DeletedRows::parse(bytes));
    if (vector.cardinality < 0 || rows.size() != static_cast<std::uint64_t>(vector.cardinality))
        return fail(ErrorCode::kCorruption, "{} rows where the log states {}", rows.size(), vector.cardinality);
    return rows;
}

}  // namespace

Result<std::string> deletion_vector_path(const DeletionVector& vector) {
    if (vector.storage_type == "i") return std::string();
    if (vector.storage_type == "p") return vector.path_or_inline;
    if (vector.storage_type != "u")
        return fail(ErrorCode::kUnsupported, "a deletion vector of storage type {}", quote_json(vector.storage_type));
    const std::string_view text = vector.path_or_inline;
    if (text.size() < kUuidText) return fail(ErrorCode::kCorruption, "a deletion vector's file without a UUID");
    const std::string_view prefix = text.substr(0, text.size() - kUuidText);
    const std::string uuid = LAGOA_TRY(decode_base85(text.substr(prefix.size())), "the UUID of a deletion vector");
    return fmt::format("{}{}deletion_vector_{}.bin", prefix, prefix.empty() ? "" : "/", print_uuid(uuid));
}

Result<DeletedRows> read_deletion_vector(const TableLocation& table, const DeletionVector& vector) {
    return LAGOA_TRY(read_checked(table, vector), "reading a deletion vector of {}", table_address(table));
}

Result<std::vector<DeletionVector>> write_deletion_vectors(const TableLocation& table,
                                                           std::span<const DeletedRows> vectors) {
    if (vectors.empty()) return std::vector<DeletionVector>();
    const std::string uuid = new_uuid();
    const std::string encoded = encode_base85(parse_uuid(uuid));
    std::string file(1, kFileVersion);
    std::vector<DeletionVector> written;
    for (const DeletedRows& rows : vectors) {
        if (rows.size() == 0)
            return fail(ErrorCode::kInvalidArgument, "writing a deletion vector without rows: such a file has none");
        const std::string bytes = rows.serialize();
        const std::size_t offset = file.size();
        append_number(file, static_cast<std::uint32_t>(bytes.size()));
        file += bytes;
        append_number(file, crc32(bytes));
        if (file.size() > INT32_MAX)
            return fail(ErrorCode::kResourceExhausted, "writing deletion vectors of more than 2 GiB into one file");
        written.push_back({.storage_type = "u",
                           .path_or_inline = encoded,
                           .offset = static_cast<std::int32_t>(offset),
                           .size_bytes = static_cast<std::int32_t>(bytes.size()),
                           .cardinality = static_cast<std::int64_t>(rows.size())});
    }
    const std::string path = LAGOA_TRY(deletion_vector_path(written.front()));
    LAGOA_TRY(table.store->put(table.path.empty() ? path : table.path + "/" + path, file),
              "writing deletion vectors {}", path);
    return written;
}

DeletionVector inline_deletion_vector(const DeletedRows& rows) {
    const std::string bytes = rows.serialize();
    return {.storage_type = "i",
            .path_or_inline = encode_base85(bytes),
            .offset = std::nullopt,
            .size_bytes = static_cast<std::int32_t>(bytes.size()),
            .cardinality = static_cast<std::int64_t>(rows.size())};
}

}  // namespace lagoa::delta
