// Goal: every registered connector keeps the promises of ingestion. A fault of its configuration names file,
// line and field; a crash at any operation leaves no manifest or a whole one; the run after it succeeds and
// gives what a run that never crashed gives. Method: one small source a kind; a store that dies at its k-th
// operation, for every k.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "net/digest.h"
#include "support/faulty_store.h"
#include "support/ingest_workbench.h"
#include "support/postgres_server.h"
#include "support/scripted_server.h"

namespace lagoa::ingest {
namespace {

using test::FaultyStore;

/// A change of a source's file that must be refused at `field`.
struct Misuse {
    std::string_view from;
    std::string_view to;
    std::string_view field;  ///< A JSON pointer.
};

/// A source of one kind that works, with two objects or more, and ways to get its file wrong.
struct Example {
    std::string_view kind;
    std::string_view yaml;
    std::vector<Misuse> misuses;
};

const std::vector<Example>& examples() {
    static const std::vector<Example> all = {
        {"http",
         R"(kind: http
base_url: ${SERVER}
auth: {header: {X-Api-Key: "${TOKEN:-}"}}
limits: {attempts: 1}
streams:
  - name: quote
    path: /quote/{items}
    items: [AAAA3, BBBB4]
    items_per_request: 1
    answered: /results/*/symbol
    tables: [{table: bronze.stocks, records: /results/*}]
)",
         {{"base_url:", "base_ulr:", "/base_ulr"},
          {"${SERVER}", "ftp://host", "/base_url"},
          {"header: {X-Api-Key: \"${TOKEN:-}\"}", "bearer: a, query: {t: b}", "/auth"},
          {"header: {X-Api-Key: \"${TOKEN:-}\"}", "basic: a", "/auth/basic"},
          {"X-Api-Key", "X Api Key", "/auth/header"},
          {"attempts: 1", "attempts: 0", "/limits/attempts"},
          {"attempts: 1", "attempts: many", "/limits/attempts"},
          {"attempts: 1", "atempts: 1", "/limits/atempts"},
          {"/quote/{items}", "quote/{items}", "/streams/0/path"},
          {"/quote/{items}", "/quote/{ticker}", "/streams/0/path"},
          {"/quote/{items}", "/quote", "/streams/0/items"},
          {"[AAAA3, BBBB4]", "[AAAA3, AAAA3]", "/streams/0/items"},
          {"[AAAA3, BBBB4]", "AAAA3", "/streams/0/items"},
          {"items: [AAAA3, BBBB4]\n", "query: {a: b}\n", "/streams/0"},
          {"items_per_request: 1", "items_per_request: 0", "/streams/0/items_per_request"},
          {"answered: /results", "answered: results", "/streams/0/answered"},
          {"answered:", "answerd:", "/streams/0/answerd"}}},
        {"html",
         R"(kind: html
base_url: ${SERVER}
limits: {attempts: 1}
streams:
  - name: page
    path: /page
    query: {fund: "{item}"}
    items: [AAAA11, BBBB11]
    charset: ISO-8859-1
    rows: //tr
    fields: {ticker: "td[1]", price: "td[2]"}
    required: [price]
    tables: [{table: bronze.fiis}]
)",
         {{"charset: ISO-8859-1", "charset: klingon", "/streams/0/charset"},
          {"rows: //tr", "rows: '//tr['", "/streams/0/rows"},
          {"rows: //tr", "row: //tr", "/streams/0/row"},
          {"\"td[2]\"", "\"td[\"", "/streams/0/fields/price"},
          {"required: [price]", "required: [prize]", "/streams/0/required"},
          {"required: [price]", "min_rows: few", "/streams/0/min_rows"},
          {"path: /page\n", "items_per_request: 10\n", "/streams/0/items_per_request"}}},
        {"postgres",
         R"(kind: postgres
dsn: ${DSN:-}
streams:
  - name: first
    relation: conformance
    order_by: [id]
    tables: [{table: bronze.first}]
  - name: second
    relation: public.conformance
    tables: [{table: bronze.second}]
)",
         {{"${DSN:-}", "not a dsn", "/dsn"},
          {"dsn:", "url:", "/url"},
          {"relation: conformance", "relation: a.b.c", "/streams/0/relation"},
          {"relation: conformance", "query: select 1", "/streams/0/query"},
          {"order_by: [id]", "order_by: id", "/streams/0/order_by"}}},
        {"fixed_width",
         R"(kind: fixed_width
directory: ${DIRECTORY:-}
streams:
  - name: file
    files: "*.TXT"
    record_bytes: 4
    fields: {symbol: [1, 3], side: [4, 4]}
    tables: [{table: bronze.file}]
)",
         {{"directory:", "folder:", "/folder"},
          {"files: \"*.TXT\"", "files: ../x", "/streams/0/files"},
          {"record_bytes: 4", "record_bytes: 0", "/streams/0/record_bytes"},
          {"[1, 3]", "[0, 3]", "/streams/0/fields/symbol"},
          {"[1, 3]", "[3, 1]", "/streams/0/fields/symbol"},
          {"[4, 4]", "[4, 5]", "/streams/0/fields/side"},
          {"[4, 4]", "4", "/streams/0/fields/side"},
          {"record_bytes: 4", "record_bytes: 4\n    trailer: {prefix: \"9\", count: [1, 2]}",
           "/streams/0/trailer/count"}}},
    };
    return all;
}

class Conformance : public ::testing::TestWithParam<const Connector*> {
protected:
    const Example& example() const {
        const auto found = std::ranges::find(examples(), GetParam()->kind(), &Example::kind);
        EXPECT_NE(found, examples().end()) << "a connector without an example here: " << GetParam()->kind();
        return *found;
    }
};

TEST_P(Conformance, FaultsOfTheConfigurationNameTheField) {
    ASSERT_TRUE(test::IngestWorkbench::parse(example().yaml).has_value())
        << test::IngestWorkbench::parse(example().yaml).error().message;
    for (const auto& [from, to, field] : example().misuses) {
        ASSERT_NE(example().yaml.find(from), std::string_view::npos) << from;
        const auto source = test::IngestWorkbench::parse(replace_all(example().yaml, from, to));
        ASSERT_FALSE(source.has_value()) << to;
        EXPECT_EQ(source.error().code, ErrorCode::kInvalidConfig) << to;
        EXPECT_TRUE(source.error().message.starts_with("sources/sample.yaml:")) << source.error().message;
        EXPECT_NE(source.error().message.find(fmt::format(": {}: ", field)), std::string::npos)
            << to << " → " << source.error().message;
    }
}

/// The systems that the examples talk to.
class CrashSweep : public Conformance {
protected:
    static void SetUpTestSuite() {
        auto started = test::PostgresServer::start();
        if (!started) return;
        postgres = *std::move(started);
        ASSERT_TRUE(postgres->execute("create table conformance as select 1 as id").has_value());
    }
    static void TearDownTestSuite() { postgres.reset(); }

    void SetUp() override {
        const bool has_reader =
            std::filesystem::exists(".deps/duckdb-1.5.5/extensions/postgres_scanner.duckdb_extension");
        if (GetParam()->kind() == "postgres" && (!postgres || !has_reader))
            GTEST_SKIP() << "no PostgreSQL or no reader of it";
        server.script("/quote/AAAA3", {{.body = R"({"results": [{"symbol": "AAAA3"}]})"}});
        server.script("/quote/BBBB4", {{.body = R"({"results": [{"symbol": "BBBB4"}]})"}});
        server.script("/page", {{.body = "<table><tr><td>A<td>1</table>"}});
    }

    void prepare(test::IngestWorkbench& bench) {
        bench.environment = {{"SERVER", server.base_url()}, {"DIRECTORY", bench.directory.path().string()}};
        if (postgres) bench.environment["DSN"] = postgres->conninfo();
        for (const auto* name : {"A.TXT", "B.TXT"}) std::ofstream(bench.directory.path() / name) << "abc1\nabc2\n";
    }

    /// One ingestion into `store`, which the engine writes to as well.
    Result<IngestResult> ingest_into(test::IngestWorkbench& bench, const std::shared_ptr<ObjectStore>& store) {
        std::unique_ptr<Engine> engine;
        if (GetParam()->kind() == "postgres") {
            engine = LAGOA_TRY(Engine::open({.extension_directory = ".deps/duckdb-1.5.5/extensions"}));
            LAGOA_TRY(engine->mount("landing", store));
        }
        bench.engine = engine.get();
        return bench.ingest_into(*store, example().yaml);
    }

    static void expect_whole(test::IngestWorkbench& bench, const Manifest& manifest) {
        EXPECT_FALSE(manifest.objects.empty());
        for (const LandedObject& object : manifest.objects) {
            const auto bytes = bench.landing->get(object.key);
            ASSERT_TRUE(bytes.has_value()) << object.key;
            EXPECT_EQ(net::sha256_hex(*bytes), object.sha256) << object.key;
        }
    }

    static inline std::unique_ptr<test::PostgresServer> postgres;
    test::ScriptedServer server;
};

TEST_P(CrashSweep, LeavesNoManifestOrAWholeOneAndTheNextRunSucceeds) {
    std::vector<FaultyStore::Kind> kinds = {FaultyStore::Kind::kCrash};
    // An engine takes a quarter of a second to open: with it, only the fault that comprises the others.
    if (GetParam()->kind() != "postgres")
        kinds.insert(kinds.end(), {FaultyStore::Kind::kFail, FaultyStore::Kind::kOutcomeUnknown});
    for (const auto kind : kinds) {
        for (int k = 1;; ++k) {
            SCOPED_TRACE(fmt::format("fault {} at operation {}", static_cast<int>(kind), k));
            ASSERT_LT(k, 100);
            test::IngestWorkbench bench;
            prepare(bench);
            const auto faulty =
                std::make_shared<FaultyStore>(*bench.landing, FaultyStore::Fault{.kind = kind, .at = k});

            const auto crashed = ingest_into(bench, faulty);
            const auto after = bench.manifests();
            EXPECT_EQ(after.size(), crashed ? 1u : 0u);
            for (const Manifest& manifest : after) expect_whole(bench, manifest);

            const auto next = ingest_into(bench, bench.landing);
            ASSERT_TRUE(next.has_value()) << next.error().message;
            EXPECT_TRUE(next->failures.empty());
            const auto all = bench.manifests();
            ASSERT_FALSE(all.empty());
            for (const Manifest& manifest : all) expect_whole(bench, manifest);
            if (!faulty->tripped()) break;
        }
    }
}

std::string kind_of(const ::testing::TestParamInfo<const Connector*>& info) {
    return std::string(info.param->kind());
}

INSTANTIATE_TEST_SUITE_P(All, Conformance, ::testing::ValuesIn(all_connectors()), kind_of);
INSTANTIATE_TEST_SUITE_P(All, CrashSweep, ::testing::ValuesIn(all_connectors()), kind_of);

}  // namespace
}  // namespace lagoa::ingest
