// `lagoa table optimize`, `vacuum`, `restore`, …: tables changed and maintained as a whole.
//
// Each works on the table's newest version and needs no lease: Delta's commits decide who comes first. Results are told
// as `name value` lines, or as a JSON object of the same names.
#include <chrono>

#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "app/commands/verbs.h"
#include "app/cut.h"
#include "app/noun.h"
#include "app/output.h"
#include "app/result_printer.h"
#include "base/text.h"

namespace lagoa::app {
namespace {

constexpr auto kVersionHelp = "A version v12, a day 2026-09-30 (its end) or an instant 2026-09-30T18:00:00-03:00";

// What an operation works with.
struct TableWork {
    Workspace& workspace;
    Lake& lake;
    TableName table;
    std::stop_token stop;

    TableOperations& operations() const { return lake.operations(); }
    Result<std::unique_ptr<Session>> session() const { return lake.connect({.base = Cut::Base::kHead, .pins = {}}); }
};

json::Value version_or_null(const std::optional<delta::Version>& version) {
    return version ? json::Value(*version) : json::Value();
}

// A verb on one table. What act() answers is told.
class TableVerb : public Verb {
public:
    Result<> run(const Invocation& invocation) final {
        const TableName name = LAGOA_TRY(TableName::parse(table_));
        LAGOA_TRY(check());
        const auto workspace = LAGOA_TRY(invocation.open());
        Lake* lake = LAGOA_TRY(workspace->lake());
        const json::Object result = LAGOA_TRY(act({*workspace, *lake, name, invocation.stop}));
        if (json_)
            print_json(json::Value(result), stdout);
        else
            tell(result);
        return {};
    }

protected:
    // Declares `name` below `table`, or below a noun of it, with TABLE as its first argument.
    void declare(CLI::App& app, const std::string& name, const std::string& what, const std::string& below = "",
                 const std::string& below_what = "") {
        CLI::App* parent = noun(app, "table", "Tables of the lake");
        if (!below.empty()) parent = noun(*parent, below, below_what);
        command = parent->add_subcommand(name, what);
        command->add_option("TABLE", table_, "e.g. silver.stocks_refined")->required();
        command->add_flag("--json", json_, "Print as JSON");
    }

    virtual Result<> check() { return {}; }
    virtual Result<json::Object> act(const TableWork& work) = 0;
    virtual void tell(const json::Object& result) const {
        for (const auto& [key, value] : result)
            if (!value.is_null())
                say(stdout, "{:<18} {}\n", key, value.is_string() ? *value.string() : json::dump(value));
    }

private:
    std::string table_;
    bool json_ = false;
};

class OptimizeVerb final : public TableVerb {
public:
    void add(CLI::App& app) override {
        declare(app, "optimize", "Make small files large, order rows, leave deleted rows behind");
        command->add_option("--where", request_.where, "A condition over partition columns: only those partitions");
        command->add_option("--z-order", request_.z_order, "Columns to order rows by, a,b")->delimiter(',');
        command->add_flag("--full", request_.full, "Of a clustered table: also what is clustered already");
        command->add_flag("--purge", request_.purge, "Rewrite every file that has deleted rows");
        command->footer("Example: lagoa table optimize silver.price_history --z-order ticker,trade_date");
    }

private:
    Result<json::Object> act(const TableWork& work) override {
        request_.stop = work.stop;
        const OptimizeResult done = LAGOA_TRY(work.operations().optimize(work.table, request_));
        return json::make_object({{"table", work.table.text()},
                                  {"version", version_or_null(done.version)},
                                  {"files_added", done.files_added},
                                  {"files_removed", done.files_removed},
                                  {"bytes_added", done.bytes_added},
                                  {"bytes_removed", done.bytes_removed},
                                  {"files_considered", done.files_considered},
                                  {"partitions", done.partitions_optimized}});
    }
    void tell(const json::Object& result) const override {
        if (!result.find("version")->is_null()) return TableVerb::tell(result);
        say(stdout, "{} needs no optimizing\n", *result.find("table")->string());
    }

    OptimizeRequest request_;
};

class VacuumVerb final : public TableVerb {
public:
    void add(CLI::App& app) override {
        declare(app, "vacuum", "Remove files that no kept version needs, and say which");
        command->add_option("--retain-hours", retain_hours_, "Keep what was removed since; default: the table's own")
            ->check(CLI::Range(0, 1'000'000));
        command->add_flag("--lite", request_.lite, "Only files that the log names as removed: no listing");
        command->add_flag("--dry-run", request_.dry_run, "Say what would be removed, remove nothing");
        command->add_flag("--allow-short", request_.allow_short,
                          "Retain less than the table does: what running readers use may go");
        command->footer("Example: lagoa table vacuum silver.price_history --dry-run");
    }

private:
    Result<json::Object> act(const TableWork& work) override {
        if (retain_hours_) request_.retain = std::chrono::hours(*retain_hours_);
        const VacuumResult done = LAGOA_TRY(work.operations().vacuum(work.table, request_));
        return json::make_object({{"table", work.table.text()},
                                  {"dry_run", request_.dry_run},
                                  {"files", json::Array(done.files.begin(), done.files.end())},
                                  {"size_bytes", done.bytes}});
    }
    void tell(const json::Object& result) const override {
        const json::Array& files = *result.find("files")->array();
        if (files.empty()) return say(stdout, "{} has nothing to remove\n", *result.find("table")->string());
        for (const json::Value& file : files) say(stdout, "{}\n", *file.string());
        const auto bytes = static_cast<std::uint64_t>(result.find("size_bytes")->number()->to_int64().value_or(0));
        say(stdout, "{} files, {}: {}\n", files.size(), human_bytes(bytes),
            request_.dry_run ? "would be removed" : "removed");
    }

    VacuumRequest request_;
    std::optional<std::int64_t> retain_hours_;
};

class RestoreVerb final : public TableVerb {
public:
    void add(CLI::App& app) override {
        declare(app, "restore", "Make a new version that has the rows of an older one");
        command->add_option("--to", to_, kVersionHelp)->required();
        command->footer("Example: lagoa table restore gold.signals --to v12");
    }

private:
    Result<json::Object> act(const TableWork& work) override {
        const VersionChoice to = LAGOA_TRY(resolve_table_version(work.workspace, to_), "--to");
        const RestoreResult done = LAGOA_TRY(work.operations().restore(work.table, to));
        return json::make_object({{"table", work.table.text()},
                                  {"version", version_or_null(done.version)},
                                  {"restored", done.restored},
                                  {"files_restored", done.files_restored},
                                  {"files_removed", done.files_removed},
                                  {"bytes_restored", done.bytes_restored},
                                  {"bytes_removed", done.bytes_removed}});
    }
    void tell(const json::Object& result) const override {
        if (!result.find("version")->is_null()) return TableVerb::tell(result);
        say(stdout, "{} is as it was at version {}\n", *result.find("table")->string(),
            json::dump(*result.find("restored")));
    }

    std::string to_;
};

class ConvertVerb final : public TableVerb {
public:
    void add(CLI::App& app) override {
        declare(app, "convert", "Make a Delta table of the Parquet files in its folder");
        command->add_option("--partition", partitions_, "A partition column and its type, d=DATE; repeat for more");
        command->add_flag("--no-statistics", request_.no_statistics, "Read no file's statistics: no file is skipped");
        command->footer("Example: lagoa table convert bronze.quotes --partition trade_date=DATE");
    }

private:
    Result<> check() override {
        for (const std::string& partition : partitions_) {
            const auto equals = partition.find('=');
            if (equals == std::string::npos || equals == 0 || equals + 1 == partition.size())
                return fail_with_hint(ErrorCode::kInvalidArgument, "--partition trade_date=DATE",
                                      "--partition {}: not a column and its type", partition);
            request_.partition_types[partition.substr(0, equals)] = partition.substr(equals + 1);
        }
        return {};
    }
    Result<json::Object> act(const TableWork& work) override {
        const ConvertResult done = LAGOA_TRY(work.operations().convert(work.table, request_));
        return json::make_object({{"table", work.table.text()}, {"version", done.version}, {"files", done.files}});
    }

    ConvertRequest request_;
    std::vector<std::string> partitions_;
};

class CloneVerb final : public TableVerb {
public:
    void add(CLI::App& app) override {
        declare(app, "clone", "Make a table whose first files are another's");
        command->add_option("SOURCE", request_.source, "A table zone.name, or the path of one")->required();
        command->add_option("--at", at_, kVersionHelp)->default_str("its newest");
        command->add_flag("--replace", request_.replace, "Take the place of the table that is there");
        command->add_flag("--if-not-exists", request_.if_not_exists, "Do nothing if there is one");
        command->footer("Example: lagoa table clone silver.trial silver.price_history --at 2026-09-30");
    }

private:
    Result<json::Object> act(const TableWork& work) override {
        if (!at_.empty()) request_.at = LAGOA_TRY(resolve_table_version(work.workspace, at_), "--at");
        const CloneResult done = LAGOA_TRY(work.operations().clone(work.table, request_));
        return json::make_object({{"table", work.table.text()},
                                  {"version", version_or_null(done.version)},
                                  {"files", done.files},
                                  {"size_bytes", done.bytes}});
    }
    void tell(const json::Object& result) const override {
        if (!result.find("version")->is_null()) return TableVerb::tell(result);
        say(stdout, "{} was there\n", *result.find("table")->string());
    }

    CloneRequest request_;
    std::string at_;
};

class DetailVerb final : public TableVerb {
public:
    void add(CLI::App& app) override {
        declare(app, "detail", "Format, place, size, properties and features of a table");
        command->footer("Example: lagoa table detail silver.price_history --json");
    }

private:
    Result<json::Object> act(const TableWork& work) override {
        const auto session = LAGOA_TRY(work.session());
        auto rows = LAGOA_TRY(session->rows("DESCRIBE DETAIL " + work.table.text()));
        return std::move(rows.at(0));
    }
};

// Verbs that change a rule.
class RuleVerb : public TableVerb {
protected:
    explicit RuleVerb(RuleChange::Kind kind) { change_.kind = kind; }

    Result<json::Object> act(const TableWork& work) override {
        const delta::Version version = LAGOA_TRY(work.operations().change_rule(work.table, change_));
        return json::make_object({{"table", work.table.text()}, {"version", version}});
    }

    RuleChange change_;
};

class ConstraintAddVerb final : public RuleVerb {
public:
    ConstraintAddVerb() : RuleVerb(RuleChange::Kind::kAddConstraint) {}
    void add(CLI::App& app) override {
        declare(app, "add", "Add a CHECK that every row there is meets", "constraint", "Conditions on every row");
        command->add_option("NAME", change_.name, "The constraint's name")->required();
        command->add_option("CONDITION", change_.text, "SQL over the table's columns")->required();
        command->footer("Example: lagoa table constraint add gold.signals known_side \"side IN ('buy', 'sell')\"");
    }
};

class ConstraintDropVerb final : public RuleVerb {
public:
    ConstraintDropVerb() : RuleVerb(RuleChange::Kind::kDropConstraint) {}
    void add(CLI::App& app) override {
        declare(app, "drop", "Drop a CHECK", "constraint", "Conditions on every row");
        command->add_option("NAME", change_.name, "The constraint's name")->required();
        command->add_flag("--if-exists", change_.if_exists, "Do nothing if there is none");
    }
};

class ClusterVerb final : public RuleVerb {
public:
    ClusterVerb() : RuleVerb(RuleChange::Kind::kClusterBy) {}
    void add(CLI::App& app) override {
        declare(app, "cluster", "Cluster a table by columns: optimize keeps like values together");
        const auto columns = command->add_option("COLUMNS", change_.columns, "One to four columns");
        command->add_flag("--none", none_, "Cluster no more")->excludes(columns);
        command->footer("Example: lagoa table cluster silver.price_history ticker trade_date");
    }

private:
    Result<> check() override {
        if (none_ != change_.columns.empty())
            return fail_with_hint(ErrorCode::kInvalidArgument, "lagoa table cluster TABLE COLUMN…, or --none",
                                  "there is nothing to cluster by");
        return {};
    }

    bool none_ = false;
};

class FeatureVerb final : public RuleVerb {
public:
    explicit FeatureVerb(bool adds)
        : RuleVerb(adds ? RuleChange::Kind::kAddFeature : RuleChange::Kind::kDropFeature), adds_(adds) {}
    void add(CLI::App& app) override {
        declare(app, adds_ ? "add" : "drop",
                adds_ ? "Let a table have a feature of the Delta protocol" : "Take a feature and its traces away",
                "feature", "Features of the Delta protocol");
        command->add_option("FEATURE", change_.name, "e.g. deletionVectors")->required();
    }

private:
    const bool adds_;
};

// Properties are SQL's: names are checked and spelt there.
class PropertiesVerb final : public TableVerb {
public:
    explicit PropertiesVerb(bool sets) : sets_(sets) {}
    void add(CLI::App& app) override {
        declare(app, sets_ ? "set" : "unset", sets_ ? "Set properties of a table" : "Forget properties of a table",
                "properties", "Properties of a table");
        command->add_option("PROPERTIES", given_, sets_ ? "NAME=VALUE, one or more" : "NAME, one or more")->required();
        if (sets_) command->footer("Example: lagoa table properties set gold.signals delta.enableChangeDataFeed=true");
    }

private:
    Result<> check() override {
        if (!sets_) return {};
        for (const std::string& property : given_)
            if (const auto equals = property.find('='); equals == std::string::npos || equals == 0)
                return fail_with_hint(ErrorCode::kInvalidArgument, "delta.appendOnly=true",
                                      "{} is not a property and its value", property);
        return {};
    }
    Result<json::Object> act(const TableWork& work) override {
        std::vector<std::string> entries;
        for (const std::string& property : given_) {
            const auto equals = property.find('=');
            entries.push_back(sets_ ? fmt::format("{} = {}", quote_literal(property.substr(0, equals)),
                                                  quote_literal(property.substr(equals + 1)))
                                    : quote_literal(property));
        }
        const auto session = LAGOA_TRY(work.session());
        LAGOA_TRY(session->execute(fmt::format("ALTER TABLE {} {} ({})", work.table.text(), sets_ ? "SET" : "RESET",
                                               fmt::join(entries, ", "))));
        const auto changed = LAGOA_TRY(work.lake.snapshot(work.table, {.base = Cut::Base::kHead, .pins = {}}));
        json::Object properties;
        for (const auto& [name, value] : changed->metadata.configuration) properties.set(name, value);
        return json::make_object(
            {{"table", work.table.text()}, {"version", changed->version}, {"properties", std::move(properties)}});
    }

    const bool sets_;
    std::vector<std::string> given_;
};

}  // namespace

void add_table_verbs(std::vector<std::unique_ptr<Verb>>& verbs) {
    verbs.push_back(std::make_unique<DetailVerb>());
    verbs.push_back(std::make_unique<OptimizeVerb>());
    verbs.push_back(std::make_unique<VacuumVerb>());
    verbs.push_back(std::make_unique<RestoreVerb>());
    verbs.push_back(std::make_unique<ConvertVerb>());
    verbs.push_back(std::make_unique<CloneVerb>());
    verbs.push_back(std::make_unique<ClusterVerb>());
    verbs.push_back(std::make_unique<ConstraintAddVerb>());
    verbs.push_back(std::make_unique<ConstraintDropVerb>());
    verbs.push_back(std::make_unique<FeatureVerb>(true));
    verbs.push_back(std::make_unique<FeatureVerb>(false));
    verbs.push_back(std::make_unique<PropertiesVerb>(true));
    verbs.push_back(std::make_unique<PropertiesVerb>(false));
}

}  // namespace lagoa::app
