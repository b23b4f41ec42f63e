#include "catalog/impl/vacuum_table.h"

#include "delta/commit.h"
#include "delta/table_properties.h"
#include "delta/vacuum.h"

namespace lagoa {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxAttempts = 5;  // of a commit that says nothing but that there was a vacuum
constexpr std::size_t kErrorsShown = 3;

class Vacuum {
public:
    Vacuum(const OperationContext& context, const TableName& table, const VacuumRequest& request,
           delta::TableLocation location)
        : context_(context), table_(table), request_(request), location_(std::move(location)) {}

    Result<VacuumResult> run() {
        const auto newest = LAGOA_TRY(context_.writable(table_));
        const delta::VacuumScope scope = LAGOA_TRY(find_scope(newest->metadata));
        delta::VacuumPlan plan = LAGOA_TRY(delta::plan_vacuum(location_, newest, scope));
        if (request_.dry_run) return result(plan);

        LAGOA_TRY(commit("VACUUM START", start_parameters(),
                         json::make_object({{"numFilesToDelete", std::uint64_t{plan.files.size()}},
                                            {"sizeOfDataToDelete", plan.size_bytes()}})));
        // A RESTORE that was committed meanwhile may have brought files back.
        delta::spare_live_files(plan, location_, *LAGOA_TRY(delta::refresh(location_, newest)));
        const delta::VacuumOutcome outcome = delta::remove_files(location_, plan);
        LAGOA_TRY(end(plan, outcome), "{} files are removed, but", outcome.files_removed);
        return result(plan);
    }

private:
    Result<delta::VacuumScope> find_scope(const delta::Metadata& metadata) {
        const auto retention = delta::deleted_file_retention(metadata);
        if (!retention)
            return fail_with_hint(ErrorCode::kInvalidArgument, "Set it to an interval, such as interval 7 days.",
                                  "the property delta.deletedFileRetentionDuration cannot be read: what is old is "
                                  "not known");
        table_retention_ = *retention;
        const milliseconds retain = request_.retain ? milliseconds(*request_.retain) : table_retention_;
        if (retain.count() < 0)
            return fail(ErrorCode::kInvalidArgument, "a retention of {} hours is below zero", request_.retain->count());
        if (retain < table_retention_ && !request_.allow_short)
            return fail_with_hint(
                ErrorCode::kInvalidArgument,
                fmt::format("Retain {} hours or more. If nothing writes the table or reads old versions of it, allow "
                            "a shorter one in so many words: lagoa table vacuum --allow-short.",
                            std::chrono::ceil<std::chrono::hours>(table_retention_).count()),
                "a retention of {} hours is below the table's: files of running writers and readers would go",
                request_.retain->count());
        delta::VacuumScope scope;
        const Instant cutoff = context_.tables->clock->now() - retain;
        scope.cutoff_ms = std::chrono::floor<milliseconds>(cutoff).time_since_epoch().count();
        scope.keep = LAGOA_TRY(context_.tables->log->kept_versions_of(table_, context_.tables->retention));
        scope.keep_since_cutoff = retain > table_retention_;
        scope.lite = request_.lite;
        return scope;
    }

    // The record of the vacuum, and an error if a file is left.
    Result<> end(const delta::VacuumPlan& plan, const delta::VacuumOutcome& outcome) {
        const bool is_complete = outcome.errors.empty();
        LAGOA_TRY(commit(
            "VACUUM END", json::make_object({{"status", is_complete ? "COMPLETED" : "FAILED"}}),
            json::make_object({{"numDeletedFiles", outcome.files_removed}, {"numVacuumedDirectories", plan.folders}})));
        if (is_complete && plan.done_until) return delta::note_vacuum(location_, *plan.done_until);
        if (is_complete) return {};
        std::string errors;
        for (std::size_t i = 0; i < std::min(kErrorsShown, outcome.errors.size()); ++i)
            errors += (i > 0 ? "; " : "") + outcome.errors[i].message;
        return fail_with_hint(outcome.errors.front().code, "Vacuum again: it goes on with what is left.",
                              "{} could not be removed: {}", outcome.errors.size(), errors);
    }

    json::Object start_parameters() const {
        json::Object parameters =
            json::make_object({{"retentionCheckEnabled", !request_.allow_short},
                               {"defaultRetentionMillis", std::int64_t{table_retention_.count()}}});
        if (request_.retain)
            parameters.set("specifiedRetentionMillis", std::int64_t{milliseconds(*request_.retain).count()});
        return parameters;
    }

    // A commit without actions stands on any version.
    Result<> commit(std::string operation, json::Object parameters, json::Object metrics) {
        for (int attempt = 1;; ++attempt) {
            const auto base = LAGOA_TRY(context_.writable(table_));
            delta::CommitRequest request;
            request.read_set = delta::ReadSet::nothing();
            request.operation = operation;
            request.operation_parameters = parameters;
            request.operation_metrics = metrics;
            const auto done =
                delta::commit(location_, base, std::move(request), context_.tables->commit_options(table_));
            if (done) return {};
            if (done.error().code != ErrorCode::kConflict || attempt == kMaxAttempts)
                return pass_on(done.error(), "committing {}", operation);
        }
    }

    static VacuumResult result(const delta::VacuumPlan& plan) {
        VacuumResult result{.files = {}, .bytes = plan.size_bytes(), .folders_considered = plan.folders};
        for (const delta::VacuumFile& file : plan.files) result.files.push_back(file.path);
        return result;
    }

    const OperationContext& context_;
    const TableName& table_;
    const VacuumRequest& request_;
    const delta::TableLocation location_;
    milliseconds table_retention_{};
};

}  // namespace

Result<VacuumResult> vacuum_table(const OperationContext& context, const TableName& table,
                                  const VacuumRequest& request) {
    delta::TableLocation location = LAGOA_TRY(context.tables->locate(table));
    return Vacuum(context, table, request, std::move(location)).run();
}

}  // namespace lagoa
