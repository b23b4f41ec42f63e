// Goal: no log opens as a table that contradicts itself, and none crashes. Method: the input is the texts of commits 0,
// 1, … with a line `---` between them; the table is replayed at once and one commit after another. Invariant: both ways
// agree.
#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "delta/column_mapping.h"
#include "delta/snapshot.h"
#include "store/memory_store.h"
#include "support/fake_parquet_io.h"

namespace lagoa::delta {
namespace {

std::string summary(const Snapshot& snapshot) {
    std::string text =
        fmt::format("{} {} files, {} tombstones, {} txns, {} domains", snapshot.version, snapshot.files.size(),
                    snapshot.tombstones.size(), snapshot.txns.size(), snapshot.domains.size());
    for (const AddFile& file : snapshot.files) text += "\n" + file_key(file.path, file.deletion_vector);
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const auto store = make_memory_store();
    test::FakeParquetIo parquet;
    const TableLocation table{.store = store.get(), .parquet = &parquet, .path = "t"};
    std::shared_ptr<const Snapshot> followed;
    Version version = 0;
    for (std::size_t from = 0; from <= text.size() && version < 8; ++version) {
        const std::size_t end = std::min(text.find("---\n", from), text.size());
        if (!store->put(fmt::format("t/_delta_log/{:020}.json", version), text.substr(from, end - from))) return 0;
        from = end + 4;
        auto next = followed ? refresh(table, followed) : read_snapshot(table);
        if (!next) return 0;
        followed = *std::move(next);
        const auto whole = read_snapshot(table);
        LAGOA_CHECK(whole, whole.error().message);
        LAGOA_CHECK(summary(**whole) == summary(*followed), summary(**whole) + "\nagainst\n" + summary(*followed));
        static_cast<void>((*whole)->row_count());
        static_cast<void>(column_mapping_of((*whole)->metadata).has_value());
        static_cast<void>(physical_partition_columns((*whole)->metadata));
    }
    return 0;
}

}  // namespace lagoa::delta
