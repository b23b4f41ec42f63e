#include "model/contract.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "model/declared_fields.h"

namespace lagoa {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 22> kContractFields = {"apiVersion",
                                                              "kind",
                                                              "id",
                                                              "name",
                                                              "version",
                                                              "status",
                                                              "tenant",
                                                              "domain",
                                                              "dataProduct",
                                                              "authoritativeDefinitions",
                                                              "description",
                                                              "schema",
                                                              "support",
                                                              "price",
                                                              "team",
                                                              "roles",
                                                              "slaDefaultElement",
                                                              "slaProperties",
                                                              "servers",
                                                              "tags",
                                                              "customProperties",
                                                              "contractCreatedTs"};
constexpr std::array<std::string_view, 14> kObjectFields = {"id",
                                                            "name",
                                                            "physicalName",
                                                            "physicalType",
                                                            "logicalType",
                                                            "description",
                                                            "businessName",
                                                            "authoritativeDefinitions",
                                                            "tags",
                                                            "customProperties",
                                                            "dataGranularityDescription",
                                                            "properties",
                                                            "quality",
                                                            "relationships"};
constexpr std::array<std::string_view, 29> kPropertyFields = {"id",
                                                              "name",
                                                              "physicalName",
                                                              "physicalType",
                                                              "logicalType",
                                                              "logicalTypeOptions",
                                                              "description",
                                                              "businessName",
                                                              "required",
                                                              "unique",
                                                              "primaryKey",
                                                              "primaryKeyPosition",
                                                              "partitioned",
                                                              "partitionKeyPosition",
                                                              "classification",
                                                              "encryptedName",
                                                              "transformSourceObjects",
                                                              "transformLogic",
                                                              "transformDescription",
                                                              "examples",
                                                              "criticalDataElement",
                                                              "quality",
                                                              "relationships",
                                                              "authoritativeDefinitions",
                                                              "tags",
                                                              "customProperties",
                                                              "properties",
                                                              "items",
                                                              "defaultValue"};
constexpr std::array<std::string_view, 8> kTypeOptions = {"minimum",   "maximum", "pattern",  "minLength",
                                                          "maxLength", "format",  "timezone", "defaultTimezone"};
constexpr std::array<std::string_view, 21> kQualityFields = {"id",
                                                             "name",
                                                             "description",
                                                             "type",
                                                             "metric",
                                                             "rule",
                                                             "arguments",
                                                             "mustBe",
                                                             "unit",
                                                             "query",
                                                             "engine",
                                                             "implementation",
                                                             "dimension",
                                                             "severity",
                                                             "method",
                                                             "businessImpact",
                                                             "schedule",
                                                             "scheduler",
                                                             "tags",
                                                             "customProperties",
                                                             "authoritativeDefinitions"};

// Reads one contract; every method reports at a pointer of the document.
class Reader {
public:
    explicit Reader(const Document& document) : document_(document) {}

    Result<Contract> read() {
        LAGOA_TRY(check_fields(document_, "", kContractFields));
        LAGOA_TRY(read_header());
        const json::Value* schema = document_.at("/schema");
        if (schema == nullptr || !schema->is_array() || schema->array()->size() != 1)
            return document_.fail_at("/schema", "must list exactly one table", "Write one contract a table.");
        LAGOA_TRY(check_fields(document_, kTable, kObjectFields));
        LAGOA_TRY(check_names());
        LAGOA_TRY(read_columns());
        LAGOA_TRY(check_key());
        LAGOA_TRY(read_rules(std::string(kTable) + "/quality", nullptr));
        contract_.text = json::dump(document_.root());
        return std::move(contract_);
    }

private:
    static constexpr std::string_view kTable = "/schema/0";

    Result<bool> flag(const std::string& pointer) const {
        const json::Value* value = document_.at(pointer);
        if (value == nullptr) return false;
        if (value->is_bool()) return *value->boolean();
        return document_.fail_at(pointer, fmt::format("is a {}, not true or false", value->kind()),
                                 "Write true or false.");
    }

    Result<std::optional<std::int64_t>> whole_number(const std::string& pointer) const {
        const json::Value* value = document_.at(pointer);
        if (value == nullptr) return std::optional<std::int64_t>();
        const auto number = value->is_number() ? value->number()->to_int64() : std::nullopt;
        if (number && *number >= 0) return number;
        return document_.fail_at(pointer, fmt::format("{} is not a whole number", json::dump(*value)));
    }

    Result<> read_header() {
        const std::string api = LAGOA_TRY(document_.text_at("/apiVersion"));
        if (!api.starts_with("v3."))
            return document_.fail_at("/apiVersion", "is not a version of ODCS 3", "Write apiVersion: v3.1.0.");
        if (LAGOA_TRY(document_.text_at("/kind")) != "DataContract")
            return document_.fail_at("/kind", "is not DataContract", "Write kind: DataContract.");
        const std::string id = LAGOA_TRY(document_.text_at("/id"));
        const auto table = TableName::parse(id);
        if (!table)
            return document_.fail_at("/id", fmt::format("\"{}\" is not a table's name", id), table.error().hint);
        contract_.table = *table;
        contract_.file = document_.name();
        const std::string file = contract_.file.substr(contract_.file.rfind('/') + 1);
        if (file.ends_with(".odcs.yaml") && file != id + ".odcs.yaml")
            return document_.fail_at("/id", fmt::format("\"{}\" is not the table that the file is named after", id),
                                     fmt::format("Name the file {}.odcs.yaml, or change id.", id));
        contract_.version = LAGOA_TRY(document_.text_at("/version"));
        if (contract_.version.empty()) return document_.fail_at("/version", "is missing", "Write e.g. version: 1.0.0.");
        if (LAGOA_TRY(document_.text_at("/status")).empty())
            return document_.fail_at("/status", "is missing", "Write e.g. status: active.");
        contract_.description = LAGOA_TRY(document_.text_at(std::string(kTable) + "/description"));
        const json::Value* description = document_.at("/description");
        if (contract_.description.empty() && description != nullptr)
            contract_.description = description->string_at("purpose").value_or("");
        return {};
    }

    Result<> check_names() const {
        for (const std::string_view field : {"name", "physicalName"}) {
            const std::string pointer = fmt::format("{}/{}", kTable, field);
            const std::string name = LAGOA_TRY(document_.text_at(pointer));
            if (name == contract_.table.table || name == contract_.table.text() || (name.empty() && field != "name"))
                continue;
            return document_.fail_at(pointer, fmt::format("\"{}\" is not the table of the contract's id", name),
                                     fmt::format("Write {}: {}.", field, contract_.table.table));
        }
        return {};
    }

    Result<> read_columns() {
        const std::string list = std::string(kTable) + "/properties";
        const json::Value* properties = document_.at(list);
        if (properties == nullptr || !properties->is_array() || properties->array()->empty())
            return document_.fail_at(list, "must list the table's columns");
        std::set<std::string> seen;
        for (std::size_t i = 0; i < properties->array()->size(); ++i) {
            const std::string pointer = fmt::format("{}/{}", list, i);
            ContractColumn column = LAGOA_TRY(read_column(pointer));
            if (!seen.insert(to_lower(column.name)).second)
                return document_.fail_at(pointer + "/name",
                                         fmt::format("column \"{}\" is declared twice", column.name));
            contract_.columns.push_back(std::move(column));
        }
        return {};
    }

    Result<ContractColumn> read_column(const std::string& pointer) {
        LAGOA_TRY(check_fields(document_, pointer, kPropertyFields));
        ContractColumn column;
        column.name = LAGOA_TRY(document_.text_at(pointer + "/name"));
        if (column.name.empty()) return document_.fail_at(pointer + "/name", "is missing");
        if (column.name.starts_with('_'))
            return document_.fail_at(pointer + "/name", "names that start with _ are the lake's own",
                                     "Take the _ away.");
        column.type = LAGOA_TRY(read_type(pointer));
        column.required = LAGOA_TRY(flag(pointer + "/required"));
        column.unique = LAGOA_TRY(flag(pointer + "/unique"));
        column.description = LAGOA_TRY(document_.text_at(pointer + "/description"));
        const bool in_key = LAGOA_TRY(flag(pointer + "/primaryKey"));
        const auto position = LAGOA_TRY(whole_number(pointer + "/primaryKeyPosition"));
        if (position && !in_key)
            return document_.fail_at(pointer + "/primaryKeyPosition", "stands without primaryKey: true",
                                     "Add primaryKey: true.");
        if (in_key) column.key_position = static_cast<int>(std::clamp<std::int64_t>(position.value_or(0), 0, 1000));
        LAGOA_TRY(read_options(pointer + "/logicalTypeOptions", column));
        LAGOA_TRY(read_rules(pointer + "/quality", &column));
        return column;
    }

    Result<Type> read_type(const std::string& pointer) const {
        const std::string physical = LAGOA_TRY(document_.text_at(pointer + "/physicalType"));
        if (!physical.empty()) {
            auto type = parse_sql_type(physical);
            if (!type) return document_.fail_at(pointer + "/physicalType", type.error().message, type.error().hint);
            return std::move(*type);
        }
        const std::string logical = LAGOA_TRY(document_.text_at(pointer + "/logicalType"));
        if (logical == "string") return Type{.kind = TypeKind::kString, .children = {}};
        if (logical == "integer") return Type{.kind = TypeKind::kInt64, .children = {}};
        if (logical == "number") return Type::decimal(38, 18);
        if (logical == "boolean") return Type{.kind = TypeKind::kBoolean, .children = {}};
        if (logical == "date") return Type{.kind = TypeKind::kDate, .children = {}};
        if (logical == "timestamp") return Type{.kind = TypeKind::kTimestamp, .children = {}};
        return document_.fail_at(pointer + "/logicalType",
                                 fmt::format("\"{}\" does not say which type is stored", logical),
                                 "Write string, integer, number, boolean, date or timestamp, or a physicalType.");
    }

    Result<> read_options(const std::string& pointer, ContractColumn& column) const {
        LAGOA_TRY(check_fields(document_, pointer, kTypeOptions));
        const bool is_text = column.type.kind == TypeKind::kString;
        const bool is_number = column.type.kind == TypeKind::kDecimal || column.type.kind == TypeKind::kDouble ||
                               column.type.kind == TypeKind::kFloat ||
                               (column.type.kind >= TypeKind::kInt8 && column.type.kind <= TypeKind::kInt64);
        for (const auto& [field, bound] : {std::pair{"minimum", &column.minimum}, {"maximum", &column.maximum}}) {
            const std::string place = fmt::format("{}/{}", pointer, field);
            const json::Value* value = document_.at(place);
            if (value == nullptr) continue;
            if (!is_number || !value->is_number())
                return document_.fail_at(place, "only a column of numbers has a bound, and it is a number");
            *bound = *value->number();
        }
        column.pattern = LAGOA_TRY(document_.text_at(pointer + "/pattern"));
        column.min_length = LAGOA_TRY(whole_number(pointer + "/minLength"));
        column.max_length = LAGOA_TRY(whole_number(pointer + "/maxLength"));
        if (!is_text && (!column.pattern.empty() || column.min_length || column.max_length))
            return document_.fail_at(pointer, "pattern, minLength and maxLength need a column of text");
        return {};
    }

    // `column` is nullptr for the table's own list.
    Result<> read_rules(const std::string& list, ContractColumn* column) {
        const json::Value* rules = document_.at(list);
        if (rules == nullptr) return {};
        if (!rules->is_array()) return document_.fail_at(list, fmt::format("is a {}, not a list", rules->kind()));
        for (std::size_t i = 0; i < rules->array()->size(); ++i) {
            const std::string pointer = fmt::format("{}/{}", list, i);
            LAGOA_TRY(check_fields(document_, pointer, kQualityFields));
            const std::string type = LAGOA_TRY(document_.text_at(pointer + "/type"));
            if (type == "text" || type == "custom") continue;  // For people, or for another engine that the rule names.
            if (type == "sql") {
                LAGOA_TRY(read_sql_rule(pointer, column));
            } else if (type == "library" || type.empty()) {
                LAGOA_TRY(read_library_rule(pointer, column));
            } else {
                return document_.fail_at(pointer + "/type", fmt::format("\"{}\" is no kind of rule", type),
                                         "Write sql, library, text or custom.");
            }
        }
        return {};
    }

    Result<> read_sql_rule(const std::string& pointer, const ContractColumn* column) {
        ContractRule rule;
        rule.query = LAGOA_TRY(document_.text_at(pointer + "/query"));
        if (trim(rule.query).empty())
            return document_.fail_at(pointer + "/query", "is missing",
                                     "Write a SELECT that counts what breaks the rule.");
        for (const std::string_view spelling : {"${object}", "${table}", "{table}"})
            rule.query = replace_all(rule.query, spelling, "{object}");
        if (column != nullptr)
            for (const std::string_view spelling : {"${property}", "{property}", "${column}", "{column}"})
                rule.query = replace_all(rule.query, spelling, quote_identifier(column->name));
        if (rule.query.find("{object}") == std::string::npos &&
            rule.query.find(contract_.table.text()) == std::string::npos)
            return document_.fail_at(pointer + "/query", "does not mention {object}, the rows that are checked",
                                     "Write … FROM {object} ….");
        rule.name = LAGOA_TRY(document_.text_at(pointer + "/name"));
        if (rule.name.empty())
            rule.name =
                fmt::format("{}rule {}", column == nullptr ? "" : column->name + " ", contract_.rules.size() + 1);
        const auto must_be = LAGOA_TRY(whole_number(pointer + "/mustBe"));
        if (!must_be) return document_.fail_at(pointer, "has no mustBe", "Write mustBe: 0.");
        rule.must_be = *must_be;
        rule.severity = LAGOA_TRY(document_.text_at(pointer + "/severity"));
        if (rule.severity.empty()) rule.severity = "error";
        if (rule.severity != "error" && rule.severity != "warning")
            return document_.fail_at(pointer + "/severity", fmt::format("\"{}\" is not known", rule.severity),
                                     "Write error or warning.");
        contract_.rules.push_back(std::move(rule));
        return {};
    }

    // The row rules of ODCS's library: nullValues and invalidValues that must be 0.
    Result<> read_library_rule(const std::string& pointer, ContractColumn* column) const {
        const std::string metric = LAGOA_TRY(document_.text_at(pointer + "/metric"));
        const auto must_be = LAGOA_TRY(whole_number(pointer + "/mustBe"));
        if (column == nullptr || (metric != "nullValues" && metric != "invalidValues"))
            return document_.fail_at(pointer + "/metric", fmt::format("\"{}\" is not enforced here", metric),
                                     "Use nullValues or invalidValues of a column, or type: sql.");
        if (must_be != std::int64_t{0})
            return document_.fail_at(pointer, "only mustBe: 0 is enforced", "Write mustBe: 0, or type: sql.");
        if (metric == "nullValues") {
            column->required = true;
            return {};
        }
        const std::string place = pointer + "/arguments/validValues";
        const json::Value* values = document_.at(place);
        if (values == nullptr || !values->is_array() || values->array()->empty())
            return document_.fail_at(place, "must list the valid values",
                                     "Write arguments: {validValues: [BRL, USD]}.");
        if (column->type.kind != TypeKind::kString)
            return document_.fail_at(place, "validValues need a column of text");
        for (std::size_t i = 0; i < values->array()->size(); ++i)
            column->one_of.push_back(LAGOA_TRY(document_.text_at(fmt::format("{}/{}", place, i))));
        return {};
    }

    // One key column may leave its position out; several must be numbered 1, 2, ….
    Result<> check_key() {
        std::vector<ContractColumn*> key;
        for (auto& column : contract_.columns)
            if (column.key_position) key.push_back(&column);
        if (key.size() == 1 && key[0]->key_position == 0) key[0]->key_position = 1;
        std::ranges::sort(key, {}, [](const ContractColumn* column) { return *column->key_position; });
        for (std::size_t i = 0; i < key.size(); ++i) {
            if (*key[i]->key_position == static_cast<int>(i) + 1) continue;
            return document_.fail_at(
                std::string(kTable) + "/properties",
                fmt::format("primaryKeyPosition of \"{}\" does not number the key 1, 2, …", key[i]->name),
                "Give every primaryKey column its own primaryKeyPosition from 1.");
        }
        return {};
    }

    const Document& document_;
    Contract contract_;
};

}  // namespace

std::vector<std::string> Contract::key() const {
    std::vector<const ContractColumn*> found;
    for (const auto& column : columns)
        if (column.key_position) found.push_back(&column);
    std::ranges::sort(found, {}, [](const ContractColumn* column) { return *column->key_position; });
    std::vector<std::string> names;
    for (const auto* column : found) names.push_back(column->name);
    return names;
}

const ContractColumn* Contract::find(std::string_view column) const {
    const std::string wanted = to_lower(column);
    const auto found =
        std::ranges::find_if(columns, [&](const auto& candidate) { return to_lower(candidate.name) == wanted; });
    return found == columns.end() ? nullptr : &*found;
}

Schema Contract::schema() const {
    Schema schema;
    for (const auto& column : columns) {
        Field field{.name = column.name, .type = column.type, .nullable = !column.required, .metadata = {}};
        if (!column.description.empty()) field.metadata.set("comment", column.description);
        schema.fields.push_back(std::move(field));
    }
    return schema;
}

Result<Contract> parse_contract(const Document& document) {
    return Reader(document).read();
}

}  // namespace lagoa
