// Goal: a schema survives the way to Delta's JSON and back, and what we do not know is refused by
// name. Method: schema strings as Spark and delta-rs write them (' stands for " here).
#include "model/schema_delta.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace lagoa {
namespace {

std::string as_json(std::string_view text) {
    return replace_all(text, "'", "\"");
}

Result<Schema> parse(std::string_view text) {
    return schema_from_delta(json::parse(as_json(text)).value());
}

// A schema of one field `c` of the JSON type `type`.
std::string with_column(std::string_view type) {
    return fmt::format("{{'type':'struct','fields':[{{'name':'c','type':{},'nullable':true,'metadata':{{}}}}]}}", type);
}

TEST(SchemaDelta, KeepsEveryTypeBothWays) {
    for (const auto* type :
         {"'boolean'", "'byte'", "'short'", "'integer'", "'long'", "'float'", "'double'", "'string'", "'binary'",
          "'date'", "'timestamp'", "'timestamp_ntz'", "'variant'", "'void'", "'decimal(38,18)'",
          "{'type':'array','elementType':'long','containsNull':false}",
          "{'type':'map','keyType':'string','valueType':{'type':'array','elementType':'date','containsNull':true},"
          "'valueContainsNull':false}",
          "{'type':'struct','fields':[{'name':'x','type':'decimal(5,2)','nullable':false,'metadata':{'comment':'c'}}]"
          "}"}) {
        const auto schema = parse(with_column(type));
        ASSERT_TRUE(schema) << type << ": " << schema.error().message;
        EXPECT_EQ(json::dump(to_delta(*schema)), as_json(with_column(type)));
    }
}

TEST(SchemaDelta, ReadsTypesIntoTheModel) {
    const auto type = [](std::string_view text) { return parse(with_column(text)).value().fields[0].type; };
    const Type map = type("{'type':'map','keyType':'string','valueType':'decimal(10, 4)','valueContainsNull':true}");
    EXPECT_EQ(to_sql(map), "MAP(VARCHAR, DECIMAL(10,4))");
    EXPECT_FALSE(map.children[0].nullable);
    EXPECT_TRUE(map.children[1].nullable);
    EXPECT_EQ(type("'decimal'"), Type::decimal(10, 0));
}

TEST(SchemaDelta, KeepsMetadataVerbatim) {
    const std::string text =
        "{'type':'struct','fields':[{'name':'a','type':'long','nullable':false,"
        "'metadata':{'delta.columnMapping.id':12345678901234567890,'z':[1,null],'comment':'ação'}}]}";
    const auto schema = parse(text).value();
    EXPECT_FALSE(schema.fields[0].nullable);
    EXPECT_EQ(json::dump(to_delta(schema)), as_json(text));
}

TEST(SchemaDelta, ToleratesMissingNullableAndMetadata) {
    const auto schema = parse("{'type':'struct','fields':[{'name':'a','type':'long'}]}").value();
    EXPECT_TRUE(schema.fields[0].nullable);
    EXPECT_TRUE(schema.fields[0].metadata.empty());
    EXPECT_TRUE(parse("{'type':'struct','fields':[]}"));
}

TEST(SchemaDelta, UnknownTypesAreUnsupported) {
    for (const auto* type : {"'geometry(OGC:CRS84)'", "'interval day'", "{'type':'udt'}", "'decimal(39,0)'",
                             "'decimal(4,5)'", "'decimal(4,-1)'"})
        EXPECT_EQ(parse(with_column(type)).error().code, ErrorCode::kUnsupported) << type;
}

TEST(SchemaDelta, MalformedSchemasAreCorruption) {
    for (const auto* type :
         {"1", "null", "[]", "{}", "{'type':'array'}", "{'type':'map','keyType':'long'}", "{'type':'struct'}",
          "'decimal('", "'decimal(10)'", "'decimal(10,2'", "'decimal(10,2))'", "'decimal(a,b)'"})
        EXPECT_EQ(parse(with_column(type)).error().code, ErrorCode::kCorruption) << type;
    for (const auto* text :
         {"{}", "[]", "{'type':'array','elementType':'long'}", "{'type':'struct','fields':{}}",
          "{'type':'struct','fields':[{'type':'long'}]}", "{'type':'struct','fields':[{'name':'a'}]}",
          "{'type':'struct','fields':[{'name':'a','type':'long'},{'name':'A','type':'long'}]}"})
        EXPECT_EQ(parse(text).error().code, ErrorCode::kCorruption) << text;
}

}  // namespace
}  // namespace lagoa
