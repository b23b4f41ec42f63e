#include "ops/recorder.h"

#include <map>

#include "base/log.h"
#include "base/text.h"

namespace lagoa::ops {
namespace {

constexpr std::int64_t kFlushRows = 10'000;
constexpr int kFlushAttempts = 5;

// Kept rows as text columns; the SELECT over them casts.
class TextRows final : public RowSource {
public:
    TextRows(const Schema& columns, std::vector<json::Object> rows) : rows_(std::move(rows)) {
        for (const auto& field : columns.fields)
            schema_.fields.push_back({.name = field.name, .type = {}, .metadata = {}});
    }

    const Schema& schema() const override { return schema_; }

    Result<bool> next(RowSink& sink) override {
        for (std::size_t filled = 0; filled < sink.capacity() && at_ < rows_.size(); ++filled, ++at_) {
            sink.add_row();
            for (std::size_t column = 0; column < schema_.fields.size(); ++column) {
                const json::Value* value = rows_[at_].find(schema_.fields[column].name);
                if (value == nullptr || value->is_null())
                    sink.set_null(column);
                else
                    sink.set_text(column, value->is_string() ? *value->string() : json::dump(*value));
            }
        }
        return at_ < rows_.size();
    }

private:
    Schema schema_;
    std::vector<json::Object> rows_;
    std::size_t at_ = 0;
};

// Rows of one table above what its newest version already holds. Ids count within one state file, `database`: another
// machine's, or one made after the first was deleted, begins at 1 again.
Result<std::uint64_t> append(Lake& lake, const std::string& database, OpsTable table,
                             const std::vector<state::PendingRow>& pending) {
    const TableName name{"ops", std::string(name_of(table))};
    const std::string application = fmt::format("lagoa/ops/{}/{}", name.table, database);
    std::int64_t done = -1;
    const auto snapshot = lake.snapshot(name, Cut{.base = Cut::Base::kHead, .pins = {}});
    if (snapshot)
        done = (*snapshot)->txn_version(application);
    else if (snapshot.error().code != ErrorCode::kNotFound)
        return pass_on(snapshot.error(), "reading {}", name.text());

    std::vector<json::Object> rows;
    for (const auto& row : pending) {
        if (row.id <= done) continue;  // committed before a crash took its clean-up
        const json::Value value = LAGOA_TRY(json::parse(row.row_json), "row {} of {}", row.id, name.text());
        rows.push_back(*value.object());
    }
    const std::uint64_t count = rows.size();
    if (count == 0) return count;

    const auto session = LAGOA_TRY(lake.connect(Cut{.base = Cut::Base::kHead, .pins = {}}));
    const std::string source = "ops_" + name.table;
    LAGOA_TRY(session->add_source(source, std::make_shared<TextRows>(schema_of(table), std::move(rows))));
    WriteRequest request{.table = name,
                         .mode = WriteMode::kAppend,
                         .txn = delta::Txn{.app_id = application, .version = pending.back().id},
                         .txn_after = done};  // another process may append the same rows meanwhile
    std::string list;
    for (const auto& field : schema_of(table).fields) {
        list += fmt::format("{}CAST({} AS {}) AS {}", list.empty() ? "" : ", ", quote_identifier(field.name),
                            to_sql(field.type), quote_identifier(field.name));
        request.comments[field.name] = *field.metadata.find("comment")->string();
    }
    request.select = fmt::format("SELECT {} FROM rows_of({})", list, quote_literal(source));
    const WriteResult written = LAGOA_TRY(lake.write(*session, request), "appending to {}", name.text());
    return written.committed ? count : 0;
}

}  // namespace

Result<> Recorder::record(OpsTable table, const json::Object& row) {
    return store_.add_pending(std::string(name_of(table)), json::dump(json::Value(row)));
}

Result<std::uint64_t> Recorder::flush(Lake& lake) {
    const std::string database = LAGOA_TRY(store_.database_id());
    std::uint64_t flushed = 0;
    for (int attempt = 1;;) {
        const auto pending = LAGOA_TRY(store_.take_pending(kFlushRows));
        if (pending.empty()) return flushed;
        Result<> outcome;
        for (const OpsTable table : kOpsTables) {
            std::vector<state::PendingRow> rows;
            for (const auto& row : pending)
                if (row.table == name_of(table)) rows.push_back(row);
            if (rows.empty()) continue;
            const auto appended = append(lake, database, table, rows);
            if (!appended) {
                outcome = pass_on(appended.error());
                break;
            }
            flushed += *appended;
        }
        if (!outcome) {
            // Another process flushed the same rows: look again at what is left.
            const ErrorCode code = outcome.error().code;
            if ((code == ErrorCode::kConflict || code == ErrorCode::kAlreadyExists) && attempt++ < kFlushAttempts)
                continue;
            return pass_on(outcome.error());
        }
        std::vector<std::int64_t> ids;
        for (const auto& row : pending) ids.push_back(row.id);
        LAGOA_TRY(store_.remove_pending(ids));
    }
}

Measured::Measured(Recorder& recorder, Clock& clock, OpsTable table, json::Object row)
    : recorder_(recorder), clock_(clock), table_(table), row_(std::move(row)), started_(clock.now()) {}

void Measured::finish(const Error* error) {
    const Instant now = clock_.now();
    const auto micros = (now - started_).count();
    row_.set("started_at", format_instant(started_));
    row_.set("finished_at", format_instant(now));
    row_.set("seconds", json::Number{fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000)});
    row_.set("success", error == nullptr);
    if (error != nullptr) {
        row_.set("error_code", info(error->code).name);
        row_.set("error", error->message);
    }
    const auto kept = recorder_.record(table_, row_);
    if (!kept) log::error("ops.lost", {{"table", name_of(table_)}, {"error", kept.error().message}});
}

}  // namespace lagoa::ops
