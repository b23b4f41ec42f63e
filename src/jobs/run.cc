#include "jobs/run.h"

#include "base/log.h"
#include "base/text.h"
#include "catalog/contract_check.h"
#include "engine/statement.h"

namespace lagoa::jobs {
namespace {

constexpr std::string_view kStage = "temp.job_stage";

// What a version was made of: equal text, equal rows.
struct Provenance {
    std::map<std::string, delta::Version> inputs;
    bool complete = true;  // nothing but the inputs decides the rows: no file, no clock
    std::string digest;    // of the job's file and its contract

    json::Object to_json(const SqlJob& job, const std::string& run) const {
        json::Object versions;
        for (const auto& [table, version] : inputs) versions.set(table, version);
        return json::make_object({{"job", job.name}, {"run", run}, {"code", digest}, {"inputs", std::move(versions)}});
    }
};

Result<Provenance> provenance(const JobContext& context, Session& session, const SqlJob& job,
                              const Contract* contract) {
    Provenance made;
    const References read = LAGOA_TRY(references(session, job.select), "jobs/{}.sql", job.name);
    made.complete = read.only_tables;
    for (const auto& table : read.tables) {
        const auto name = TableName::parse(table);
        if (!name) continue;  // a temporary table of the session
        const auto snapshot = LAGOA_TRY(context.lake->snapshot(*name, context.cut), "jobs/{}.sql", job.name);
        made.inputs[table] = snapshot->version;
    }
    made.digest = LAGOA_TRY(session.value("SELECT sha256($1)",
                                          std::vector<json::Value>{job.text + "\n" +
                                                                   (contract == nullptr ? "" : contract->text)}))
                      .value_or("");
    return made;
}

// The target's newest version if it was made of the same things.
std::optional<delta::Version> standing(const JobContext& context, const SqlJob& job, const Provenance& made) {
    if (job.mode == WriteMode::kAppend || !made.complete) return std::nullopt;
    const auto location = context.lake->locate(job.target);
    if (!location) return std::nullopt;
    const auto history = delta::read_history(*location, 1);
    if (!history || history->empty()) return std::nullopt;
    const auto text = json::Value(history->front().commit_info).string_at("userMetadata");
    if (!text) return std::nullopt;
    const auto before = json::parse(*text);
    if (!before) return std::nullopt;
    const json::Object now = made.to_json(job, "");
    const auto same = [&](std::string_view key) {
        const json::Value* value = before->find(key);
        return value != nullptr && *value == *now.find(key);
    };
    if (!same("job") || !same("code") || !same("inputs")) return std::nullopt;
    return history->front().version;
}

// Rows that break the contract, with what lineage columns they carry.
Result<> quarantine(const JobContext& context, Session& session, const SqlJob& job, const Contract& contract,
                    std::string_view select_list) {
    const std::string select = fmt::format(
        "SELECT sha256({0} || ':' || {1} || ':' || CAST(row AS VARCHAR)) AS id, {0} AS table_name, {2} AS source, "
        "CAST(0 AS BIGINT) AS sequence, {3} AS run, CAST('{4}' AS TIMESTAMPTZ) AS quarantined_at, _verdict AS rules, "
        "{1} AS contract_version, "
        "CAST(NULL AS VARCHAR) AS object, CAST(NULL AS VARCHAR) AS pointer, CAST(to_json(row) AS VARCHAR) AS record "
        "FROM (SELECT _verdict, struct_pack({5}) AS row FROM {6} WHERE _verdict IS NOT NULL)",
        quote_literal(job.target.text()), quote_literal(contract.version), quote_literal("job/" + job.name),
        quote_literal(context.run), format_instant(context.clock->now()), select_list, kStage);
    WriteRequest request{.table = {"quarantine", job.target.table},
                         .select = fmt::format("SELECT DISTINCT ON (id) * FROM ({})", select),
                         .mode = WriteMode::kMerge,
                         .key = {"id"},
                         .operation = "QUARANTINE",
                         .skip_if_empty = true};
    LAGOA_TRY(context.lake->write(session, request), "quarantining rows of {}", job.target.text());
    return {};
}

Result<std::uint64_t> count(Session& session, std::string_view condition) {
    const auto text = LAGOA_TRY(session.value(fmt::format("SELECT count(*) FROM {} WHERE {}", kStage, condition)));
    return std::stoull(text.value_or("0"));
}

// Stages the rows, sends the bad ones to quarantine and checks the table rules. Returns the SELECT of good rows.
Result<std::string> hold_to_contract(const JobContext& context, Session& session, const SqlJob& job,
                                     const Contract& contract, JobResult& result) {
    const std::string rows = LAGOA_TRY(conform(session, job.select, contract));
    LAGOA_TRY(
        session.execute(fmt::format("CREATE OR REPLACE TEMP TABLE job_stage AS SELECT *, {} AS _verdict FROM ({})",
                                    verdict_expression(contract), rows)));
    result.rows_in = LAGOA_TRY(count(session, "true"));
    result.rows_quarantined = LAGOA_TRY(count(session, "_verdict IS NOT NULL"));
    if (result.rows_quarantined > 0) {
        std::string members;
        for (const auto& column : contract.columns)
            members += fmt::format("{}{} := {}", members.empty() ? "" : ", ", quote_identifier(column.name),
                                   quote_identifier(column.name));
        LAGOA_TRY(quarantine(context, session, job, contract, members));
        log::warn("job.quarantined",
                  {{"job", job.name}, {"table", job.target.text()}, {"rows", result.rows_quarantined}});
    }
    if (result.rows_in > 0 && result.rows_quarantined == result.rows_in)
        return fail_with_hint(ErrorCode::kDataRejected, fmt::format("lagoa quarantine show {}", job.target.table),
                              "all {} rows of {} break its contract", result.rows_in, job.target.text());
    const std::string good = fmt::format("SELECT * EXCLUDE (_verdict) FROM {} WHERE _verdict IS NULL", kStage);
    LAGOA_TRY(session.execute("CREATE OR REPLACE TEMP VIEW job_rows AS " + good));
    LAGOA_TRY(check_rules(session, contract, "temp.job_rows"));
    return good;
}

// The quarantine table's newest version: a run publishes it with the target, also when it was an earlier run, which
// failed, that refused the rows.
Result<std::optional<delta::Version>> quarantined(const JobContext& context, const SqlJob& job) {
    const auto snapshot =
        context.lake->snapshot({"quarantine", job.target.table}, Cut{.base = Cut::Base::kHead, .pins = {}});
    if (snapshot) return std::optional((*snapshot)->version);
    if (snapshot.error().code == ErrorCode::kNotFound) return std::optional<delta::Version>();
    return pass_on(snapshot.error(), "looking for refused rows of {}", job.target.text());
}

WriteRequest target_of(const SqlJob& job, const Contract* contract) {
    WriteRequest request{.table = job.target,
                         .mode = job.mode,
                         .key = job.key,
                         .partition_by = job.partition_by,
                         .description = job.description,
                         .operation = job.mode == WriteMode::kMerge ? "MERGE" : "WRITE"};
    if (contract == nullptr) return request;
    if (request.description.empty()) request.description = contract->description;
    for (const auto& column : contract->columns)
        if (!column.description.empty()) request.comments[column.name] = column.description;
    return request;
}

}  // namespace

Result<JobResult> run_sql_job(const JobContext& context, const SqlJob& job) {
    const auto session = LAGOA_TRY(context.lake->connect(context.cut));
    const InterruptOnStop interrupt(*session, context.stop);
    const auto found = context.project->contracts.find(job.target);
    const Contract* contract = found == context.project->contracts.end() ? nullptr : &found->second;

    const Provenance made = LAGOA_TRY(provenance(context, *session, job, contract));
    JobResult result{.inputs = made.inputs};
    if (const auto version = standing(context, job, made)) {
        result.version = *version;
        result.quarantine_version = LAGOA_TRY(quarantined(context, job));
        return result;
    }
    WriteRequest request = target_of(job, contract);
    request.select = job.select;
    if (contract != nullptr) request.select = LAGOA_TRY(hold_to_contract(context, *session, job, *contract, result));
    request.user_metadata = json::dump(made.to_json(job, context.run));
    const WriteResult written = LAGOA_TRY(context.lake->write(*session, request), "writing {}", job.target.text());
    result.version = written.version;
    result.committed = written.committed;
    result.rows_out = written.rows;
    result.size_bytes = written.size_bytes;
    if (contract == nullptr) result.rows_in = written.rows;
    result.quarantine_version = LAGOA_TRY(quarantined(context, job));
    return result;
}

}  // namespace lagoa::jobs
