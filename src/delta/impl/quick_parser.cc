#include "delta/impl/quick_parser.h"

#include <limits>

#include <simdjson.h>

namespace lagoa::delta {
namespace {

namespace dom = simdjson::dom;

// Each of these reads one member's value and says whether it had the usual kind. A null is as good as no member; of a
// repeated member the last counts.

bool read(dom::element value, std::string& into) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return false;
    into.assign(text);
    return true;
}

bool read(dom::element value, bool& into) {
    return value.get_bool().get(into) == simdjson::SUCCESS;
}

bool read(dom::element value, std::int64_t& into) {
    return value.is_int64() && value.get_int64().get(into) == simdjson::SUCCESS;
}

bool read(dom::element value, std::int32_t& into) {
    std::int64_t wide = 0;
    if (!read(value, wide) || wide < std::numeric_limits<std::int32_t>::min() ||
        wide > std::numeric_limits<std::int32_t>::max())
        return false;
    into = static_cast<std::int32_t>(wide);
    return true;
}

bool read(dom::element value, DeletionVector& into);

template <class T>
bool read(dom::element value, std::optional<T>& into) {
    if (value.is_null()) {
        into.reset();
        return true;
    }
    return read(value, into.emplace());
}

// An empty partition value stands for NULL, whatever the column's type.
bool read(dom::element value, PartitionValues& into) {
    into.clear();
    dom::object members;
    if (value.get_object().get(members) != simdjson::SUCCESS) return false;
    for (const auto& [name, content] : members) {
        std::optional<std::string>& text = into[std::string(name)];
        if (!read(content, text)) return false;
        if (text && text->empty()) text.reset();
    }
    return true;
}

bool read(dom::element value, std::map<std::string, std::string>& into) {
    into.clear();
    dom::object members;
    if (value.get_object().get(members) != simdjson::SUCCESS) return false;
    for (const auto& [name, content] : members)
        if (!read(content, into[std::string(name)])) return false;
    return true;
}

bool read(dom::element value, DeletionVector& into) {
    dom::object members;
    if (value.get_object().get(members) != simdjson::SUCCESS) return false;
    bool has_type = false;
    bool has_path = false;
    bool has_size = false;
    bool has_cardinality = false;
    for (const auto& [name, content] : members) {
        bool good = true;
        if (name == "storageType")
            good = has_type = read(content, into.storage_type);
        else if (name == "pathOrInlineDv")
            good = has_path = read(content, into.path_or_inline);
        else if (name == "sizeInBytes")
            good = has_size = read(content, into.size_bytes);
        else if (name == "cardinality")
            good = has_cardinality = read(content, into.cardinality);
        else if (name == "offset")
            good = read(content, into.offset);
        if (!good) return false;
    }
    return has_type && has_path && has_size && has_cardinality;
}

bool read(dom::object members, AddFile& add) {
    bool has_path = false;
    bool has_size = false;
    for (const auto& [name, content] : members) {
        bool good = true;
        if (name == "path")
            good = has_path = read(content, add.path);
        else if (name == "partitionValues")
            good = read(content, add.partition_values);
        else if (name == "size")
            good = has_size = read(content, add.size_bytes);
        else if (name == "modificationTime")
            good = read(content, add.modified_ms);
        else if (name == "dataChange")
            good = read(content, add.data_change);
        else if (name == "stats")
            good = read(content, add.stats);
        else if (name == "tags")
            good = content.is_null() ? (add.tags.clear(), true) : read(content, add.tags);
        else if (name == "deletionVector")
            good = read(content, add.deletion_vector);
        else if (name == "baseRowId")
            good = read(content, add.base_row_id);
        else if (name == "defaultRowCommitVersion")
            good = read(content, add.default_row_commit_version);
        else if (name == "clusteringProvider")
            good = content.is_null() ? (add.clustering_provider.clear(), true) : read(content, add.clustering_provider);
        else if (name == "stats_parsed")
            good = false;  // checkpoints only
        if (!good) return false;
    }
    return has_path && has_size;
}

bool read(dom::object members, RemoveFile& remove) {
    bool has_path = false;
    for (const auto& [name, content] : members) {
        bool good = true;
        if (name == "path")
            good = has_path = read(content, remove.path);
        else if (name == "deletionTimestamp")
            good = read(content, remove.deleted_ms);
        else if (name == "dataChange")
            good = read(content, remove.data_change);
        else if (name == "extendedFileMetadata")
            good = read(content, remove.extended_file_metadata);
        else if (name == "partitionValues")
            good = content.is_null() ? (remove.partition_values.clear(), true) : read(content, remove.partition_values);
        else if (name == "size")
            good = read(content, remove.size_bytes);
        else if (name == "deletionVector")
            good = read(content, remove.deletion_vector);
        else if (name == "baseRowId")
            good = read(content, remove.base_row_id);
        else if (name == "defaultRowCommitVersion")
            good = read(content, remove.default_row_commit_version);
        if (!good) return false;
    }
    return has_path;
}

}  // namespace

struct QuickParser::State {
    dom::parser parser;
};

QuickParser::QuickParser() : state_(std::make_unique<State>()) {}
QuickParser::~QuickParser() = default;

QuickParser::Kind QuickParser::parse(std::string_view line, Action& action) {
    dom::object actions;
    if (state_->parser.parse(line.data(), line.size()).get_object().get(actions) != simdjson::SUCCESS)
        return Kind::kOther;
    auto member = actions.begin();
    if (member == actions.end()) return Kind::kOther;
    const std::string_view name = member.key();
    const dom::element value = member.value();
    dom::object content;
    if (++member != actions.end() || value.get_object().get(content) != simdjson::SUCCESS) return Kind::kOther;
    if (name == "commitInfo") return Kind::kCommitInfo;
    if (name == "add") return read(content, action.emplace<AddFile>()) ? Kind::kAction : Kind::kOther;
    if (name == "remove") return read(content, action.emplace<RemoveFile>()) ? Kind::kAction : Kind::kOther;
    return Kind::kOther;
}

}  // namespace lagoa::delta
