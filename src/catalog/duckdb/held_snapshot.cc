#include "catalog/duckdb/held_snapshot.h"

#include <map>
#include <utility>

#include "duckdb.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/extension/extension_loader.hpp"

#include "base/id.h"
#include "base/text.h"
#include "catalog/duckdb/delta_scan.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr const char* kFunctionName = "lagoa_snapshot";

// The snapshots that one connection holds; used by its thread only.
struct HeldSources final : duckdb::ClientContextState {
    static constexpr const char* kKey = "lagoa_held_snapshots";
    std::map<std::string, ScanSource> by_name;
};

duckdb::unique_ptr<duckdb::FunctionData> bind(duckdb::ClientContext& context, duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<duckdb::string>& names) {
    const auto held = context.registered_state->Get<HeldSources>(HeldSources::kKey);
    const std::string name = input.inputs[0].IsNull() ? "" : input.inputs[0].GetValue<std::string>();
    const auto source = held ? held->by_name.find(name) : decltype(held->by_name.find(name)){};
    if (!held || source == held->by_name.end())
        raise({ErrorCode::kNotFound, fmt::format("{}() is not for queries", kFunctionName), "Write delta('PATH')."});
    return bind_delta_rows(context, source->second, types, names);
}

}  // namespace

Result<> register_held_snapshots(Engine& engine) {
    return guarded([&]() -> Result<> {
        duckdb::TableFunction function = delta_scan_function(instance(engine), kFunctionName, bind);
        duckdb::ExtensionLoader(instance(engine), "lagoa").RegisterFunction(std::move(function));
        return {};
    });
}

HeldSnapshot::HeldSnapshot(Session& session, std::shared_ptr<const delta::Snapshot> snapshot, std::string root,
                           const delta::TableLocation& table, OnlyRows only)
    : session_(session), name_(new_uuid()), sql_(fmt::format("{}({})", kFunctionName, quote_literal(name_))) {
    const auto held = context(session_).registered_state->GetOrCreate<HeldSources>(HeldSources::kKey);
    ScanSource source{std::move(snapshot), std::move(root), table};
    if (!only.empty()) source.only = std::make_shared<const OnlyRows>(std::move(only));
    held->by_name.emplace(name_, std::move(source));
}

HeldSnapshot::~HeldSnapshot() {
    if (const auto held = context(session_).registered_state->Get<HeldSources>(HeldSources::kKey))
        held->by_name.erase(name_);
}

}  // namespace lagoa
