// Works on one zone of Delta tables as it is told, a JSON command a line on standard input, an answer a line:
//
//     {"write": {"table": "t", "select": "SELECT 1 AS k", "mode": "merge", "key": ["k"], "properties": {"a": "b"}}}
//         {"version": 3, "rows": 8}
//     {"sql": "ALTER TABLE silver.t ADD COLUMN c INT"}
//         {"rows": 0}
//     {"transaction": ["DELETE FROM silver.t", "INSERT INTO silver.t VALUES (1)"]}    as one, rolled back if one fails
//         {}
//     {"rows_of": "SELECT 1 AS k"}    for small results
//         {"found": [{"k": 1}]}
//     {"checkpoint": "t"}
//         {}
//     {"clean_up": "t"}    of the log, what the newest version does not need
//         {"removed": 5}
//     {"mark_deleted": "t", "rows": [0, 7]}    by a deletion vector, in every file
//         {"version": 4}
//
// What fails answers {"error": "unsupported", "message": "why"}. A command's "id" comes back with its answer: several
// sessions work side by side, each on the next command that nobody has taken.
//
// usage: lake_driver ROOT [SESSIONS [FAULTS SEED]]    the zone is `silver`; table `t` lies at ROOT/t
// FAULTS: of a thousand changes of the store, how many fail (test/support/flaky_store.h).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catalog/lake.h"
#include "delta/deletion_vector.h"
#include "store/open_store.h"
#include "support/flaky_store.h"

namespace lagoa {
namespace {

std::vector<std::string> texts(const json::Value* list) {
    std::vector<std::string> result;
    if (list == nullptr || list->array() == nullptr) return result;
    for (const json::Value& item : *list->array()) result.push_back(item.string() ? *item.string() : json::dump(item));
    return result;
}

std::map<std::string, std::string> pairs(const json::Value* object) {
    std::map<std::string, std::string> result;
    if (object == nullptr || object->object() == nullptr) return result;
    for (const auto& [key, value] : *object->object())
        result[key] = value.string() ? *value.string() : json::dump(value);
    return result;
}

Result<WriteMode> mode_of(const std::string& name) {
    static const std::map<std::string, WriteMode> kModes = {{"append", WriteMode::kAppend},
                                                            {"overwrite", WriteMode::kOverwrite},
                                                            {"overwrite_partitions", WriteMode::kOverwritePartitions},
                                                            {"replace_where", WriteMode::kReplaceWhere},
                                                            {"merge", WriteMode::kMerge}};
    const auto found = kModes.find(name);
    if (found == kModes.end()) return fail(ErrorCode::kInvalidArgument, "{} is not a mode", name);
    return found->second;
}

json::Object failed(const Error& error) {
    return json::make_object({{"error", info(error.code).name}, {"message", error.message}});
}

/// One session's commands.
class Driver {
public:
    static Result<Driver> open(Lake& lake) {
        auto session = LAGOA_TRY(lake.connect({.base = Cut::Base::kHead, .pins = {}}));
        return Driver(lake, std::move(session));
    }

    Result<json::Object> run(const json::Value& command) {
        if (const json::Value* request = command.find("write")) return write(*request);
        if (const auto sql = command.string_at("sql")) {
            const std::uint64_t rows = LAGOA_TRY(session_->execute(*sql));
            return json::make_object({{"rows", rows}});
        }
        if (const json::Value* statements = command.find("transaction")) return transaction(texts(statements));
        if (const auto sql = command.string_at("rows_of")) {
            json::Array found;
            auto rows = LAGOA_TRY(session_->rows(*sql));
            for (json::Object& row : rows) found.emplace_back(std::move(row));
            return json::make_object({{"found", std::move(found)}});
        }
        if (const auto table = command.string_at("checkpoint")) {
            const delta::TableLocation location = LAGOA_TRY(lake_->locate({"silver", *table}));
            const auto snapshot = LAGOA_TRY(delta::read_snapshot(location));
            LAGOA_TRY(delta::write_checkpoint(location, *snapshot));
            return json::Object{};
        }
        if (const auto table = command.string_at("clean_up")) {
            const delta::TableLocation location = LAGOA_TRY(lake_->locate({"silver", *table}));
            const auto newest = LAGOA_TRY(delta::read_snapshot(location));
            const std::uint64_t removed = LAGOA_TRY(delta::clean_up_log(location, *newest, newest->version));
            return json::make_object({{"removed", removed}});
        }
        if (const auto table = command.string_at("mark_deleted")) return mark_deleted(*table, command.find("rows"));
        return fail(ErrorCode::kInvalidArgument, "{} is not a command", json::dump(command));
    }

private:
    Driver(Lake& lake, std::unique_ptr<Session> session) : lake_(&lake), session_(std::move(session)) {}

    Result<json::Object> transaction(const std::vector<std::string>& statements) {
        LAGOA_TRY(session_->execute("BEGIN"));
        Result<std::uint64_t> done = 0;
        for (const std::string& statement : statements)
            if (done = session_->execute(statement); !done) break;
        if (done) {
            LAGOA_TRY(session_->execute("COMMIT"));
            return json::Object{};
        }
        LAGOA_TRY(session_->execute("ROLLBACK"));
        return std::unexpected(std::move(done).error());
    }

    // What a DELETE by deletion vectors comes down to: each file goes and comes again with its vector.
    Result<json::Object> mark_deleted(const std::string& table, const json::Value* rows) {
        std::vector<std::uint64_t> places;
        for (const std::string& row : texts(rows)) places.push_back(std::stoull(row));
        const delta::TableLocation location = LAGOA_TRY(lake_->locate({"silver", table}));
        const auto base = LAGOA_TRY(delta::read_snapshot(location));
        std::vector<delta::DeletedRows> vectors;
        for (const delta::AddFile& file : base->files) {
            delta::DeletedRows deleted(places);
            if (file.deletion_vector)
                deleted = deleted.united(LAGOA_TRY(delta::read_deletion_vector(location, *file.deletion_vector)));
            vectors.push_back(std::move(deleted));
        }
        const auto written = LAGOA_TRY(delta::write_deletion_vectors(location, vectors));
        delta::CommitRequest request{.operation = "DELETE"};
        std::size_t i = 0;
        for (const delta::AddFile& file : base->files) {
            request.removes.push_back({.path = file.path, .deletion_vector = file.deletion_vector});
            request.adds.push_back(file);
            request.adds.back().deletion_vector = written[i++];
        }
        const delta::Version version = LAGOA_TRY(delta::commit(location, base, std::move(request)));
        return json::make_object({{"version", version}});
    }

    Result<json::Object> write(const json::Value& asked) {
        WriteRequest request;
        request.table = {"silver", asked.string_at("table").value_or("")};
        request.select = asked.string_at("select").value_or("");
        request.mode = LAGOA_TRY(mode_of(asked.string_at("mode").value_or("append")));
        request.replace_where = asked.string_at("replace_where").value_or("");
        request.key = texts(asked.find("key"));
        request.partition_by = texts(asked.find("partition_by"));
        request.properties = pairs(asked.find("properties"));
        request.comments = pairs(asked.find("comments"));
        request.description = asked.string_at("description").value_or("");
        request.user_metadata = asked.string_at("user_metadata").value_or("");
        request.replace_schema = asked.bool_at("replace_schema").value_or(false);
        const WriteResult written = LAGOA_TRY(lake_->write(*session_, request));
        return json::make_object({{"version", written.version}, {"rows", written.rows}});
    }

    Lake* lake_;
    std::unique_ptr<Session> session_;
};

/// Lines in, lines out, for several threads.
class Dialogue {
public:
    std::optional<std::string> next() {
        const std::scoped_lock lock(reading_);
        std::string line;
        if (!std::getline(std::cin, line)) return std::nullopt;
        return line;
    }

    void answer(const json::Object& answer) {
        const std::scoped_lock lock(writing_);
        std::cout << json::dump(answer) << std::endl;
    }

private:
    std::mutex reading_;
    std::mutex writing_;
};

void serve(Driver& driver, Dialogue& dialogue) {
    while (const auto line = dialogue.next()) {
        const auto command = json::parse(*line);
        auto answer = command ? driver.run(*command) : std::unexpected(command.error());
        json::Object told = answer ? *std::move(answer) : failed(answer.error());
        if (const json::Value* id = command ? command->find("id") : nullptr) told.set("id", *id);
        dialogue.answer(told);
    }
}

Result<> work(int count, char** arguments) {
    const auto number = [&](int i) { return count > i ? std::strtoul(arguments[i], nullptr, 10) : 0; };
    const auto engine = LAGOA_TRY(Engine::open({}));
    std::shared_ptr<ObjectStore> store = LAGOA_TRY(open_store(arguments[1]));  // shared with the lake
    store = std::make_shared<test::FlakyStore>(store, static_cast<unsigned>(number(3)), number(4));
    const auto lake = LAGOA_TRY(Lake::open({.zones = {{"silver", store}}, .log = store, .engine = engine.get()}));
    std::vector<Driver> drivers;
    for (std::size_t i = 0; i < std::max(number(2), 1UL); ++i) drivers.push_back(LAGOA_TRY(Driver::open(*lake)));
    Dialogue dialogue;
    std::vector<std::jthread> threads;
    for (Driver& driver : drivers) threads.emplace_back([&] { serve(driver, dialogue); });
    return {};
}

}  // namespace
}  // namespace lagoa

int main(int count, char** arguments) {
    if (count < 2) return 2;
    const auto worked = lagoa::work(count, arguments);
    if (!worked) std::fprintf(stderr, "lake_driver: %s\n", worked.error().message.c_str());
    return worked ? 0 : 1;
}
