#include "ingest/loader.h"

#include <algorithm>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/contract_check.h"
#include "ingest/impl/load_stage.h"

namespace lagoa::ingest {
namespace {

constexpr std::uint64_t kBatchBytes = std::uint64_t{256} << 20;  // landed bytes of one commit, or one manifest
constexpr int kMaxRaces = 10;                                    // with another loader of the same table

const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

using Manifests = std::shared_ptr<const std::vector<Manifest>>;

TableName quarantine_of(const TableName& table) {
    return {"quarantine", table.table};
}

// nullptr: no such table yet.
Result<std::shared_ptr<const delta::Snapshot>> head_of(Lake& lake, const TableName& table) {
    auto snapshot = lake.snapshot(table, kHead);
    if (!snapshot && snapshot.error().code == ErrorCode::kNotFound) return nullptr;
    return snapshot;
}

// What one source gives to the table.
struct SourcePlan {
    Source source;
    std::vector<RecordPlan> plans;
};

// What every write of a bronze table says of it.
WriteRequest table_request(const Contract& contract) {
    WriteRequest request{
        .table = contract.table, .properties = {}, .description = contract.description, .operation = "LOAD"};
    json::Array key;
    for (const auto& name : contract.key()) key.emplace_back(name);
    request.properties["lagoa.businessKey"] = json::dump(key);
    for (const auto& column : contract.columns)
        if (!column.description.empty()) request.comments[column.name] = column.description;
    request.comments["_run"] = "Run that landed the object.";
    request.comments["_object"] = "Object in landing that the row was taken from.";
    request.comments["_pointer"] = "Place of the record in the object.";
    request.comments["_known_from"] = "When the source said so.";
    return request;
}

// Loads one source's manifests into one table.
class SourceLoader {
public:
    SourceLoader(const LoadContext& context, const Contract& contract, SourcePlan& from, Session& session,
                 LoadResult& result)
        : context_(context),
          contract_(contract),
          from_(from),
          session_(session),
          stage_(session, contract),
          result_(result) {}

    Result<> run() {
        LAGOA_TRY(stage_.check_patterns());
        for (int race = 0; race < kMaxRaces; ++race) {
            const auto done = apply_next();
            if (!done && done.error().code != ErrorCode::kConflict) return pass_on(done.error());
            if (done && *done == Step::kNothingLeft) return {};
            if (done && *done == Step::kApplied) race = -1;
        }
        return fail(ErrorCode::kConflict, "other loaders of {} were faster {} times", contract_.table.text(),
                    kMaxRaces);
    }

private:
    enum class Step {
        kNothingLeft,
        kApplied,
        kOvertaken,  ///< Another loader has applied them.
    };

    struct Base {
        std::shared_ptr<const delta::Snapshot> snapshot;  // nullptr: no such table yet
        std::int64_t txn = -1;
    };

    std::string app_id() const { return fmt::format("lagoa/{}/{}", from_.source.name, contract_.table.text()); }

    // Applies the next batch of manifests in one commit.
    Result<Step> apply_next() {
        const auto snapshot = LAGOA_TRY(head_of(*context_.lake, contract_.table));
        const Base base{snapshot, snapshot == nullptr ? -1 : snapshot->txn_version(app_id())};
        if (snapshot != nullptr) result_.version = snapshot->version;
        const Manifests manifests = std::make_shared<const std::vector<Manifest>>(
            LAGOA_TRY(manifests_after(*context_.landing, from_.source.name,
                                      static_cast<std::uint64_t>(std::max<std::int64_t>(base.txn, 0)), kBatchBytes)));
        if (manifests->empty()) return Step::kNothingLeft;
        const std::vector<Feed> feeds = LAGOA_TRY(feeds_of(manifests));
        const std::string name = "load/" + new_uuid();
        const auto rows = std::make_shared<LandingRows>(*context_.landing, feeds, contract_,
                                                        [lake = context_.lake] { return lake->connect(kHead); });
        LAGOA_TRY(session_.add_source(name, rows));
        LAGOA_TRY(stage_.fill(name, feeds));
        LAGOA_TRY(stage_.find_repeats(snapshot.get()));
        // What may refuse the batch as a whole comes before its first commit.
        LAGOA_TRY(check_table_rules());
        const LoadStage::Counts refused = LAGOA_TRY(stage_.count());
        if (refused.refused > 0) LAGOA_TRY(quarantine_rows());
        const bool committed = LAGOA_TRY(add_rows(*manifests, base));
        if (!committed) return Step::kOvertaken;
        result_.manifests += manifests->size();
        result_.rows_in += rows->counts().records;
        result_.rows_skipped += rows->counts().skipped;
        result_.size_bytes += rows->counts().size_bytes;
        result_.rows_quarantined += refused.refused;
        result_.rows_duplicate += refused.repeated;
        return Step::kApplied;
    }

    Result<std::vector<Feed>> feeds_of(const Manifests& manifests) {
        std::vector<Feed> feeds;
        for (const auto& manifest : *manifests) {
            for (const auto& object : manifest.objects) {
                if (object.format == RecordFormat::kNone || from_.source.is_retired(object.stream)) continue;
                if (from_.source.find(object.stream) == nullptr) return undeclared(object);
                for (auto& plan : from_.plans)
                    if (plan.stream->name == object.stream)
                        feeds.push_back({.manifest = {manifests, &manifest}, .object = &object, .plan = &plan});
            }
        }
        return feeds;
    }

    // Going on would leave its records out for ever.
    std::unexpected<Error> undeclared(const LandedObject& object) const {
        return fail_with_hint(
            ErrorCode::kInvalidConfig,
            fmt::format("Give the stream its name back, or list it in {} under retired_streams: [{}].",
                        from_.source.document.name(), object.stream),
            "loading {}: {} is of the stream {}, which {} does not declare", contract_.table.text(), object.key,
            object.stream, from_.source.document.name());
    }

    Result<> check_table_rules() {
        if (contract_.rules.empty()) return {};
        LAGOA_TRY(session_.execute("CREATE OR REPLACE TEMP VIEW load_additions AS " + stage_.additions()));
        return check_rules(session_, contract_, "temp.load_additions");
    }

    // Commits the refused rows that are not in quarantine yet. By what is there and not by how far a load came: a
    // repeated one may judge by another contract. The merge is for what others have added meanwhile.
    Result<> quarantine_rows() {
        const auto table = LAGOA_TRY(head_of(*context_.lake, quarantine_of(contract_.table)));
        const WriteRequest request{
            .table = quarantine_of(contract_.table),
            .select = stage_.refusals(from_.source.name, context_.run, context_.clock->now(), table != nullptr),
            .mode = WriteMode::kMerge,
            .key = {"id"},
            .properties = {},
            .description = "Rows that broke the contract of " + contract_.table.text(),
            .operation = "QUARANTINE",
            .skip_if_empty = true};
        LAGOA_TRY(context_.lake->write(session_, request), "quarantining rows of {}", contract_.table.text());
        return {};
    }

    Result<bool> add_rows(const std::vector<Manifest>& manifests, const Base& base) {
        WriteRequest request = table_request(contract_);
        request.select = stage_.additions();
        request.txn = delta::Txn{.app_id = app_id(), .version = static_cast<std::int64_t>(manifests.back().sequence)};
        request.txn_after = base.txn;
        request.user_metadata = json::dump(json::make_object({{"run", context_.run},
                                                              {"source", from_.source.name},
                                                              {"first_manifest", manifests.front().sequence},
                                                              {"last_manifest", manifests.back().sequence}}));
        const auto written = LAGOA_TRY(context_.lake->write(session_, request), "loading {}", contract_.table.text());
        if (!written.committed) return false;
        result_.version = written.version;
        result_.committed = true;
        result_.rows_out += written.rows;
        return true;
    }

    const LoadContext& context_;
    const Contract& contract_;
    SourcePlan& from_;
    Session& session_;
    LoadStage stage_;
    LoadResult& result_;
};

// Makes the table without rows, for models over a source that has not landed anything yet.
Result<delta::Version> create_empty(Lake& lake, const Contract& contract) {
    WriteRequest request = table_request(contract);
    for (const auto& column : contract.columns)
        request.select += fmt::format("CAST(NULL AS {}) AS {}, ", to_sql(column.type), quote_identifier(column.name));
    request.select = fmt::format(
        "SELECT {}'' AS _run, '' AS _object, '' AS _pointer, CAST(NULL AS TIMESTAMPTZ) AS _known_from WHERE false",
        request.select);
    request.skip_if_empty = true;
    const auto session = LAGOA_TRY(lake.connect(kHead));
    const auto written = LAGOA_TRY(lake.write(*session, request), "making {}", contract.table.text());
    return written.version;
}

// The sources that feed `table`, with their plans.
Result<std::vector<std::unique_ptr<SourcePlan>>> feeding_sources(const LoadContext& context, const Contract* contract,
                                                                 const TableName& table, const TimeZone& zone) {
    std::vector<std::unique_ptr<SourcePlan>> found;
    for (const auto& [name, document] : context.project->sources) {
        auto from = std::make_unique<SourcePlan>(SourcePlan{LAGOA_TRY(parse_source(name, document)), {}});
        for (const auto& stream : from->source.streams) {
            for (std::size_t i = 0; i < stream.tables.size(); ++i) {
                if (stream.tables[i].table != table) continue;
                if (contract == nullptr)
                    return fail_with_hint(ErrorCode::kInvalidConfig,
                                          fmt::format("Write contracts/{}.odcs.yaml.", table.text()),
                                          "{} has no contract", table.text());
                from->plans.push_back(LAGOA_TRY(make_plan(from->source, stream, i, *contract, zone)));
            }
        }
        if (!from->plans.empty()) found.push_back(std::move(from));
    }
    return found;
}

// What answers hold beside what is mapped: landing keeps it, and someone may want to know.
void log_unmapped(const SourcePlan& from, const TableName& table) {
    std::vector<std::string> names;
    for (const auto& plan : from.plans)
        for (const auto& name : plan.fields.back().unmapped())
            if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    if (names.empty()) return;
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ",") + name;
    log::info("load.unmapped_fields", {{"table", table.text()}, {"source", from.source.name}, {"fields", list}});
}

}  // namespace

Result<LoadResult> load_table(const LoadContext& context, const TableName& table) {
    const auto found = context.project->contracts.find(table);
    const Contract* contract = found == context.project->contracts.end() ? nullptr : &found->second;
    const TimeZone zone = LAGOA_TRY(TimeZone::load(context.project->time_zone));
    const auto sources = LAGOA_TRY(feeding_sources(context, contract, table, zone));
    if (sources.empty())
        return fail_with_hint(ErrorCode::kNotFound, "Name a table that a file in sources/ feeds.", "no source feeds {}",
                              table.text());
    if (contract->key().empty())
        return fail_with_hint(ErrorCode::kInvalidConfig,
                              "Mark the columns that name a row with primaryKey and primaryKeyPosition.",
                              "{}: the contract has no business key", contract->file);
    LoadResult result;
    for (const auto& from : sources) {
        auto session = LAGOA_TRY(context.lake->connect(kHead));
        const InterruptOnStop interrupt(*session, context.stop);
        LAGOA_TRY(SourceLoader(context, *contract, *from, *session, result).run());
        log_unmapped(*from, table);
    }
    if (result.version < 0) result.version = LAGOA_TRY(create_empty(*context.lake, *contract));
    // Also what an earlier load refused that ended before it could say so.
    if (const auto quarantine = LAGOA_TRY(head_of(*context.lake, quarantine_of(table))); quarantine != nullptr)
        result.quarantine_version = quarantine->version;
    if (result.rows_in > 0 && result.rows_quarantined == result.rows_in)
        return fail_with_hint(ErrorCode::kDataRejected, fmt::format("lagoa quarantine show {}", table.table),
                              "all {} records for {} break its contract", result.rows_in, table.text());
    return result;
}

}  // namespace lagoa::ingest
