#include "catalog/duckdb/lake_views.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "duckdb/catalog/catalog_entry/view_catalog_entry.hpp"
#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/planner/binder.hpp"

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/duckdb/session_view.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

// Table functions that read nothing but their arguments.
constexpr std::array<std::string_view, 7> kPureFunctions = {"generate_series", "json_each",  "json_tree", "range",
                                                            "repeat",          "repeat_row", "unnest"};

// What a view looks up when it is bound, judged.
class ViewReferences {
public:
    ViewReferences(const duckdb::Catalog& lake, std::string view) : lake_(lake), view_(std::move(view)) {}

    void add(duckdb::CatalogEntry& entry) {
        if (auto found = fault(entry); found && !fault_) fault_ = std::move(found);
        if (fault_) raise(*fault_);  // before the function that it names is bound, and opens a file
    }

    /// The binder tries some expressions twice and forgets what the first try threw.
    const std::optional<Error>& first_fault() const { return fault_; }

private:
    std::optional<Error> fault(duckdb::CatalogEntry& entry) const {
        using enum duckdb::CatalogType;
        switch (entry.type) {
            case TABLE_ENTRY:
            case VIEW_ENTRY:
                if (&entry.ParentCatalog() != &lake_) return outside(entry.name);
                if (entry.ParentSchema().name + "." + entry.name == view_)
                    return Error{ErrorCode::kInvalidArgument,
                                 fmt::format("creating view {}: it would read itself", view_)};
                return std::nullopt;
            case TABLE_FUNCTION_ENTRY:
                if (std::ranges::find(kPureFunctions, entry.name) == kPureFunctions.end())
                    return outside(entry.name + "()");
                return std::nullopt;
            case MACRO_ENTRY:
            case TABLE_MACRO_ENTRY:
            case SEQUENCE_ENTRY:
            case TYPE_ENTRY:
                if (!entry.internal && !entry.ParentCatalog().IsSystemCatalog()) return outside(entry.name);
                return std::nullopt;
            default:
                return std::nullopt;
        }
    }

    Error outside(const std::string& what) const {
        return {ErrorCode::kUnsupported,
                fmt::format("creating view {}: it reads {}, which is not of the lake", view_, what),
                "A view of the lake reads its tables and views only; load other data into a table first."};
    }

    const duckdb::Catalog& lake_;
    const std::string view_;
    std::optional<Error> fault_;
};

// `CREATE VIEW v(a, b) AS …` names columns from the left.
std::string select_text(const duckdb::CreateViewInfo& info) {
    const std::string select = info.query->ToString();
    if (info.aliases.empty()) return select;
    std::vector<std::string> names;
    for (const auto& alias : info.aliases) names.push_back(quote_identifier(alias));
    return fmt::format("SELECT * FROM ({}) AS named({})", select, fmt::join(names, ", "));
}

}  // namespace

std::unique_ptr<duckdb::CatalogEntry> make_view_entry(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                                                      const std::string& name, const std::string& sql) {
    duckdb::CreateViewInfo info(schema, name);
    const auto parsed = guarded([&]() -> Result<> {
        info.query = duckdb::CreateViewInfo::ParseSelect(sql);
        return {};
    });
    if (!parsed)
        raise(
            {ErrorCode::kCorruption, fmt::format("reading view {}.{}: {}", schema.name, name, parsed.error().message)});
    info.sql = sql;
    return std::make_unique<duckdb::ViewCatalogEntry>(catalog, schema, info);
}

std::string view_select(duckdb::ClientContext& client, duckdb::SchemaCatalogEntry& schema,
                        const duckdb::CreateViewInfo& info) {
    std::string sql = select_text(info);
    // A connection of its own, with the client's view of the lake and nothing else of the client.
    duckdb::Connection connection(*client.db);
    duckdb::ClientContext& context = *connection.context;
    context.registered_state->Insert(SessionView::kKey,
                                     duckdb::make_shared_ptr<SessionView>(session_view(client)->view));
    ViewReferences references(schema.catalog, schema.name + "." + to_lower(info.view_name));
    const auto bound = guarded([&]() -> Result<> {
        context.RunFunctionInTransaction([&] {
            duckdb::ClientData::Get(context).catalog_search_path->Set(
                duckdb::CatalogSearchEntry(schema.catalog.GetName(), schema.name),
                duckdb::CatalogSetPathType::SET_SCHEMA);
            const auto binder = duckdb::Binder::CreateBinder(context);
            binder->SetCatalogLookupCallback([&](duckdb::CatalogEntry& entry) { references.add(entry); });
            const auto select = duckdb::CreateViewInfo::ParseSelect(sql);
            binder->Bind(static_cast<duckdb::SQLStatement&>(*select));
        });
        return {};
    });
    if (references.first_fault()) raise(*references.first_fault());
    if (!bound)  // it did bind in the client's session
        raise({ErrorCode::kInvalidArgument,
               fmt::format("creating view {}.{}: other sessions could not read it: {}", schema.name, info.view_name,
                           split(bound.error().message, '\n').front()),
               "Name tables as zone.table; temporary tables and macros are none of the lake's."});
    return sql;
}

}  // namespace lagoa
