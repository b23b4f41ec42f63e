#include "catalog/impl/staged_files.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/impl/staged_file.h"

namespace lagoa {
namespace {

constexpr std::uint64_t kFileSizeBytes = 256 << 20;  // a larger table becomes several files
constexpr std::size_t kMaxFiles = 100'000;           // of one write

std::unexpected<Error> unexpected_answer() {
    return fail(ErrorCode::kInternal, "COPY … RETURN_STATS answered in another form");
}

std::optional<std::uint64_t> count_at(const json::Value& value, std::string_view key) {
    const auto text = value.string_at(key);
    const auto number = text ? json::Number{*text}.to_int64() : std::nullopt;
    return number ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

FileStatistics parse_statistics(const json::Object& columns) {
    FileStatistics statistics;
    for (const auto& [path, values] : columns)
        statistics[path] = {values.string_at("min"), values.string_at("max"), count_at(values, "null_count"),
                            values.string_at("has_nan") == "true"};
    return statistics;
}

}  // namespace

StagedFiles::StagedFiles(Session& session, StagingTarget target)
    : session_(session), target_(std::move(target)), id_(new_uuid()) {}

std::string StagedFiles::copy_statement(const std::string& select) const {
    std::string partitions;
    for (const std::string& column : target_.metadata.partition_columns)
        partitions += (partitions.empty() ? "" : ", ") + quote_identifier(column);
    const std::string layout = partitions.empty()
                                   ? fmt::format("FILE_SIZE_BYTES {}, WRITE_EMPTY_FILE false", kFileSizeBytes)
                                   : fmt::format("PARTITION_BY ({})", partitions);
    return fmt::format(
        "COPY ({}\n) TO {} (FORMAT parquet, COMPRESSION zstd, {}, FILENAME_PATTERN {}, OVERWRITE_OR_IGNORE true, "
        "RETURN_STATS true)",
        select, quote_literal(target_.url), layout, quote_literal("part-{i}-" + id_ + ".c000.zstd"));
}

Result<> StagedFiles::write(const std::string& select) {
    started_ = true;
    const auto written = LAGOA_TRY(session_.rows(copy_statement(select), {}, kMaxFiles));
    for (const json::Object& file : written) LAGOA_TRY(add(file));
    return {};
}

Result<> StagedFiles::add(const json::Object& written) {
    const json::Value row(written);
    const auto name = row.string_at("filename");
    const auto rows = row.int64_at("count");
    const auto size = row.int64_at("file_size_bytes");
    const json::Value* columns = row.find("column_statistics");
    if (!name || !rows || !size || !columns || !columns->object()) return unexpected_answer();
    StagedFile file{.path = *name,
                    .rows = static_cast<std::uint64_t>(*rows),
                    .size_bytes = static_cast<std::uint64_t>(*size),
                    .statistics = parse_statistics(*columns->object()),
                    .partition_keys = {}};
    if (const json::Value* keys = row.find("partition_keys"); keys && keys->object())
        for (const auto& [column, value] : *keys->object())
            file.partition_keys[column] = value.string() ? std::optional(*value.string()) : std::nullopt;
    files_.push_back(LAGOA_TRY(to_add_file(file, target_.metadata, target_.url)));
    rows_ += file.rows;
    return {};
}

std::uint64_t StagedFiles::size_bytes() const {
    std::int64_t sum = 0;
    for (const delta::AddFile& file : files_) sum += file.size_bytes;
    return static_cast<std::uint64_t>(sum);
}

void StagedFiles::discard() {
    if (!std::exchange(started_, false)) return;
    ObjectStore& store = *target_.location.store;
    const auto objects = store.list(target_.location.path + "/");
    Result<> done;
    if (!objects) done = pass_on(objects.error());
    for (const ObjectInfo& object : objects ? *objects : std::vector<ObjectInfo>{}) {
        if (object.key.find(id_) == std::string::npos) continue;
        if (auto removed = store.remove(object.key); !removed) done = std::move(removed);
    }
    if (!done)
        log::warn("catalog.orphans_left", {{"table", target_.url}, {"files", id_}, {"error", done.error().message}});
    files_.clear();
    rows_ = 0;
}

}  // namespace lagoa
