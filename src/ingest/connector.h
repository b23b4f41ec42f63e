// A kind of source. Each lives in ingest/<kind>/ and registers in connectors.cc.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "ingest/manifest.h"
#include "ingest/source.h"
#include "model/project.h"
#include "net/http_client.h"

namespace lagoa::ingest {

/// What a connector may use. Everything outlives the call.
struct FetchContext {
    const Project* project = nullptr;
    const Source* source = nullptr;
    Environment environment;
    net::HttpClient* http = nullptr;
    Engine* engine = nullptr;  ///< postgres
    Clock* clock = nullptr;
    std::stop_token stop;
    std::string run;
    json::Value parameters;  ///< The task's payload beside `source`: `date`, `tickers`, …
    json::Value cursor;      ///< Of the last manifest; null at first.
};

/// Where a connector lands what it got. Implemented by ingest_source (landing.h) and by tests.
class LandingSink {
public:
    virtual ~LandingSink() = default;
    /// Writes `bytes` under the run's folder as `<stream>-<item>.<extension>`, durable on return, and
    /// remembers `object` (key, sha256, size and fetched are filled in). Returns its key.
    virtual Result<std::string> land(LandedObject object, std::string_view extension, std::string_view bytes) = 0;
    /// Remembers an object that the connector wrote itself (postgres → Parquet).
    virtual Result<> add(LandedObject object) = 0;
    /// The key that land() would use, for writers that stream.
    virtual std::string key_for(std::string_view stream, std::string_view item, std::string_view extension) = 0;
    virtual ObjectStore& store() = 0;
    /// The SQL path of a key in the landing zone (`lagoa://landing/<key>`).
    virtual std::string sql_path(std::string_view key) = 0;
    /// Remembers an item that gave nothing usable; the run goes on.
    virtual void item_failed(std::string_view stream, std::string_view item, const Error& error) = 0;
};

/// Stateless; one instance a kind.
class Connector {
public:
    virtual ~Connector() = default;
    virtual std::string_view kind() const = 0;
    /// Checks the declaration without any I/O. kInvalidConfig names file, line and field.
    virtual Result<> check(const Source& source) const = 0;
    /// Fetches everything that is new and lands it. Returns the cursor after. An error means that the run
    /// as a whole failed (bad token, server down, page changed); single items go to item_failed.
    virtual Result<json::Value> fetch(const FetchContext& context, LandingSink& sink) const = 0;
};

/// nullptr for an unknown kind.
const Connector* find_connector(std::string_view kind);
std::vector<const Connector*> all_connectors();

}  // namespace lagoa::ingest
