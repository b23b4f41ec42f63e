// Writes Delta tables of every type, mode and layout into a folder, and beside each the rows that its reader
// must find: `<table>.jsonl`. test_delta_rs.py has delta-rs read them.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "catalog/lake.h"
#include "store/local_store.h"

namespace lagoa {
namespace {

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "write_tables: %s\n", result.error().message.c_str());
        std::exit(1);
    }
    return *std::move(result);
}

constexpr const char* kTypes = R"(
    SELECT range AS k, range::TINYINT AS tiny, range::SMALLINT AS small, range::INT AS "int", range % 2 = 0 AS even,
           if(range = 7, NULL, (range * 1000003)::DECIMAL(18,4) / 7)::DECIMAL(18,4) AS price,
           (range::HUGEINT * 10000000000000000000000000)::DECIMAL(38,4) AS wide, (-range)::DECIMAL(7,2) AS narrow,
           range / 3.0::FLOAT AS f, if(range = 3, 'nan'::DOUBLE, range / 7) AS d, if(range = 5, '', 'ação ' || range) AS s,
           DATE '1969-12-30' + range::INT AS "day", TIMESTAMPTZ '1969-12-31 23:59:59.999999Z' + to_hours(range::INT) AS "at",
           TIMESTAMP '2026-01-02 13:00:00.5' AS wall, {'a': range, 'b': [range::VARCHAR, NULL]} AS st, MAP {'x': range} AS m
    FROM range(50))";

constexpr const char* kPartitions = R"(
    SELECT range AS k, DATE '2026-01-01' + (range % 3)::INT AS "day", if(range % 5 = 0, NULL, 'a b/ç=%&' || range % 2) AS name,
           TIMESTAMPTZ '2026-01-02 13:00:00.25Z' AS "at", range % 2 = 0 AS even, (range % 2)::DECIMAL(9,2) AS amount
    FROM range(40))";

class Tables {
public:
    explicit Tables(std::string folder)
        : folder_(std::move(folder)), engine_(must(Engine::open({.time_zone = "America/Sao_Paulo"}))) {
        std::shared_ptr<ObjectStore> zone = must(open_local_store(folder_));
        lake_ = must(Lake::open({.zones = {{"silver", zone}}, .log = zone, .engine = engine_.get()}));
        session_ = must(lake_->connect({.base = Cut::Base::kHead, .pins = {}}));
    }

    void write(const std::string& table, const std::string& select, WriteMode mode = WriteMode::kAppend,
               std::vector<std::string> partition_by = {}) {
        WriteRequest request{
            .table = {"silver", table}, .select = select, .mode = mode, .partition_by = std::move(partition_by)};
        if (mode == WriteMode::kMerge) request.key = {"k"};
        must(lake_->write(*session_, request));
    }

    void expect(const std::string& table) {
        must(session_->execute("SET TimeZone = 'UTC'"));
        const auto stream = must(session_->query("SELECT * FROM silver." + table + " ORDER BY k"));
        std::ofstream out(folder_ + "/" + table + ".jsonl");
        while (const RowBatch* batch = must(stream->next()))
            for (std::size_t row = 0; row < batch->rows(); ++row) {
                json::Object line;
                for (std::size_t i = 0; i < stream->columns().size(); ++i)
                    line.set(stream->columns()[i].name, batch->json(i, row));
                out << json::dump(line) << "\n";
            }
        must(session_->execute("SET TimeZone = 'America/Sao_Paulo'"));
    }

private:
    const std::string folder_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Lake> lake_;
    std::unique_ptr<Session> session_;
};

void write_all(Tables& tables) {
    tables.write("types", kTypes);
    tables.expect("types");
    tables.write("partitions", kPartitions, WriteMode::kAppend, {"day", "name", "at", "even", "amount"});
    tables.expect("partitions");
    // Enough versions for a checkpoint; a column that comes later.
    tables.write("merged", "SELECT range AS k, 'old' AS v FROM range(100)");
    for (int i = 0; i < 12; ++i)
        tables.write("merged",
                     fmt::format("SELECT range * 7 + {0} AS k, 'new {0}' AS v, {0} AS late FROM range(10)", i),
                     WriteMode::kMerge);
    tables.expect("merged");
    tables.write("overwritten", "SELECT range AS k FROM range(100)");
    tables.write("overwritten", "SELECT range + 1000 AS k FROM range(3)", WriteMode::kOverwrite);
    tables.expect("overwritten");
    tables.write("empty", "SELECT 1::BIGINT AS k WHERE false");
    tables.expect("empty");
}

}  // namespace
}  // namespace lagoa

int main(int count, char** arguments) {
    if (count != 2) return 2;
    lagoa::Tables tables(arguments[1]);
    lagoa::write_all(tables);
}
