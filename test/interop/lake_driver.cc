// Works on one zone of Delta tables as it is told, a JSON command a line on standard input, an answer a line:
//
//     {"write": {"table": "t", "select": "SELECT 1 AS k", "mode": "merge", "key": ["k"], "properties": {"a": "b"}}}
//         {"version": 3, "rows": 8}
//     {"sql": "ALTER TABLE silver.t ADD COLUMN c INT"}
//         {"rows": 0}
//     {"checkpoint": "t"}
//         {}
//     {"clean_up": "t"}    of the log, what the newest version does not need
//         {"removed": 5}
//     {"mark_deleted": "t", "rows": [0, 7]}    by a deletion vector, in every file
//         {"version": 4}
//
// What fails answers {"error": "unsupported", "message": "why"}.
//
// usage: lake_driver ROOT    the zone is `silver`; table `t` lies at ROOT/t
#include <cstdio>
#include <iostream>
#include <string>

#include "catalog/lake.h"
#include "delta/deletion_vector.h"
#include "store/open_store.h"

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

class Driver {
public:
    static Result<Driver> open(const std::string& root) {
        Driver driver;
        driver.engine_ = LAGOA_TRY(Engine::open({}));
        const auto store = LAGOA_TRY(open_store(root));
        driver.lake_ =
            LAGOA_TRY(Lake::open({.zones = {{"silver", store}}, .log = store, .engine = driver.engine_.get()}));
        driver.session_ = LAGOA_TRY(driver.lake_->connect({.base = Cut::Base::kHead, .pins = {}}));
        return driver;
    }

    Result<json::Object> run(const std::string& line) {
        const json::Value command = LAGOA_TRY(json::parse(line));
        if (const json::Value* request = command.find("write")) return write(*request);
        if (const auto sql = command.string_at("sql")) {
            const std::uint64_t rows = LAGOA_TRY(session_->execute(*sql));
            return json::make_object({{"rows", rows}});
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
        return fail(ErrorCode::kInvalidArgument, "{} is not a command", line);
    }

private:
    Driver() = default;

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

    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Lake> lake_;
    std::unique_ptr<Session> session_;
};

int serve(const std::string& root) {
    auto driver = Driver::open(root);
    if (!driver) {
        std::fprintf(stderr, "lake_driver: %s\n", driver.error().message.c_str());
        return 1;
    }
    for (std::string line; std::getline(std::cin, line);) {
        auto answer = driver->run(line);
        if (!answer)
            answer =
                json::make_object({{"error", info(answer.error().code).name}, {"message", answer.error().message}});
        std::cout << json::dump(*answer) << std::endl;
    }
    return 0;
}

}  // namespace
}  // namespace lagoa

int main(int count, char** arguments) {
    return count == 2 ? lagoa::serve(arguments[1]) : 2;
}
