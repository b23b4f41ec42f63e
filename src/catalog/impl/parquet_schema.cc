#include "catalog/impl/parquet_schema.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/impl/schema_plan.h"
#include "delta/schema_change.h"

namespace lagoa {
namespace {

using enum TypeKind;

constexpr int kMaxDepth = 64;

Type plain(TypeKind kind) {
    return {.kind = kind, .children = {}};
}

bool says(const std::string& logical, std::string_view begin) {
    return logical.starts_with(begin);
}

// Members are printed as `name=value`.
bool has_member(const std::string& logical, std::string_view member) {
    return logical.find(member) != std::string::npos;
}

std::optional<Type> integer_type(const ParquetElement& element, bool is_long) {
    const auto& [converted, logical] = std::pair(element.converted, element.logical);
    const bool is_unsigned = converted.starts_with("UINT_") || has_member(logical, "isSigned=0");
    int bits = is_long ? 64 : 32;
    for (const int width : {8, 16, 32, 64})
        if (converted.ends_with(fmt::format("INT_{}", width)) ||
            has_member(logical, fmt::format("bitWidth={},", width)))
            bits = width;
    // An unsigned type goes into the next wider one, as in Spark.
    if (is_unsigned && bits == 64) return Type::decimal(20, 0);
    if (is_unsigned) bits *= 2;
    return plain(bits == 8 ? kInt8 : bits == 16 ? kInt16 : bits == 32 ? kInt32 : kInt64);
}

// nullopt: a type that Delta does not have.
std::optional<Type> timestamp_type(const ParquetElement& element) {
    if (!says(element.logical, "TimestampType"))
        return plain(kTimestamp);  // TIMESTAMP_MILLIS and _MICROS of older writers are instants
    const bool has_nanos = has_member(element.logical, "NANOS=NanoSeconds");
    if (has_nanos) return std::nullopt;
    return plain(has_member(element.logical, "isAdjustedToUTC=1") ? kTimestamp : kTimestampNtz);
}

std::optional<Type> leaf_type(const ParquetElement& element) {
    const std::string& converted = element.converted;
    const std::string& logical = element.logical;
    if (says(logical, "NullType") || says(logical, "UUIDType") || says(logical, "Float16Type") ||
        says(logical, "TimeType") || says(logical, "Geo") || converted.starts_with("TIME_") || converted == "INTERVAL")
        return std::nullopt;
    if (converted == "DECIMAL" || says(logical, "DecimalType")) {
        if (element.precision < 1 || element.precision > 38 || element.scale < 0 || element.scale > element.precision)
            return std::nullopt;
        return Type::decimal(element.precision, element.scale);
    }
    if (element.type == "BOOLEAN") return plain(kBoolean);
    if (element.type == "FLOAT") return plain(kFloat);
    if (element.type == "DOUBLE") return plain(kDouble);
    if (element.type == "INT96") return plain(kTimestamp);
    if (element.type == "INT32" || element.type == "INT64") {
        if (converted == "DATE" || says(logical, "DateType")) return plain(kDate);
        if (converted.starts_with("TIMESTAMP_") || says(logical, "TimestampType")) return timestamp_type(element);
        return integer_type(element, element.type == "INT64");
    }
    if (element.type == "BYTE_ARRAY") {
        const bool is_text = converted == "UTF8" || converted == "ENUM" || converted == "JSON" ||
                             says(logical, "StringType") || says(logical, "EnumType") || says(logical, "JsonType");
        return plain(is_text ? kString : kBinary);
    }
    if (element.type == "FIXED_LEN_BYTE_ARRAY") return plain(kBinary);
    return std::nullopt;
}

/// Walks a footer's elements.
class ColumnReader {
public:
    explicit ColumnReader(std::span<const ParquetElement> elements) : elements_(elements) {}

    Result<ParquetColumns> run() {
        if (elements_.empty()) return fail(ErrorCode::kCorruption, "the footer has no schema");
        const std::int64_t columns = elements_[at_++].children;
        std::vector<std::string> path;
        for (std::int64_t i = 0; i < columns; ++i) columns_.schema.fields.push_back(LAGOA_TRY(read_field(path, true)));
        return std::move(columns_);
    }

private:
    Result<const ParquetElement*> next() {
        if (at_ >= elements_.size()) return fail(ErrorCode::kCorruption, "the footer's schema ends early");
        return &elements_[at_++];
    }

    // `is_plain`: not inside of a list or map.
    Result<Field> read_field(std::vector<std::string>& path, bool is_plain) {
        const ParquetElement& element = *LAGOA_TRY(next());
        path.push_back(element.name);
        if (path.size() > kMaxDepth) return fail(ErrorCode::kUnsupported, "columns nest deeper than {}", kMaxDepth);
        if (element.repetition == "REPEATED") return unsupported(path, "a repeated field outside of a list");
        Type type = LAGOA_TRY(read_type(element, path, is_plain));
        path.pop_back();
        return Field{.name = element.name, .type = std::move(type), .metadata = {}};
    }

    Result<Type> read_type(const ParquetElement& element, std::vector<std::string>& path, bool is_plain) {
        if (!element.type.empty()) return read_leaf(element, path, is_plain);
        if (element.converted == "LIST" || says(element.logical, "ListType")) return read_list(element, path);
        if (element.converted.starts_with("MAP") || says(element.logical, "MapType")) return read_map(element, path);
        return read_struct(element, path, is_plain);
    }

    Result<Type> read_leaf(const ParquetElement& element, const std::vector<std::string>& path, bool is_plain) {
        const auto type = leaf_type(element);
        if (!type)
            return unsupported(path, fmt::format("{} {}", element.type,
                                                 element.logical.empty() ? element.converted : element.logical));
        const bool is_ordered = element.type != "FLOAT" && element.type != "DOUBLE" && element.type != "INT96";
        columns_.leaves.push_back({.path = is_plain ? path : std::vector<std::string>(),
                                   .type = *type,
                                   .has_bounds = is_plain && is_ordered});
        return *type;
    }

    Result<Type> read_struct(const ParquetElement& element, std::vector<std::string>& path, bool is_plain) {
        Type type{.kind = kStruct, .children = {}};
        for (std::int64_t i = 0; i < element.children; ++i)
            type.children.push_back(LAGOA_TRY(read_field(path, is_plain)));
        const bool is_variant = type.children.size() == 2 && type.children[0].name == "metadata" &&
                                type.children[1].name == "value" && type.children[0].type.kind == kBinary &&
                                type.children[1].type.kind == kBinary;
        if (is_variant) return unsupported(path, "what is, or looks like, a VARIANT");
        if (type.children.empty()) return unsupported(path, "a struct without members");
        return type;
    }

    // `list` { repeated group { element } }; older writers leave the middle out.
    Result<Type> read_list(const ParquetElement& list, std::vector<std::string>& path) {
        const ParquetElement& repeated = *LAGOA_TRY(next());
        if (list.children != 1 || repeated.repetition != "REPEATED") return unsupported(path, "a list of another form");
        const bool is_wrapped = repeated.type.empty() && repeated.children == 1 && repeated.name != "array" &&
                                repeated.name != path.back() + "_tuple";
        Type element;
        if (is_wrapped) {
            element = LAGOA_TRY(read_field(path, false)).type;
        } else {
            path.emplace_back("element");
            element = LAGOA_TRY(read_type(repeated, path, false));
            path.pop_back();
        }
        return Type{.kind = kList, .children = {Field{.name = "element", .type = std::move(element), .metadata = {}}}};
    }

    // `map` { repeated group { key, value } }
    Result<Type> read_map(const ParquetElement& map, std::vector<std::string>& path) {
        const ParquetElement& repeated = *LAGOA_TRY(next());
        if (map.children != 1 || repeated.repetition != "REPEATED" || repeated.children != 2)
            return unsupported(path, "a map of another form");
        Field key = LAGOA_TRY(read_field(path, false));
        Field value = LAGOA_TRY(read_field(path, false));
        key.name = "key";
        key.nullable = false;
        value.name = "value";
        return Type{.kind = kMap, .children = {std::move(key), std::move(value)}};
    }

    static std::unexpected<Error> unsupported(const std::vector<std::string>& path, std::string_view what) {
        return fail(ErrorCode::kUnsupported, "column {} is {}, which no Delta table has", fmt::join(path, "."), what);
    }

    const std::span<const ParquetElement> elements_;
    std::size_t at_ = 0;
    ParquetColumns columns_;
};

}  // namespace

Result<ParquetColumns> read_parquet_columns(std::span<const ParquetElement> elements) {
    return ColumnReader(elements).run();
}

// ------------------------------------------------------------------ over files

// A column, member or part as the files seen so far have it.
struct ParquetSchemaMerger::Node {
    struct Seen {
        Type type;
        std::string file;  // the first that has it so
    };
    std::string name;
    bool nullable = true;
    TypeKind kind = kStruct;
    std::string file;           // the first that has it at all
    std::vector<Seen> leaves;   // of a single value: the types seen, all different
    std::vector<Node> members;  // of a struct, a list or a map
};

ParquetSchemaMerger::ParquetSchemaMerger() : root_(std::make_unique<Node>()) {}
ParquetSchemaMerger::~ParquetSchemaMerger() = default;

Result<> ParquetSchemaMerger::add(const Schema& schema, const std::string& file) {
    return merge_members(*root_, {.kind = kStruct, .children = schema.fields}, file, "");
}

Result<> ParquetSchemaMerger::merge_members(Node& node, const Type& type, const std::string& file,
                                            const std::string& path) {
    for (const Field& field : type.children) {
        const std::string inner = path.empty() ? field.name : path + "." + field.name;
        const auto known = std::ranges::find_if(
            node.members, [&](const Node& member) { return to_lower(member.name) == to_lower(field.name); });
        if (known != node.members.end() && known->name != field.name)
            return fail(ErrorCode::kDataRejected, "column {} is {} in {} and {} in {}", inner, known->name, known->file,
                        field.name, file);
        if (known == node.members.end()) {
            node.members.push_back(
                {.name = field.name, .nullable = field.nullable, .kind = field.type.kind, .file = file});
            LAGOA_TRY(merge(node.members.back(), field.type, file, inner));
        } else {
            LAGOA_TRY(merge(*known, field.type, file, inner));
        }
    }
    return {};
}

Result<> ParquetSchemaMerger::merge(Node& node, const Type& type, const std::string& file, const std::string& path) {
    const auto clash = [&](const Type& theirs, const std::string& their_file) {
        return fail_with_hint(ErrorCode::kDataRejected, "Rewrite one of the files, or convert them apart.",
                              "column {} is {} in {} and {} in {}", path, to_sql(theirs), their_file, to_sql(type),
                              file);
    };
    if (!node.members.empty() || !type.children.empty()) {
        if (node.kind != type.kind) return clash(type_of(node), node.file);
        return merge_members(node, type, file, path);
    }
    for (const Node::Seen& seen : node.leaves) {
        if (seen.type == type) return {};
        if (!delta::can_widen(seen.type, type) && !delta::can_widen(type, seen.type))
            return clash(seen.type, seen.file);
    }
    node.leaves.push_back({type, file});
    std::ranges::sort(node.leaves, [](const auto& a, const auto& b) { return delta::can_widen(a.type, b.type); });
    return {};
}

// The narrowest type that a file has.
Type ParquetSchemaMerger::type_of(const Node& node) {
    if (node.members.empty() && !node.leaves.empty()) return node.leaves.front().type;
    Type type{.kind = node.kind, .children = {}};
    for (const Node& member : node.members)
        type.children.push_back(
            {.name = member.name, .type = type_of(member), .nullable = member.nullable, .metadata = {}});
    return type;
}

// Widens what some file has wider, step by step: that is what a log of such a table would say.
Result<delta::Metadata> ParquetSchemaMerger::widen(delta::Metadata metadata, const Node& node,
                                                   std::vector<std::string>& path) {
    for (std::size_t i = 1; i < node.leaves.size(); ++i) {
        metadata.configuration["delta.enableTypeWidening"] = "true";
        metadata = LAGOA_TRY(delta::widen_column(std::move(metadata), path, node.leaves[i].type));
    }
    for (const Node& member : node.members) {
        path.push_back(member.name);
        metadata = LAGOA_TRY(widen(std::move(metadata), member, path));
        path.pop_back();
    }
    return metadata;
}

Result<delta::Metadata> ParquetSchemaMerger::finish() const {
    delta::Metadata metadata;
    metadata.schema.fields = type_of(*root_).children;
    for (const Field& field : metadata.schema.fields) LAGOA_TRY(check_column_name(field.name));
    std::vector<std::string> path;
    return widen(std::move(metadata), *root_, path);
}

}  // namespace lagoa
