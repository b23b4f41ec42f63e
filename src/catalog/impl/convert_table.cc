#include "catalog/impl/convert_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/impl/footer_statistics.h"
#include "catalog/impl/hive_partitions.h"
#include "catalog/impl/parquet_schema.h"
#include "catalog/impl/table_place.h"
#include "delta/data_path.h"

namespace lagoa {
namespace {

constexpr std::size_t kFilesAtOnce = 100;  // whose footers one query reads

// Names that begin so are not the table's, as Spark has it, unless a partition column is named so.
bool is_hidden(std::string_view path) {
    const auto names = split(path, '/');
    return std::ranges::any_of(names, [](std::string_view name) {
        return name.starts_with('.') || (name.starts_with('_') && name.find('=') == std::string_view::npos);
    });
}

struct SourceFile {
    std::string path;  // relative to the folder
    std::uint64_t size_bytes = 0;
    Instant modified;
    std::size_t layout = 0;  // place among Conversion::layouts_
};

class Conversion {
public:
    Conversion(const OperationContext& context, const ConvertRequest& request, TablePlace place)
        : context_(context), request_(request), place_(std::move(place)) {}

    Result<ConvertResult> run() {
        if (const auto there = LAGOA_TRY(existing())) return ConvertResult{.version = *there};
        LAGOA_TRY(list_files());
        session_ = LAGOA_TRY(context_.engine.connect());
        LAGOA_TRY(for_batches([this](std::span<SourceFile> batch) { return read_schemas(batch); }));
        for (const SourceFile& file : files_) LAGOA_TRY(partitions_.add(file.path));
        LAGOA_TRY(partitions_.decide(*session_, request_.partition_types));
        LAGOA_TRY(plan_metadata());
        LAGOA_TRY(for_batches([this](std::span<SourceFile> batch) { return add_files(batch); }));
        return commit();
    }

private:
    // The version of the table that the folder is already.
    Result<std::optional<delta::Version>> existing() const {
        const auto newest = delta::newest_version(place_.location);
        if (!newest && newest.error().code == ErrorCode::kNotFound) return std::optional<delta::Version>();
        const delta::Version version = LAGOA_TRY(newest);
        if (place_.name && LAGOA_TRY(context_.tables->is_dropped(*place_.name, version)))
            return fail_with_hint(ErrorCode::kAlreadyExists, "Move the Parquet files to a folder of their own.",
                                  "{} is the folder of a table that was dropped", place_.url);
        return std::optional(version);
    }

    Result<> list_files() {
        const delta::TableLocation& location = place_.location;
        const std::string prefix = location.path.empty() ? "" : location.path + "/";
        for (const ObjectInfo& object : LAGOA_TRY(location.store->list(prefix), "listing {}", place_.url)) {
            std::string path = object.key.substr(prefix.size());
            if (is_hidden(path)) continue;
            if (path.find_first_of("*?[") != std::string::npos)
                return fail_with_hint(ErrorCode::kUnsupported, "Rename it.",
                                      "{} has a *, ? or [ in its name, which would stand for other files", path);
            files_.push_back({std::move(path), object.size_bytes, object.modified});
        }
        if (files_.empty())
            return fail(ErrorCode::kNotFound, "there are no Parquet files in {}", delta::table_address(location));
        return {};
    }

    template <class Work>
    Result<> for_batches(const Work& work) {
        for (std::size_t from = 0; from < files_.size(); from += kFilesAtOnce)
            LAGOA_TRY(work(std::span(files_).subspan(from, std::min(kFilesAtOnce, files_.size() - from))));
        return {};
    }

    std::string list_of(std::span<const SourceFile> batch) const {
        std::vector<std::string> paths;
        for (const SourceFile& file : batch) paths.push_back(quote_literal(place_.url + "/" + file.path));
        return fmt::format("[{}]", fmt::join(paths, ", "));
    }

    // The file of `batch` that SQL opened as `url`.
    Result<SourceFile*> file_of(std::span<SourceFile> batch, const std::string& url) const {
        const std::string_view path = std::string_view(url).substr(std::min(place_.url.size() + 1, url.size()));
        const auto found = std::ranges::find(batch, path, &SourceFile::path);
        if (found == batch.end()) return fail(ErrorCode::kInternal, "the engine read {}, which was not asked for", url);
        return &*found;
    }

    Result<> read_schemas(std::span<SourceFile> batch) {
        const auto stream = session_->query(fmt::format(
            "SELECT file_name, name, type, repetition_type, num_children, converted_type, logical_type, precision, "
            "scale FROM parquet_schema({})",
            list_of(batch)));
        if (!stream) return unreadable(stream.error(), batch);
        std::string url;
        std::vector<ParquetElement> elements;
        const auto end_file = [&]() -> Result<> {
            if (elements.empty()) return {};
            SourceFile& file = *LAGOA_TRY(file_of(batch, url));
            LAGOA_TRY(take_schema(file, std::exchange(elements, {})), "{}", file.path);
            return {};
        };
        for (;;) {
            const auto next = (*stream)->next();
            if (!next) return unreadable(next.error(), batch);
            const RowBatch* const rows = *next;
            if (rows == nullptr) return end_file();
            for (std::size_t row = 0; row < rows->rows(); ++row) {
                if (std::string name = rows->text(0, row); name != url) {
                    LAGOA_TRY(end_file());
                    url = std::move(name);
                }
                elements.push_back(element_of(*rows, row));
            }
        }
    }

    static ParquetElement element_of(const RowBatch& rows, std::size_t row) {
        const auto text = [&](std::size_t column) {
            return rows.is_null(column, row) ? std::string() : rows.text(column, row);
        };
        const auto number = [&](std::size_t column) -> std::int64_t {
            return rows.is_null(column, row) ? 0 : json::Number{rows.text(column, row)}.to_int64().value_or(0);
        };
        return {.name = text(1),
                .type = text(2),
                .repetition = text(3),
                .converted = text(5),
                .logical = text(6),
                .children = number(4),
                .precision = static_cast<int>(number(7)),
                .scale = static_cast<int>(number(8))};
    }

    // Files of one writer have one schema, mostly: it is merged once, and kept once for the statistics.
    Result<> take_schema(SourceFile& file, std::vector<ParquetElement> elements) {
        std::string signature;
        for (const ParquetElement& e : elements)
            signature += fmt::format("{}\x1f{}\x1f{}\x1f{}\x1f{}\x1f{}\x1f{}\x1f{}\n", e.name, e.type, e.repetition,
                                     e.converted, e.logical, e.children, e.precision, e.scale);
        // Columns that are in the folders' names, too, are those of the folders.
        const auto parts = parse_hive_path(file.path);
        for (const auto& [name, value] : parts) signature += name + "=";
        const auto [known, is_new] = layout_of_.emplace(std::move(signature), layouts_.size());
        file.layout = known->second;
        if (!is_new) return {};
        ParquetColumns columns = LAGOA_TRY(read_parquet_columns(elements));
        std::erase_if(columns.schema.fields, [&](const Field& field) {
            return std::ranges::any_of(parts,
                                       [&](const auto& part) { return to_lower(part.first) == to_lower(field.name); });
        });
        LAGOA_TRY(merger_.add(columns.schema, file.path));
        layouts_.push_back(std::move(columns.leaves));
        return {};
    }

    // An error of the engine about one of many files: which one it is, if it does not say so.
    static std::unexpected<Error> unreadable(Error error, std::span<const SourceFile> batch) {
        const bool is_file = error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kInternal ||
                             error.code == ErrorCode::kUnavailable;
        if (!is_file) return pass_on(std::move(error), "reading footers of {} and others", batch.front().path);
        error.code = ErrorCode::kDataRejected;
        error.hint = "Every file in the folder must be Parquet, but those whose names begin with _ or a dot.";
        return pass_on(std::move(error), "reading footers");
    }

    Result<> plan_metadata() {
        metadata_ = LAGOA_TRY(merger_.finish());
        for (const Field& column : partitions_.columns()) {
            metadata_.partition_columns.push_back(column.name);
            metadata_.schema.fields.push_back(column);
        }
        if (metadata_.schema.fields.size() == metadata_.partition_columns.size())
            return fail(ErrorCode::kDataRejected, "the files have no column but those of the folders");
        if (place_.name) metadata_.name = place_.name->table;
        return {};
    }

    Result<> add_files(std::span<SourceFile> batch) {
        std::map<std::string, FooterStatistics> statistics;  // by path
        for (const SourceFile& file : batch) statistics.emplace(file.path, FooterStatistics(layouts_[file.layout]));
        if (!request_.no_statistics) LAGOA_TRY(read_statistics(batch, statistics));
        for (const SourceFile& file : batch) {
            delta::AddFile add;
            add.path = delta::encode_path(file.path);
            add.partition_values = partitions_.values_of(file.path);
            add.size_bytes = static_cast<std::int64_t>(file.size_bytes);
            add.modified_ms = std::chrono::floor<std::chrono::milliseconds>(file.modified).time_since_epoch().count();
            const FooterStatistics& known = statistics.at(file.path);
            if (!request_.no_statistics)
                add.stats = delta_statistics(metadata_, known.rows(), known.statistics(), /*tight_bounds=*/false);
            adds_.push_back(std::move(add));
        }
        return {};
    }

    Result<> read_statistics(std::span<SourceFile> batch, std::map<std::string, FooterStatistics>& statistics) {
        const auto stream = LAGOA_TRY(session_->query(fmt::format(
            "SELECT file_name, column_id, row_group_num_rows, stats_null_count, stats_min_value, stats_max_value FROM "
            "parquet_metadata({})",
            list_of(batch))));
        while (const RowBatch* rows = LAGOA_TRY(stream->next())) {
            for (std::size_t row = 0; row < rows->rows(); ++row) {
                const auto text = [&](std::size_t column) {
                    return rows->is_null(column, row) ? std::nullopt : std::optional(rows->text(column, row));
                };
                const auto number = [&](std::size_t column) -> std::optional<std::uint64_t> {
                    const auto found = text(column);
                    const auto value = found ? json::Number{*found}.to_int64() : std::nullopt;
                    return value && *value >= 0 ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
                };
                const SourceFile& file = *LAGOA_TRY(file_of(batch, rows->text(0, row)));
                statistics.at(file.path).add({.leaf = number(1).value_or(SIZE_MAX),
                                              .rows = number(2).value_or(0),
                                              .nulls = number(3),
                                              .min = text(4),
                                              .max = text(5)});
            }
        }
        return {};
    }

    Result<ConvertResult> commit() {
        json::Array partitioned_by(metadata_.partition_columns.begin(), metadata_.partition_columns.end());
        delta::CommitRequest request;
        request.operation = "CONVERT";
        request.operation_parameters = json::make_object({{"numFiles", std::uint64_t{files_.size()}},
                                                          {"partitionedBy", json::dump(std::move(partitioned_by))},
                                                          {"collectStats", !request_.no_statistics},
                                                          {"sourceFormat", "parquet"}});
        request.operation_metrics = json::make_object({{"numConvertedFiles", std::uint64_t{files_.size()}}});
        request.metadata = std::move(metadata_);
        request.adds = std::move(adds_);
        // The folder may be no zone's: the lake keeps no version of it then.
        const delta::CommitOptions options = place_.name ? context_.tables->commit_options(*place_.name)
                                                         : delta::CommitOptions{.clock = context_.tables->clock};
        const delta::Version version = LAGOA_TRY(delta::commit(place_.location, nullptr, std::move(request), options));
        return ConvertResult{.version = version, .files = files_.size()};
    }

    const OperationContext& context_;
    const ConvertRequest& request_;
    const TablePlace place_;
    std::unique_ptr<Session> session_;
    std::vector<SourceFile> files_;                 // by path
    std::map<std::string, std::size_t> layout_of_;  // schema of a footer → place among layouts_
    std::vector<std::vector<ParquetLeaf>> layouts_;
    ParquetSchemaMerger merger_;
    HivePartitions partitions_;
    delta::Metadata metadata_;
    std::vector<delta::AddFile> adds_;
};

}  // namespace

Result<ConvertResult> convert_table(const OperationContext& context, const TableName& table,
                                    const ConvertRequest& request) {
    TablePlace place =
        request.source.empty() ? LAGOA_TRY(place_of(context, table)) : LAGOA_TRY(find_place(context, request.source));
    if (place.name && context.tables->contracted.contains(*place.name))
        return fail_with_hint(ErrorCode::kUnsupported, "Load the files by a job, which checks each row.",
                              "{} has a contract, which the files were not checked against", place.name->text());
    return Conversion(context, request, std::move(place)).run();
}

}  // namespace lagoa
