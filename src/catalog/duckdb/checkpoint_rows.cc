#include "catalog/duckdb/checkpoint_rows.h"

#include <algorithm>
#include <span>

#include "catalog/duckdb/vector_json.h"
#include "delta/log_json.h"

namespace lagoa {
namespace {

using duckdb::FlatVector;
using duckdb::idx_t;
using duckdb::LogicalType;
using duckdb::StructVector;
using duckdb::Vector;
using Members = CheckpointRows::Members;

// ------------------------------------------------------------------ shape

struct Known {
    std::string_view name;
    LogicalType type;
    std::optional<idx_t> Members::* place;
};

// Whether every known member of `type` is of its type; the others are skipped.
bool find_members(const LogicalType& type, std::span<const Known> known, Members& members) {
    if (type.id() != duckdb::LogicalTypeId::STRUCT) return false;
    const auto& children = duckdb::StructType::GetChildTypes(type);
    for (idx_t i = 0; i < children.size(); ++i) {
        const auto member = std::ranges::find(known, std::string_view(children[i].first), &Known::name);
        if (member == known.end()) continue;
        if (children[i].second != member->type) return false;
        members.*(member->place) = i;
    }
    return true;
}

std::optional<Members> find_members(idx_t column, const LogicalType& type) {
    const LogicalType map = LogicalType::MAP(LogicalType::VARCHAR, LogicalType::VARCHAR);
    const Known known[] = {
        {"path", LogicalType::VARCHAR, &Members::path},
        {"partitionValues", map, &Members::partition_values},
        {"size", LogicalType::BIGINT, &Members::size},
        {"modificationTime", LogicalType::BIGINT, &Members::modification_time},
        {"dataChange", LogicalType::BOOLEAN, &Members::data_change},
        {"stats", LogicalType::VARCHAR, &Members::stats},
        {"tags", map, &Members::tags},
        {"baseRowId", LogicalType::BIGINT, &Members::base_row_id},
        {"defaultRowCommitVersion", LogicalType::BIGINT, &Members::default_row_commit_version},
        {"clusteringProvider", LogicalType::VARCHAR, &Members::clustering_provider},
        {"deletionTimestamp", LogicalType::BIGINT, &Members::deletion_timestamp},
        {"extendedFileMetadata", LogicalType::BOOLEAN, &Members::extended_file_metadata},
    };
    const Known known_of_vector[] = {
        {"storageType", LogicalType::VARCHAR, &Members::storage_type},
        {"pathOrInlineDv", LogicalType::VARCHAR, &Members::path_or_inline},
        {"offset", LogicalType::INTEGER, &Members::offset},
        {"sizeInBytes", LogicalType::INTEGER, &Members::size_in_bytes},
        {"cardinality", LogicalType::BIGINT, &Members::cardinality},
    };
    Members members;
    members.column = column;
    if (!find_members(type, known, members)) return std::nullopt;
    const auto& children = duckdb::StructType::GetChildTypes(type);
    for (idx_t i = 0; i < children.size(); ++i) {
        const bool is_struct = children[i].second.id() == duckdb::LogicalTypeId::STRUCT;
        if (children[i].first == "deletionVector") {
            members.deletion_vector = i;
            if (!find_members(children[i].second, known_of_vector, members)) return std::nullopt;
        } else if (children[i].first == "stats_parsed" && is_struct) {
            members.stats_parsed = i;
        } else if (children[i].first == "partitionValues_parsed" && is_struct) {
            members.partition_values_parsed = i;
        }
    }
    return members;
}

// ------------------------------------------------------------------ values

// One row of a struct vector made flat.
struct Row {
    const Vector& vector;
    idx_t row;

    // The member's vector, nullptr if it is not there or NULL.
    const Vector* find(Members::Place place) const {
        if (!place) return nullptr;
        const Vector& member = *StructVector::GetEntries(vector)[*place];
        return FlatVector::Validity(member).RowIsValid(row) ? &member : nullptr;
    }

    template <class T>
    const T* at(Members::Place place) const {
        const Vector* const member = find(place);
        return member == nullptr ? nullptr : &FlatVector::GetData<T>(*member)[row];
    }
};

std::string text_of(const duckdb::string_t& text) {
    return {text.GetData(), text.GetSize()};
}

template <class T>
void read_number(const Row& from, Members::Place place, T& into) {
    if (const auto* const value = from.at<T>(place)) into = *value;
}

template <class T>
void read_number(const Row& from, Members::Place place, std::optional<T>& into) {
    if (const auto* const value = from.at<T>(place)) into = *value;
}

void read_text(const Row& from, Members::Place place, std::string& into) {
    if (const auto* const value = from.at<duckdb::string_t>(place)) into = text_of(*value);
}

// Calls `visit(key, value or nullptr)` for each entry of a map of texts.
template <class Visit>
void visit_map(const Row& from, Members::Place place, const Visit& visit) {
    const Vector* const map = from.find(place);
    if (map == nullptr) return;
    const auto entry = FlatVector::GetData<duckdb::list_entry_t>(*map)[from.row];
    const auto& members = StructVector::GetEntries(duckdb::ListVector::GetEntry(*map));
    const auto* const keys = FlatVector::GetData<duckdb::string_t>(*members[0]);
    const auto* const values = FlatVector::GetData<duckdb::string_t>(*members[1]);
    const auto& valid = FlatVector::Validity(*members[1]);
    for (idx_t i = entry.offset; i < entry.offset + entry.length; ++i)
        visit(text_of(keys[i]), valid.RowIsValid(i) ? &values[i] : nullptr);
}

// A value of `partitionValues_parsed` as `partitionValues` would have it.
std::optional<std::string> partition_value(const Vector& vector, idx_t row) {
    if (!FlatVector::Validity(vector).RowIsValid(row)) return std::nullopt;
    if (vector.GetType().InternalType() == duckdb::PhysicalType::VARCHAR)
        return text_of(FlatVector::GetData<duckdb::string_t>(vector)[row]);
    std::string json;
    append_json(json, vector, row);
    if (json.starts_with('"')) json = json.substr(1, json.size() - 2);  // a day or an instant: nothing is escaped
    return json;
}

delta::PartitionValues partition_values(const Row& from, const Members& members) {
    delta::PartitionValues values;
    visit_map(from, members.partition_values, [&](std::string key, const duckdb::string_t* value) {
        auto& into = values[std::move(key)];
        if (value != nullptr && value->GetSize() > 0) into = text_of(*value);  // an empty one stands for NULL
    });
    const Vector* const parsed = from.find(members.partition_values_parsed);
    if (parsed == nullptr || from.find(members.partition_values) != nullptr) return values;
    const auto& types = duckdb::StructType::GetChildTypes(parsed->GetType());
    const auto& vectors = StructVector::GetEntries(*parsed);
    for (idx_t i = 0; i < types.size(); ++i) values[types[i].first] = partition_value(*vectors[i], from.row);
    return values;
}

std::unexpected<Error> lacks(std::string_view action, std::string_view member) {
    return fail(ErrorCode::kCorruption, "{}: {} is missing", action, member);
}

Result<std::optional<delta::DeletionVector>> deletion_vector(const Row& from, const Members& members) {
    const Vector* const vector = from.find(members.deletion_vector);
    if (vector == nullptr) return std::nullopt;
    const Row row{*vector, from.row};
    if (row.find(members.storage_type) == nullptr || row.find(members.path_or_inline) == nullptr ||
        row.find(members.size_in_bytes) == nullptr || row.find(members.cardinality) == nullptr)
        return fail(ErrorCode::kCorruption, "a member of a deletionVector is missing");
    delta::DeletionVector out;
    read_text(row, members.storage_type, out.storage_type);
    read_text(row, members.path_or_inline, out.path_or_inline);
    read_number(row, members.offset, out.offset);
    read_number(row, members.size_in_bytes, out.size_bytes);
    read_number(row, members.cardinality, out.cardinality);
    return out;
}

Result<delta::Action> read_add(const Row& from, const Members& members) {
    if (from.find(members.path) == nullptr) return lacks("add", "path");
    if (from.find(members.size) == nullptr) return lacks("add", "size");
    delta::AddFile add;
    read_text(from, members.path, add.path);
    add.partition_values = partition_values(from, members);
    read_number(from, members.size, add.size_bytes);
    read_number(from, members.modification_time, add.modified_ms);
    read_number(from, members.data_change, add.data_change);
    read_text(from, members.stats, add.stats);
    if (const Vector* const parsed = from.find(members.stats_parsed); add.stats.empty() && parsed != nullptr)
        append_json(add.stats, *parsed, from.row);
    visit_map(from, members.tags, [&](std::string key, const duckdb::string_t* value) {
        if (value != nullptr) add.tags[std::move(key)] = text_of(*value);
    });
    add.deletion_vector = LAGOA_TRY(deletion_vector(from, members));
    read_number(from, members.base_row_id, add.base_row_id);
    read_number(from, members.default_row_commit_version, add.default_row_commit_version);
    read_text(from, members.clustering_provider, add.clustering_provider);
    return add;
}

Result<delta::Action> read_remove(const Row& from, const Members& members) {
    if (from.find(members.path) == nullptr) return lacks("remove", "path");
    delta::RemoveFile remove;
    read_text(from, members.path, remove.path);
    read_number(from, members.deletion_timestamp, remove.deleted_ms);
    read_number(from, members.data_change, remove.data_change);
    read_number(from, members.extended_file_metadata, remove.extended_file_metadata);
    remove.partition_values = partition_values(from, members);
    read_number(from, members.size, remove.size_bytes);
    remove.deletion_vector = LAGOA_TRY(deletion_vector(from, members));
    read_number(from, members.base_row_id, remove.base_row_id);
    read_number(from, members.default_row_commit_version, remove.default_row_commit_version);
    return remove;
}

}  // namespace

CheckpointRows::CheckpointRows(const duckdb::vector<duckdb::string>& names,
                               const duckdb::vector<duckdb::LogicalType>& types)
    : names_(names) {
    for (idx_t i = 0; i < names.size(); ++i) {
        if (names[i] == "add") add_ = find_members(i, types[i]);
        if (names[i] == "remove") remove_ = find_members(i, types[i]);
    }
}

Result<> CheckpointRows::read(duckdb::DataChunk& chunk,
                              const std::function<Result<>(delta::Action action)>& each) const {
    flatten_deep(chunk);
    const auto has = [&](const std::optional<Members>& members, idx_t row) {
        return members && FlatVector::Validity(chunk.data[members->column]).RowIsValid(row);
    };
    std::string text;
    for (idx_t row = 0; row < chunk.size(); ++row) {
        if (has(add_, row)) {
            auto add = LAGOA_TRY(read_add({chunk.data[add_->column], row}, *add_));
            LAGOA_TRY(each(std::move(add)));
        } else if (has(remove_, row)) {
            auto remove = LAGOA_TRY(read_remove({chunk.data[remove_->column], row}, *remove_));
            LAGOA_TRY(each(std::move(remove)));
        } else {
            text.clear();
            append_json_object(text, names_, chunk, row);
            auto action = LAGOA_TRY(delta::parse_action(text));
            if (action) LAGOA_TRY(each(*std::move(action)));
        }
    }
    return {};
}

}  // namespace lagoa
