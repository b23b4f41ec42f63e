// Goal: columns change by Delta's rules, and what would make standing files unreadable is refused. Method: one table
// with nested columns; after each change its schema is compared as the log would have it.
#include "delta/schema_change.h"

#include <gtest/gtest.h>

#include "delta/column_mapping.h"
#include "model/schema_delta.h"

namespace lagoa::delta {
namespace {

using Path = std::vector<std::string>;

Type of(TypeKind kind) {
    return {.kind = kind, .children = {}};
}

Field column(std::string name, Type type) {
    return {.name = std::move(name), .type = std::move(type), .metadata = {}};
}

// id long, day date (the partition), s struct<a int, b string>, l list<struct<x float>>, m map<int, short>
Metadata table(std::map<std::string, std::string> properties = {}) {
    Type list{
        .kind = TypeKind::kList,
        .children = {column("element", {.kind = TypeKind::kStruct, .children = {column("x", of(TypeKind::kFloat))}})}};
    Type map{.kind = TypeKind::kMap,
             .children = {{.name = "key", .type = of(TypeKind::kInt32), .nullable = false, .metadata = {}},
                          column("value", of(TypeKind::kInt16))}};
    Metadata metadata;
    metadata.schema.fields = {
        column("id", of(TypeKind::kInt64)), column("day", of(TypeKind::kDate)),
        column("s", {.kind = TypeKind::kStruct,
                     .children = {column("a", of(TypeKind::kInt32)), column("b", of(TypeKind::kString))}}),
        column("l", list), column("m", map)};
    metadata.partition_columns = {"day"};
    metadata.configuration = std::move(properties);
    return metadata;
}

Metadata mapped(std::map<std::string, std::string> properties = {}) {
    properties["delta.columnMapping.mode"] = "name";
    Metadata metadata = table(std::move(properties));
    EXPECT_TRUE(assign_column_mapping(metadata, false, true));
    return metadata;
}

std::string names(const std::vector<Field>& fields) {
    std::string out;
    for (const Field& field : fields) out += (out.empty() ? "" : " ") + field.name;
    return out;
}

ErrorCode code(const Result<Metadata>& changed) {
    return changed ? ErrorCode::kInternal : changed.error().code;
}

TEST(SchemaChange, AddsColumnsWhereTheyAreWanted) {
    const auto at = [](Path parent, std::optional<std::string> after) {
        return add_column(table(), parent, column("new", of(TypeKind::kString)), std::move(after))
            .value()
            .schema.fields;
    };
    EXPECT_EQ(names(at({}, std::nullopt)), "id day s l m new");
    EXPECT_EQ(names(at({}, "")), "new id day s l m");
    EXPECT_EQ(names(at({}, "DAY")), "id day new s l m");
    EXPECT_EQ(names(at({"s"}, "a")[2].type.children), "a new b");
    EXPECT_EQ(names(at({"L", "element"}, std::nullopt)[3].type.children[0].type.children), "x new");
}

TEST(SchemaChange, RefusesColumnsThatCannotBeAdded) {
    const auto add = [](Path parent, Field field, std::optional<std::string> after = {}) {
        return code(add_column(table(), parent, std::move(field), std::move(after)));
    };
    Field strict = column("new", of(TypeKind::kString));
    strict.nullable = false;
    EXPECT_EQ(add({}, strict), ErrorCode::kInvalidArgument);
    EXPECT_EQ(add({}, column("ID", of(TypeKind::kString))), ErrorCode::kAlreadyExists);
    EXPECT_EQ(add({"s"}, column("A", of(TypeKind::kString))), ErrorCode::kAlreadyExists);
    EXPECT_EQ(add({}, column("", of(TypeKind::kString))), ErrorCode::kInvalidArgument);
    EXPECT_EQ(add({}, column("a b", of(TypeKind::kString))), ErrorCode::kInvalidArgument);
    EXPECT_EQ(add({"gone"}, column("n", of(TypeKind::kString))), ErrorCode::kNotFound);
    EXPECT_EQ(add({"id"}, column("n", of(TypeKind::kString))), ErrorCode::kInvalidArgument);
    EXPECT_EQ(add({"id", "x"}, column("n", of(TypeKind::kString))), ErrorCode::kNotFound);
    EXPECT_EQ(add({}, column("n", of(TypeKind::kString)), "gone"), ErrorCode::kNotFound);
    EXPECT_TRUE(add_column(mapped(), {}, column("a b", of(TypeKind::kString))));
}

// A column that is dropped and added again is another one: its old values do not come back.
TEST(SchemaChange, AddedColumnsAreNewUnderMapping) {
    Metadata metadata = mapped();
    const Field before = *metadata.schema.find("id");
    const Path id = {"id"};
    metadata = drop_column(std::move(metadata), id).value();
    metadata = add_column(std::move(metadata), {}, before).value();
    EXPECT_EQ(field_id(*metadata.schema.find("id")), std::nullopt);
    ASSERT_TRUE(assign_column_mapping(metadata, true, false));
    EXPECT_NE(physical_name(*metadata.schema.find("id")), physical_name(before));
    EXPECT_GT(field_id(*metadata.schema.find("id")), field_id(before));
}

TEST(SchemaChange, RenamesUnderMapping) {
    const Path day = {"Day"};
    const Path inner = {"s", "a"};
    Metadata metadata = mapped({{"delta.dataSkippingStatsColumns", "id, s.a,`day`"}});
    const std::string physical = physical_name(*metadata.schema.find("day"));
    metadata = rename_column(std::move(metadata), day, "date").value();
    EXPECT_EQ(metadata.partition_columns, Path{"date"});
    EXPECT_EQ(physical_partition_columns(metadata), Path{physical});
    metadata = rename_column(std::move(metadata), inner, "x.y").value();
    EXPECT_EQ(names(metadata.schema.find("s")->type.children), "x.y b");
    EXPECT_EQ(metadata.configuration["delta.dataSkippingStatsColumns"], "id,s.`x.y`,date");
    const Path id = {"id"};
    EXPECT_EQ(rename_column(metadata, id, "Id").value().schema.fields[0].name, "Id");

    EXPECT_EQ(code(rename_column(table(), day, "date")), ErrorCode::kUnsupported);
    EXPECT_EQ(code(rename_column(mapped(), day, "ID")), ErrorCode::kAlreadyExists);
    EXPECT_EQ(code(rename_column(mapped(), day, "")), ErrorCode::kInvalidArgument);
    const Path element = {"l", "element"};
    EXPECT_EQ(code(rename_column(mapped(), element, "e")), ErrorCode::kInvalidArgument);
    const Path gone = {"gone"};
    EXPECT_EQ(code(rename_column(mapped(), gone, "e")), ErrorCode::kNotFound);
}

TEST(SchemaChange, DropsUnderMapping) {
    const Path id = {"id"};
    const Path inner = {"s", "a"};
    const Path day = {"day"};
    const Path only = {"l", "element", "x"};
    const Path element = {"l", "element"};
    const Metadata metadata = mapped({{"delta.dataSkippingStatsColumns", "id,s.a"}});
    EXPECT_EQ(names(drop_column(metadata, id).value().schema.fields), "day s l m");
    EXPECT_EQ(drop_column(metadata, id).value().configuration["delta.dataSkippingStatsColumns"], "s.a");
    EXPECT_EQ(names(drop_column(metadata, inner).value().schema.find("s")->type.children), "b");
    EXPECT_EQ(code(drop_column(table(), id)), ErrorCode::kUnsupported);
    EXPECT_EQ(code(drop_column(metadata, day)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(drop_column(metadata, only)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(drop_column(metadata, element)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(drop_column(metadata, {})), ErrorCode::kInvalidArgument);
}

TEST(SchemaChange, KeepsWhatOthersUse) {
    const Path id = {"id"};
    const Path inner = {"s", "a"};
    const Path day = {"day"};
    Metadata constrained =
        mapped({{"delta.constraints.c", "`ID` > 0 AND s.a < 3"}, {"delta.enableTypeWidening", "true"}});
    EXPECT_EQ(code(rename_column(constrained, id, "key")), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(drop_column(constrained, id)), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(widen_column(constrained, inner, of(TypeKind::kInt64))), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(rename_column(mapped({{"delta.constraints.c", "identity > 0 AND valid"}}), id, "key"));

    Metadata generated = mapped();
    generated.schema.fields[3].metadata.set("delta.generationExpression", "array(id)");
    EXPECT_EQ(code(drop_column(generated, id)), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(rename_column(generated, day, "date"));
    const Path own = {"l"};
    EXPECT_TRUE(drop_column(generated, own));
}

TEST(SchemaChange, WidensByTheProtocol) {
    const Type byte = of(TypeKind::kInt8);
    const Type i = of(TypeKind::kInt32);
    const Type l = of(TypeKind::kInt64);
    EXPECT_TRUE(can_widen(byte, i));
    EXPECT_TRUE(can_widen(i, l));
    EXPECT_TRUE(can_widen(of(TypeKind::kInt16), of(TypeKind::kDouble)));
    EXPECT_TRUE(can_widen(of(TypeKind::kFloat), of(TypeKind::kDouble)));
    EXPECT_TRUE(can_widen(of(TypeKind::kDate), of(TypeKind::kTimestampNtz)));
    EXPECT_TRUE(can_widen(byte, Type::decimal(10, 0)));
    EXPECT_TRUE(can_widen(i, Type::decimal(12, 2)));
    EXPECT_TRUE(can_widen(l, Type::decimal(22, 2)));
    EXPECT_TRUE(can_widen(Type::decimal(10, 2), Type::decimal(12, 4)));
    EXPECT_TRUE(can_widen(Type::decimal(10, 2), Type::decimal(11, 2)));

    EXPECT_FALSE(can_widen(l, i));
    EXPECT_FALSE(can_widen(i, i));
    EXPECT_FALSE(can_widen(l, of(TypeKind::kDouble)));
    EXPECT_FALSE(can_widen(i, of(TypeKind::kFloat)));
    EXPECT_FALSE(can_widen(of(TypeKind::kDate), of(TypeKind::kTimestamp)));
    EXPECT_FALSE(can_widen(i, Type::decimal(9, 0)));
    EXPECT_FALSE(can_widen(i, Type::decimal(11, 2)));
    EXPECT_FALSE(can_widen(l, Type::decimal(19, 0)));
    EXPECT_FALSE(can_widen(Type::decimal(10, 2), Type::decimal(10, 4)));
    EXPECT_FALSE(can_widen(Type::decimal(10, 2), Type::decimal(10, 2)));
    EXPECT_FALSE(can_widen(i, of(TypeKind::kString)));
}

TEST(SchemaChange, RecordsEveryWidening) {
    Metadata metadata = table({{"delta.enableTypeWidening", "true"}});
    const Path inner = {"s", "a"};
    const Path in_list = {"l", "element", "x"};
    const Path in_map = {"m", "value"};
    const Path key = {"m", "key"};
    metadata = widen_column(std::move(metadata), inner, of(TypeKind::kInt64)).value();
    metadata = widen_column(std::move(metadata), inner, Type::decimal(20, 0)).value();
    metadata = widen_column(std::move(metadata), in_list, of(TypeKind::kDouble)).value();
    metadata = widen_column(std::move(metadata), in_map, of(TypeKind::kInt32)).value();
    metadata = widen_column(std::move(metadata), key, of(TypeKind::kInt64)).value();
    const auto changes = [&](const Field& field) { return json::dump(*field.metadata.find("delta.typeChanges")); };
    const auto& fields = metadata.schema.fields;
    EXPECT_EQ(changes(fields[2].type.children[0]),
              R"j([{"fromType":"integer","toType":"long"},{"fromType":"long","toType":"decimal(20,0)"}])j");
    EXPECT_EQ(changes(fields[3].type.children[0].type.children[0]), R"([{"fromType":"float","toType":"double"}])");
    EXPECT_EQ(changes(fields[4]), R"([{"fromType":"short","toType":"integer","fieldPath":"value"},)"
                                  R"({"fromType":"integer","toType":"long","fieldPath":"key"}])");
    // What is recorded is in the log.
    EXPECT_EQ(schema_from_delta(to_delta(metadata.schema)).value(), metadata.schema);

    EXPECT_EQ(widen_column(metadata, inner, Type::decimal(20, 0)).value().schema, metadata.schema);
    EXPECT_EQ(code(widen_column(metadata, inner, of(TypeKind::kInt64))), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(widen_column(table(), inner, of(TypeKind::kInt64))), ErrorCode::kUnsupported);
}

TEST(SchemaChange, LoosensAndDescribes) {
    Metadata metadata = table();
    metadata.schema.fields[0].nullable = false;
    const Path id = {"id"};
    const Path key = {"m", "key"};
    const Path value = {"m", "value"};
    EXPECT_TRUE(drop_not_null(metadata, id).value().schema.fields[0].nullable);
    EXPECT_EQ(code(drop_not_null(metadata, key)), ErrorCode::kInvalidArgument);
    const auto described = comment_column(metadata, id, "the key").value();
    EXPECT_EQ(*described.schema.fields[0].metadata.find("comment"), json::Value("the key"));
    EXPECT_FALSE(comment_column(described, id, "").value().schema.fields[0].metadata.contains("comment"));
    EXPECT_EQ(code(comment_column(metadata, value, "x")), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace lagoa::delta
