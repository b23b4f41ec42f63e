#include "catalog/duckdb/dropped_columns.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include <fmt/ranges.h>

#include "duckdb.hpp"

#include "base/text.h"
#include "catalog/duckdb/delta_scan.h"
#include "delta/column_mapping.h"
#include "delta/table_properties.h"
#include "engine/duckdb/access.h"

namespace lagoa {
namespace {

constexpr std::size_t kFilesAtOnce = 500;

// An element of a Parquet schema. Its children follow it, each with its own.
struct Element {
    std::string name;
    std::optional<std::int64_t> field_id;
    std::int64_t children = 0;
};

class FileSchema {
public:
    explicit FileSchema(delta::ColumnMapping mapping, std::vector<std::string> hidden)
        : mapping_(mapping), hidden_(std::move(hidden)) {}

    void add(Element element) { elements_.push_back(std::move(element)); }

    bool holds_others_than(const Schema& schema) const {
        if (elements_.empty()) return false;
        std::size_t at = 1;  // after the root
        return holds_others(schema.fields, elements_[0].children, at, true);
    }

private:
    // Of the `count` elements at `at`, which is moved behind them.
    bool holds_others(const std::vector<Field>& fields, std::int64_t count, std::size_t& at, bool is_top) const {
        bool found = false;
        for (; count > 0 && at < elements_.size(); --count) {
            const Element& element = elements_[at];
            const Field* const field = find(fields, element);
            const bool is_hidden = is_top && std::ranges::find(hidden_, element.name) != hidden_.end();
            found |= field == nullptr && !is_hidden;
            if (field != nullptr && field->type.kind == TypeKind::kStruct)
                found |= holds_others(field->type.children, element.children, ++at, false);
            else
                skip(at);
        }
        return found;
    }

    void skip(std::size_t& at) const {
        for (std::int64_t left = 1; left > 0 && at < elements_.size(); --left) left += elements_[at++].children;
    }

    const Field* find(const std::vector<Field>& fields, const Element& element) const {
        const auto found = std::ranges::find_if(fields, [&](const Field& field) {
            const auto id = mapping_ == delta::ColumnMapping::kId ? delta::field_id(field) : std::nullopt;
            return id ? id == element.field_id : to_lower(delta::physical_name(field)) == to_lower(element.name);
        });
        return found == fields.end() ? nullptr : &*found;
    }

    const delta::ColumnMapping mapping_;
    const std::vector<std::string> hidden_;
    std::vector<Element> elements_;
};

std::optional<std::int64_t> number(const RowBatch& batch, std::size_t column, std::size_t row) {
    if (batch.is_null(column, row)) return std::nullopt;
    return batch.json(column, row).number()->to_int64();
}

}  // namespace

Result<delta::FileRefs> find_dropped_columns(Session& session, const delta::Snapshot& snapshot, const std::string& root,
                                             const delta::FileRefs& files) {
    const delta::Metadata& metadata = snapshot.metadata;
    const delta::ColumnMapping mapping = LAGOA_TRY(delta::column_mapping_of(metadata));
    if (mapping == delta::ColumnMapping::kNone) return delta::FileRefs{};
    std::vector<std::string> hidden;
    for (const auto property : {delta::kRowIdColumnProperty, delta::kRowCommitVersionColumnProperty})
        if (auto name = delta::property_of(metadata, property)) hidden.push_back(*std::move(name));
    const ScanSource source{.snapshot = nullptr, .root = root, .mounts = &mounts(context(session))};

    delta::FileRefs found;
    for (std::size_t first = 0; first < files.size(); first += kFilesAtOnce) {
        const auto some = std::span(files).subspan(first, std::min(kFilesAtOnce, files.size() - first));
        std::vector<std::string> paths;
        std::map<std::string, FileSchema> schemas;
        for (const delta::AddFile* file : some) {
            paths.push_back(data_file_path(source, file->path));
            schemas.emplace(paths.back(), FileSchema(mapping, hidden));
        }
        std::vector<std::string> literals;
        for (const std::string& path : paths) literals.push_back(quote_literal(path));
        const auto stream = LAGOA_TRY(session.query(fmt::format(
            "SELECT file_name, name, field_id, num_children FROM parquet_schema([{}])", fmt::join(literals, ", "))));
        while (const RowBatch* batch = LAGOA_TRY(stream->next())) {
            for (std::size_t row = 0; row < batch->rows(); ++row) {
                const auto schema = schemas.find(batch->text(0, row));
                if (schema == schemas.end())
                    return fail(ErrorCode::kInternal, "the schema of {} was not asked for", batch->text(0, row));
                schema->second.add({batch->text(1, row), number(*batch, 2, row), number(*batch, 3, row).value_or(0)});
            }
        }
        for (std::size_t i = 0; i < some.size(); ++i)
            if (schemas.at(paths[i]).holds_others_than(metadata.schema)) found.push_back(some[i]);
    }
    return found;
}

}  // namespace lagoa
