// Goal: landed manifests become bronze rows exactly once, whatever is loaded again, killed or damaged; repeats are
// dropped, corrections kept, bad rows quarantined. Method: a lake over memory stores and manifests written as
// connectors write them; the crash sweep fails every store operation in turn and compares with a run that never failed.
#include "ingest/loader.h"

#include <random>

#include <gtest/gtest.h>

#include "base/text.h"
#include "ingest/quarantine.h"
#include "net/digest.h"
#include "store/memory_store.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace lagoa::ingest {
namespace {

using test::FaultyStore;

const TableName kQuotes{"bronze", "quotes"};
const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

constexpr std::string_view kContract = R"yaml(apiVersion: v3.1.0
kind: DataContract
id: bronze.quotes
version: 1.0.0
status: active
schema:
  - name: quotes
    description: Quotes.
    properties:
      - {name: symbol, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, description: Ticker., logicalTypeOptions: {pattern: "[A-Z0-9]+"}}
      - {name: day, logicalType: date, primaryKey: true, primaryKeyPosition: 2}
      - {name: price, logicalType: number, physicalType: "DECIMAL(18,4)", logicalTypeOptions: {minimum: 0}}
)yaml";

constexpr std::string_view kSource = R"yaml(kind: http
streams:
  - name: quote
    tables:
      - {table: bronze.quotes, records: "/results/*"}
  - name: other
    tables:
      - {table: bronze.quotes}
)yaml";

/// What outlives every process: the zones.
struct Disk {
    std::shared_ptr<ObjectStore> landing = make_memory_store();
    std::shared_ptr<ObjectStore> bronze = make_memory_store();
    std::shared_ptr<ObjectStore> quarantine = make_memory_store();
    std::shared_ptr<ObjectStore> log = make_memory_store();
    int landed = 0;

    // Lands one answer and commits its manifest, `minutes` after the day's start.
    void land(std::string_view bytes, int minutes, RecordFormat format = RecordFormat::kJson,
              const std::string& stream = "quote") {
        Manifest manifest{
            .source = "brapi", .run = fmt::format("run-{}", ++landed), .objects = {}, .failures = {}, .cursor = {}};
        LandedObject object{.key = fmt::format("brapi/date_ingestion=20261125/{}/{}-x.json", manifest.run, stream),
                            .stream = stream,
                            .item = "x",
                            .format = format,
                            .records_of = {},
                            .sha256 = net::sha256_hex(bytes),
                            .size_bytes = bytes.size(),
                            .request = {},
                            .response = {}};
        object.fetched = parse_instant("2026-11-25T00:00:00Z").value() + std::chrono::minutes(minutes);
        ASSERT_TRUE(landing->put(object.key, bytes).has_value());
        manifest.objects.push_back(object);
        ASSERT_TRUE(commit_manifest(*landing, manifest).has_value());
    }
};

std::string quotes(std::string_view records) {
    return fmt::format(R"({{"results":[{}]}})", records);
}

/// One process over `disk`: project, engine and lake.
struct Process {
    explicit Process(const Disk& disk) : Process(disk, disk.bronze, disk.quarantine) {}
    Process(const Disk& disk, std::shared_ptr<ObjectStore> bronze, std::shared_ptr<ObjectStore> quarantine)
        : landing(disk.landing) {
        project.name = "test";
        set_source(kSource);
        set_contract(kContract);
        engine = Engine::open({}).value();
        lake =
            Lake::open(
                {.zones = {{"landing", landing}, {"bronze", std::move(bronze)}, {"quarantine", std::move(quarantine)}},
                 .log = disk.log,
                 .engine = engine.get(),
                 .clock = &clock})
                .value();
    }

    void set_source(std::string_view text) {
        project.sources.insert_or_assign("brapi", Document::parse("sources/brapi.yaml", text).value());
    }
    void set_contract(std::string_view text) {
        project.contracts.insert_or_assign(
            kQuotes, parse_contract(Document::parse("contracts/bronze.quotes.odcs.yaml", text).value()).value());
    }

    Result<LoadResult> load() {
        return load_table({.project = &project,
                           .lake = lake.get(),
                           .landing = landing.get(),
                           .clock = &clock,
                           .stop = {},
                           .run = "load-run"},
                          kQuotes);
    }

    // The rows of `sql`, a text each, values with `|` between them.
    std::vector<std::string> read(const std::string& sql) {
        std::vector<std::string> out;
        const auto session = lake->connect(kHead).value();
        auto rows = session->rows(sql);
        if (!rows) return {"error: " + rows.error().message};
        for (const auto& row : *rows) {
            std::string line;
            for (const auto& [name, value] : row)
                line += (line.empty() ? "" : "|") + (value.is_string() ? *value.string() : json::dump(value));
            out.push_back(std::move(line));
        }
        return out;
    }
    std::vector<std::string> rows() {
        return read(
            "SELECT symbol, CAST(day AS VARCHAR) AS day, price, strftime(_known_from AT TIME ZONE 'UTC', '%H:%M') AS "
            "known FROM bronze.quotes ORDER BY symbol, day, _known_from, price");
    }

    Project project;
    test::FakeClock clock;
    std::shared_ptr<ObjectStore> landing;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Lake> lake;
};

using Rows = std::vector<std::string>;

TEST(Loader, AddsRowsWithTheirOrigin) {
    Disk disk;
    disk.land(
        quotes(
            R"({"symbol":"PETR4","day":"2026-11-24","price":35.1},{"symbol":"VALE3","day":null,"price":"61.00005"},{"symbol":"vale3","price":1},{"symbol":"BAD 1","price":-1})"),
        1);
    Process process(disk);
    const auto loaded = process.load();
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    EXPECT_EQ(loaded->rows_in, 4u);
    EXPECT_EQ(loaded->rows_out, 1u);
    EXPECT_EQ(loaded->rows_quarantined, 3u);
    EXPECT_EQ(loaded->manifests, 1u);
    EXPECT_TRUE(loaded->committed);
    EXPECT_EQ(process.rows(), (Rows{"PETR4|2026-11-24|35.1000|00:01"}));
    EXPECT_EQ(process.read("SELECT _run, _object, _pointer FROM bronze.quotes"),
              (Rows{"run-1|brapi/date_ingestion=20261125/run-1/quote-x.json|/results/0"}));
    EXPECT_EQ(process.read("SELECT pointer, list_transform(CAST(rules AS JSON[]), lambda r: r->>'rule') AS rules, "
                           "source, sequence, run, object IS NOT NULL AS o FROM quarantine.quotes ORDER BY pointer"),
              (Rows{R"(/results/1|["scale"]|brapi|1|load-run|true)", R"(/results/2|["pattern"]|brapi|1|load-run|true)",
                    R"(/results/3|["range","pattern"]|brapi|1|load-run|true)"}));
    EXPECT_EQ(process.read("SELECT record FROM quarantine.quotes WHERE pointer = '/results/1'"),
              (Rows{R"({"symbol":"VALE3","day":null,"price":"61.00005"})"}));
    const auto snapshot = process.lake->snapshot(kQuotes, kHead).value();
    EXPECT_EQ(snapshot->metadata.configuration.at("lagoa.businessKey"), R"(["symbol","day"])");
    EXPECT_EQ(snapshot->metadata.description, "Quotes.");
    EXPECT_EQ(snapshot->txn_version("lagoa/brapi/bronze.quotes"), 1);
    EXPECT_EQ(loaded->quarantine_version, 0);
    const auto session = process.lake->connect(kHead).value();
    const auto tables = list_quarantine(*process.lake, kHead).value();
    ASSERT_EQ(tables.size(), 1u);
    EXPECT_EQ(tables[0].table.text(), "bronze.quotes");
    EXPECT_EQ(tables[0].rows, 3u);
    const auto shown = show_quarantine(*process.lake, process.project, tables[0].table, 2).value();
    ASSERT_EQ(shown.size(), 2u);
    EXPECT_EQ(shown[0].contract_version, "1.0.0");
    EXPECT_TRUE(shown[0].rules.is_array());
    EXPECT_EQ(show_quarantined(*session, tables[0].table, shown[1].id).value().pointer, shown[1].pointer);
    EXPECT_EQ(show_quarantined(*session, tables[0].table, "none").error().code, ErrorCode::kNotFound);
}

TEST(Loader, MakesTheTableOfASourceThatNeverLandedAnything) {
    Disk disk;
    Process process(disk);
    const auto first = process.load();
    ASSERT_TRUE(first.has_value()) << first.error().message;
    EXPECT_EQ(first->version, 0);
    EXPECT_EQ(first->rows_in, 0u);
    EXPECT_EQ(process.load()->version, 0) << "made once";
}

TEST(Loader, LoadingAgainChangesNothing) {
    Disk disk;
    disk.land(quotes(R"({"symbol":"A","price":1},{"symbol":"b","price":1})"), 1);
    const auto first = Process(disk).load().value();
    Process process(disk);
    const auto again = process.load().value();
    EXPECT_FALSE(again.committed);
    EXPECT_EQ(again.version, first.version);
    EXPECT_EQ(again.manifests, 0u);
    disk.land(quotes(R"({"symbol":"A","price":1.0000},{"symbol":"b","price":1})"), 2);
    const auto repeated = process.load().value();
    EXPECT_TRUE(repeated.committed) << "the manifest is done with";
    EXPECT_EQ(repeated.rows_duplicate, 1u);
    EXPECT_EQ(repeated.rows_out, 0u);
    EXPECT_EQ(process.rows(), (Rows{"A|null|1.0000|00:01"}));
    EXPECT_FALSE(process.load().value().committed);
}

// The same answers give the same rows whether they are loaded one by one or at once.
TEST(Loader, KeepsCorrectionsAndDropsRepeatsInAnyBatches) {
    const std::vector<std::string> answers = {
        R"({"symbol":"A","day":"2026-11-24","price":1},{"symbol":"B","price":5},{"symbol":"B","price":5})",
        R"({"symbol":"A","day":"2026-11-24","price":2},{"symbol":"B","price":5})",
        R"({"symbol":"A","day":"2026-11-24","price":2},{"symbol":"A","day":"2026-11-25","price":2})",
        R"({"symbol":"A","day":"2026-11-24","price":1},{"symbol":"B","price":null})",
        // One key twice in an answer: a candle and the live one.
        R"({"symbol":"C","price":1},{"symbol":"C","price":2})",
        R"({"symbol":"C","price":1},{"symbol":"C","price":2})",
        R"({"symbol":"C","price":1},{"symbol":"C","price":3})",
        R"({"symbol":"C","price":1},{"symbol":"C","price":3})",
        R"({"symbol":"C","price":1})",
    };
    const Rows expected = {
        "A|2026-11-24|1.0000|00:01", "A|2026-11-24|2.0000|00:02", "A|2026-11-24|1.0000|00:04",
        "A|2026-11-25|2.0000|00:03", "B|null|5.0000|00:01",       "B|null|null|00:04",
        "C|null|1.0000|00:05",       "C|null|2.0000|00:05",       "C|null|1.0000|00:07",
        "C|null|3.0000|00:07",       "C|null|1.0000|00:09",
    };
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, answers.size()}) {
        Disk disk;
        Process process(disk);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            disk.land(quotes(answers[i]), static_cast<int>(i) + 1);
            if ((i + 1) % step == 0) {
                const auto loaded = process.load();
                ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
            }
        }
        ASSERT_TRUE(process.load().has_value());
        EXPECT_EQ(process.rows(), expected) << "loaded " << step << " at a time";
        EXPECT_EQ(
            process.read(
                "SELECT symbol, CAST(day AS VARCHAR) AS day, price FROM bronze.quotes_current ORDER BY symbol, day"),
            (Rows{"A|2026-11-24|1.0000", "A|2026-11-25|2.0000", "B|null|null", "C|null|1.0000"}));
    }
}

TEST(Loader, ReadsLinesAndParquet) {
    Disk disk;
    disk.land("{\"symbol\":\"L\",\"day\":\"2026-11-24\",\"price\":\"1.5\",\"_at\":\"byte 0\"}\n", 1,
              RecordFormat::kJsonLines, "other");
    Process process(disk);
    {
        const auto session = process.lake->connect(kHead).value();
        const auto written = session->execute(
            "COPY (SELECT 'P' || i AS symbol, DATE '2026-11-24' AS day, CAST(i * 1.25 AS DOUBLE) AS price, true AS "
            "other FROM range(5000) r(i)) "
            "TO 'lagoa://landing/made.parquet' (FORMAT parquet)");
        ASSERT_TRUE(written.has_value()) << written.error().message;
        disk.land(disk.landing->get("made.parquet").value(), 2, RecordFormat::kParquet, "other");
    }
    const auto loaded = process.load();
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    EXPECT_EQ(loaded->rows_out, 5001u);
    EXPECT_EQ(
        process.read("SELECT symbol, price, _pointer FROM bronze.quotes WHERE symbol IN ('L', 'P3') ORDER BY symbol"),
        (Rows{"L|1.5000|byte 0", "P3|3.7500|/3"}));
    EXPECT_EQ(process.read("SELECT sum(price) AS sum FROM bronze.quotes WHERE symbol <> 'L'"), (Rows{"15621875.0000"}));

    const std::string bytes = disk.landing->get("made.parquet").value();
    disk.land(bytes, 3, RecordFormat::kParquet, "other");
    const std::string key = "brapi/date_ingestion=20261125/run-3/other-x.json";
    ASSERT_TRUE(disk.landing->put(key, bytes + '!').has_value());
    EXPECT_EQ(process.load().error().code, ErrorCode::kCorruption);
    ASSERT_TRUE(disk.landing->remove(key).has_value());
    EXPECT_EQ(process.load().error().code, ErrorCode::kCorruption);
}

// The engine's own reading of the same text is the referee.
TEST(Loader, DecimalsEqualTheEnginesExactCast) {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    std::string records;
    std::string texts;
    for (int i = 0; i < 300; ++i) {
        std::string text;
        for (auto digits = 1 + random() % 13; digits > 0; --digits) text += static_cast<char>('0' + random() % 10);
        text = text.substr(std::min(text.find_first_not_of('0'), text.size() - 1));
        if (random() % 2 == 0) text += fmt::format(".{:04}", random() % 10'000).substr(0, 2 + random() % 4);
        if (random() % 4 == 0) text += fmt::format("e{}", random() % 2);
        records += fmt::format(R"({}{{"symbol":"N{}","price":{}}})", i > 0 ? "," : "", i, text);
        texts += fmt::format("{}('N{}', '{}')", i > 0 ? "," : "", i, text);
    }
    Disk disk;
    disk.land(quotes(records), 1);
    Process process(disk);
    ASSERT_EQ(process.load().value().rows_out, 300u) << "seed " << seed;
    EXPECT_EQ(
        process.read("SELECT symbol, price, text FROM bronze.quotes JOIN (VALUES " + texts +
                     ") AS v(symbol, text) USING (symbol) WHERE price IS DISTINCT FROM CAST(text AS DECIMAL(18,4))"),
        Rows{})
        << "seed " << seed;
}

TEST(Loader, RefusesWhatIsWrongAndLosesNothing) {
    Disk disk;
    disk.land(quotes(R"({"symbol":"A","price":1})"), 1);
    Process process(disk);
    const auto load = [&] { return process.load().error().code; };
    const Contract good = process.project.contracts.at(kQuotes);
    process.project.contracts.clear();
    EXPECT_EQ(load(), ErrorCode::kInvalidConfig);
    process.project.contracts.emplace(kQuotes, good);
    for (auto& column : process.project.contracts.at(kQuotes).columns) column.key_position.reset();
    EXPECT_EQ(load(), ErrorCode::kInvalidConfig);
    process.project.contracts.at(kQuotes) = good;
    process.project.contracts.at(kQuotes).columns[0].pattern = "(";
    EXPECT_EQ(load(), ErrorCode::kInvalidConfig);
    process.project.contracts.at(kQuotes) = good;
    process.project.contracts.at(kQuotes).rules.push_back({.name = "priced",
                                                           .query = "SELECT count(*) FROM {object} WHERE price < 5",
                                                           .must_be = 0,
                                                           .severity = "error"});
    EXPECT_EQ(load(), ErrorCode::kDataRejected);
    process.project.contracts.at(kQuotes) = good;
    EXPECT_EQ(load_table({.project = &process.project,
                          .lake = process.lake.get(),
                          .landing = disk.landing.get(),
                          .clock = &process.clock,
                          .stop = {},
                          .run = "r"},
                         {"bronze", "nothing"})
                  .error()
                  .code,
              ErrorCode::kNotFound);
    disk.land(R"({"answers":[]})", 2);
    EXPECT_EQ(load(), ErrorCode::kDataRejected) << "the source has changed";
    EXPECT_EQ(process.lake->snapshot(kQuotes, kHead).error().code, ErrorCode::kNotFound) << "no half of a batch";
    ASSERT_TRUE(disk.landing->put("brapi/date_ingestion=20261125/run-2/quote-x.json", "{}").has_value());
    EXPECT_EQ(load(), ErrorCode::kCorruption);
}

// The rules of a table judge the batch before any of its commits; what its schema refuses is found later.
TEST(Loader, AContractEditedAfterAFailedLoadLosesNoRow) {
    Disk disk;
    disk.land(quotes(R"({"symbol":"A","price":1},{"symbol":"bad","price":1})"), 1);
    Process process(disk);
    process.project.contracts.at(kQuotes).rules.push_back({.name = "priced",
                                                           .query = "SELECT count(*) FROM {object} WHERE price < 5",
                                                           .must_be = 0,
                                                           .severity = "error"});
    EXPECT_EQ(process.load().error().code, ErrorCode::kDataRejected);
    EXPECT_EQ(process.lake->snapshot({"quarantine", "quotes"}, kHead).error().code, ErrorCode::kNotFound);
    process.set_contract(kContract);
    ASSERT_TRUE(process.load().has_value());

    disk.land(quotes(R"({"symbol":"B","price":50},{"symbol":"C","price":2},{"symbol":"worse","price":1})"), 2);
    process.set_contract(replace_all(
        kContract, R"yaml(number, physicalType: "DECIMAL(18,4)", logicalTypeOptions: {minimum: 0})yaml", "string"));
    EXPECT_FALSE(process.load().has_value()) << "the column is no text in the table";
    EXPECT_EQ(process.read("SELECT json_extract_string(record, '$.symbol') AS s FROM quarantine.quotes ORDER BY s"),
              (Rows{"bad", "worse"}));
    process.set_contract(replace_all(kContract, "{minimum: 0}", "{minimum: 0, maximum: 10}"));
    const auto loaded = process.load();
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    EXPECT_EQ(loaded->rows_quarantined, 2u);
    EXPECT_EQ(process.rows(), (Rows{"A|null|1.0000|00:01", "C|null|2.0000|00:02"}));
    EXPECT_EQ(process.read("SELECT json_extract_string(record, '$.symbol') AS s FROM quarantine.quotes ORDER BY s"),
              (Rows{"B", "bad", "worse"}));
}

TEST(Loader, AContractEditedAfterACrashLosesNoRow) {
    for (int k = 1;; ++k) {
        Disk disk;
        disk.land(quotes(R"({"symbol":"A","price":1},{"symbol":"B","price":50},{"symbol":"bad","price":1})"), 1);
        auto faulty =
            std::make_shared<FaultyStore>(*disk.bronze, FaultyStore::Fault{.kind = FaultyStore::Kind::kCrash, .at = k});
        (void)Process(disk, faulty, disk.quarantine).load();
        Process next(disk);
        next.set_contract(replace_all(kContract, "{minimum: 0}", "{minimum: 0, maximum: 10}"));
        const auto loaded = next.load();
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
        EXPECT_TRUE(loaded->quarantine_version.has_value()) << "also of what the load refused that crashed";
        EXPECT_EQ(next.read("SELECT symbol FROM bronze.quotes UNION ALL SELECT json_extract_string(record, '$.symbol') "
                            "FROM quarantine.quotes ORDER BY symbol"),
                  (Rows{"A", "B", "bad"}))
            << "fault " << k;
        if (!faulty->tripped()) break;
    }
}

TEST(Loader, ALoadOfNothingButRefusalsFailsAndIsDoneWith) {
    Disk disk;
    disk.land(quotes(R"({"symbol":"bad","price":1},{"symbol":"worse","price":1})"), 1);
    Process process(disk);
    const auto all_refused = process.load();
    ASSERT_FALSE(all_refused.has_value());
    EXPECT_EQ(all_refused.error().code, ErrorCode::kDataRejected);
    EXPECT_EQ(all_refused.error().hint, "lagoa quarantine show quotes");
    const auto again = process.load();
    ASSERT_TRUE(again.has_value()) << again.error().message;
    EXPECT_EQ(again->manifests, 0u);
    EXPECT_EQ(again->quarantine_version, 0) << "a run publishes what an earlier one refused";
    EXPECT_EQ(process.read("SELECT count(*) AS n FROM quarantine.quotes"), (Rows{"2"}));
}

TEST(Loader, AnObjectOfAStreamThatIsNoLongerDeclaredIsNotPassedOver) {
    Disk disk;
    disk.land(quotes(R"({"symbol":"A","price":1})"), 1);
    disk.land(quotes(R"({"symbol":"B","price":1})"), 2, RecordFormat::kJson, "renamed");
    Process process(disk);
    EXPECT_EQ(process.load().error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(process.lake->snapshot(kQuotes, kHead).error().code, ErrorCode::kNotFound);
    process.set_source(replace_all(kSource, "kind: http", "kind: http\nretired_streams: [renamed]"));
    ASSERT_TRUE(process.load().has_value());
    EXPECT_EQ(process.rows(), (Rows{"A|null|1.0000|00:01"}));
}

// As docs/formats/manifest.md says under Repair.
TEST(Loader, ADamagedManifestIsReplacedByAnEmptyOne) {
    Disk disk;
    for (int i = 1; i <= 3; ++i) disk.land(quotes(fmt::format(R"({{"symbol":"A","price":{}}})", i)), i);
    const std::string key = "brapi/_runs/00000000000000000002.json";
    ASSERT_TRUE(disk.landing->put(key, "damaged").has_value());
    Process process(disk);
    const Error error = process.load().error();
    EXPECT_EQ(error.code, ErrorCode::kCorruption);
    EXPECT_FALSE(error.hint.empty());
    ASSERT_TRUE(disk.landing
                    ->put(key, R"({"format": 1, "source": "brapi", "sequence": 2, "run": "lost", "started":
 "2026-11-20T21:00:00.000000Z", "finished": "2026-11-20T21:00:00.000000Z", "objects": [], "failures": [], "cursor": null})")
                    .has_value());
    ASSERT_TRUE(process.load().has_value());
    EXPECT_EQ(process.rows(), (Rows{"A|null|1.0000|00:01", "A|null|3.0000|00:03"}));
}

TEST(Quarantine, ShowsNothingOfATableThatRefusedNothing) {
    Disk disk;
    Process process(disk);
    const auto none = show_quarantine(*process.lake, process.project, kQuotes, 10);
    ASSERT_TRUE(none.has_value()) << none.error().message;
    EXPECT_TRUE(none->empty());
    process.project.contracts.clear();
    EXPECT_EQ(show_quarantine(*process.lake, process.project, kQuotes, 10).error().code, ErrorCode::kNotFound);
    const auto session = process.lake->connect(kHead).value();
    ASSERT_TRUE(session->execute("CREATE TABLE bronze.quotes AS SELECT 1 AS a").has_value());
    EXPECT_TRUE(show_quarantine(*process.lake, process.project, kQuotes, 10).value().empty());
}

// Fails (and, apart, kills the process at) every operation of the stores in turn; then loads again.
TEST(Loader, LosesAndDoublesNothingAtAnyCrash) {
    for (const auto kind : {FaultyStore::Kind::kFail, FaultyStore::Kind::kCrash, FaultyStore::Kind::kOutcomeUnknown}) {
        for (const bool in_quarantine : {false, true}) {
            for (int k = 1;; ++k) {
                Disk disk;
                disk.land(quotes(R"({"symbol":"A","price":1},{"symbol":"bad","price":1})"), 1);
                ASSERT_TRUE(Process(disk).load().has_value());
                disk.land(quotes(R"({"symbol":"A","price":2},{"symbol":"worse","price":1},{"symbol":"B","price":1})"),
                          2);
                auto faulty = std::make_shared<FaultyStore>(in_quarantine ? *disk.quarantine : *disk.bronze,
                                                            FaultyStore::Fault{.kind = kind, .at = k});
                {
                    Process dying(disk, in_quarantine ? disk.bronze : faulty, in_quarantine ? faulty : disk.quarantine);
                    const auto loaded = dying.load();
                    ASSERT_TRUE(loaded.has_value() || faulty->tripped()) << loaded.error().message;
                }
                disk.land(quotes(R"({"symbol":"B","price":1},{"symbol":"worst","price":1})"), 3);
                Process next(disk);
                const auto loaded = next.load();
                ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
                EXPECT_EQ(next.rows(), (Rows{"A|null|1.0000|00:01", "A|null|2.0000|00:02", "B|null|1.0000|00:02"}))
                    << "fault " << k;
                EXPECT_EQ(next.read("SELECT count(*) AS n, count(DISTINCT id) AS ids FROM quarantine.quotes"),
                          (Rows{"3|3"}))
                    << "fault " << k;
                if (!faulty->tripped()) break;
            }
        }
    }
}

TEST(Loader, AStepMadeOnAnOlderStateIsAConflict) {
    Disk disk;
    disk.land(quotes(R"({"symbol":"A","price":1})"), 1);
    Process process(disk);
    ASSERT_TRUE(process.load().has_value());
    const auto session = process.lake->connect(kHead).value();
    const WriteRequest late{.table = kQuotes,
                            .select = "SELECT 'A' AS symbol, NULL::DATE AS day, 1::DECIMAL(18,4) AS price",
                            .properties = {},
                            .txn = delta::Txn{.app_id = "lagoa/brapi/bronze.quotes", .version = 2},
                            .txn_after = -1};
    EXPECT_EQ(process.lake->write(*session, late).error().code, ErrorCode::kConflict);
    EXPECT_EQ(process.rows().size(), 1u);
}

}  // namespace
}  // namespace lagoa::ingest
