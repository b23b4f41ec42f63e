// Goal: no bytes in a deletion vector's place crash its reader or are taken for other rows than they say. Invariants:
// what parses is written and read again as the same rows; base85 is undone by its inverse; a damaged file is refused.
#include <fmt/format.h>

#include "base/check.h"
#include "delta/deletion_vector.h"
#include "store/memory_store.h"

namespace lagoa::delta {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    if (const auto rows = DeletedRows::parse(input)) {
        const auto again = DeletedRows::parse(rows->serialize());
        LAGOA_CHECK(again && again->size() == rows->size(), "a vector changes when written");
        std::uint64_t visited = 0;
        again->each(0, std::uint64_t{1} << 20, [&](std::uint64_t row) {
            LAGOA_CHECK(rows->contains(row), "a vector gains a row when written");
            ++visited;
        });
        LAGOA_CHECK(visited <= rows->size(), "more rows than there are");
    }
    if (const auto decoded = decode_base85(input))
        LAGOA_CHECK(encode_base85(*decoded) == input, "base85 is not undone by its inverse");

    const auto store = make_memory_store();
    const TableLocation table{.store = store.get(), .parquet = nullptr, .path = "t"};
    DeletionVector vector{
        .storage_type = "i", .path_or_inline = std::string(input), .offset = {}, .size_bytes = 44, .cardinality = 6};
    if (const auto rows = read_deletion_vector(table, vector)) LAGOA_CHECK(rows->size() == 6, "another cardinality");
    vector = {.storage_type = "u",
              .path_or_inline = "ab^-aqEH.-t@S}K{vb[*k^",
              .offset = 1,
              .size_bytes = 44,
              .cardinality = 6};
    const auto path = deletion_vector_path(vector);
    LAGOA_CHECK(path && store->put("t/" + *path, input), "writing the file");
    if (const auto rows = read_deletion_vector(table, vector)) LAGOA_CHECK(rows->size() == 6, "another cardinality");
    return 0;
}

}  // namespace lagoa::delta
