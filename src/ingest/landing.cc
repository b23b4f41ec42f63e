#include "ingest/landing.h"

#include <ctime>
#include <set>

#include <fmt/chrono.h>
#include <fmt/ranges.h>

#include "base/id.h"
#include "base/log.h"
#include "net/digest.h"

namespace lagoa::ingest {
namespace {

constexpr std::size_t kMaxNameBytes = 80;  // of an item in a key: thirty tickers need more, and stand in the manifest

// The part of a key that names `item`: letters, digits, `.` and `-`, everything else `_`.
std::string file_name(std::string_view item) {
    std::string out;
    for (const char c : item.substr(0, kMaxNameBytes)) {
        const bool plain =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '-';
        out += plain ? c : '_';
    }
    return out;
}

/// What one run lands.
class RunSink final : public LandingSink {
public:
    RunSink(const FetchContext& context, ObjectStore& landing, Instant started)
        : clock_(*context.clock),
          landing_(landing),
          folder_(fmt::format("{}/date_ingestion={:%Y%m%d}/{}", context.source->name,
                              fmt::gmtime(std::chrono::system_clock::to_time_t(started)), context.run)) {}

    Result<std::string> land(LandedObject object, std::string_view extension, std::string_view bytes) override {
        object.key = key_for(object.stream, object.item, extension);
        object.sha256 = net::sha256_hex(bytes);
        object.size_bytes = bytes.size();
        object.fetched = clock_.now();
        LAGOA_TRY(landing_.put(object.key, bytes), "landing {}", object.key);
        std::string key = object.key;
        LAGOA_TRY(add(std::move(object)));
        return key;
    }

    Result<> add(LandedObject object) override {
        LAGOA_TRY(check_key(object.key), "landing an object of {}", object.stream);
        keys_.insert(object.key);
        objects_.push_back(std::move(object));
        return {};
    }

    std::string key_for(std::string_view stream, std::string_view item, std::string_view extension) override {
        const std::string name = item.empty() ? std::string(stream) : fmt::format("{}-{}", stream, file_name(item));
        std::string key = fmt::format("{}/{}.{}", folder_, name, extension);
        for (int i = 2; keys_.contains(key); ++i) key = fmt::format("{}/{}~{}.{}", folder_, name, i, extension);
        return key;
    }

    ObjectStore& store() override { return landing_; }

    std::string sql_path(std::string_view key) override { return fmt::format("lagoa://landing/{}", key); }

    void item_failed(std::string_view stream, std::string_view item, const Error& error) override {
        log::warn("ingest.item_failed",
                  {{"stream", stream}, {"item", item}, {"code", info(error.code).name}, {"message", error.message}});
        if (failures_.empty()) first_failure_ = error;
        failures_.push_back(
            {std::string(stream), std::string(item), std::string(info(error.code).name), error.message});
    }

    std::vector<LandedObject>& objects() { return objects_; }
    std::vector<ItemFailure>& failures() { return failures_; }

    /// Whether anything but evidence was landed.
    bool has_records() const {
        return std::ranges::any_of(objects_,
                                   [](const LandedObject& object) { return object.format != RecordFormat::kNone; });
    }

    /// Why a run without records failed; there was a failure.
    Error failure() const {
        Error error = first_failure_;
        const std::string& item = failures_.front().item;
        if (failures_.size() > 1) {
            error.message = fmt::format("none of {} items gave anything usable; the first, {}: {}", failures_.size(),
                                        item.empty() ? failures_.front().stream : item, error.message);
        }
        return error;
    }

private:
    Clock& clock_;
    ObjectStore& landing_;
    std::string folder_;
    std::set<std::string> keys_;
    std::vector<LandedObject> objects_;
    std::vector<ItemFailure> failures_;
    Error first_failure_;
};

IngestResult summary(const Manifest& manifest) {
    IngestResult result;
    result.sequence = manifest.sequence;
    result.run = manifest.run;
    result.objects = manifest.objects.size();
    result.failures = manifest.failures;
    for (const LandedObject& object : manifest.objects) {
        result.size_bytes += object.size_bytes;
        result.records += object.records;
    }
    return result;
}

std::string known_kinds() {
    std::vector<std::string_view> kinds;
    for (const Connector* connector : all_connectors()) kinds.push_back(connector->kind());
    return fmt::format("Use one of {}.", fmt::join(kinds, ", "));
}

}  // namespace

Result<IngestResult> ingest_source(const FetchContext& given, ObjectStore& landing) {
    FetchContext context = given;
    const Source& source = *context.source;
    const Instant started = context.clock->now();
    if (context.run.empty()) context.run = new_time_ordered_id(started);

    const Connector* connector = find_connector(source.kind);
    if (connector == nullptr)
        return source.document.fail_at("/kind", fmt::format("no connector of kind {}", source.kind), known_kinds());
    LAGOA_TRY(connector->check(source));
    const auto last = LAGOA_TRY(last_manifest(landing, source.name), "ingesting {}", source.name);
    context.cursor = last ? last->cursor : json::Value();

    RunSink sink(context, landing, started);
    json::Value cursor = LAGOA_TRY(connector->fetch(context, sink), "ingesting {}", source.name);
    if (!sink.has_records()) {
        if (!sink.failures().empty()) return pass_on(sink.failure(), "ingesting {}", source.name);
        log::info("ingest.nothing_new", {{"source", source.name}, {"run", context.run}});
        return IngestResult{.run = context.run};
    }

    Manifest manifest{.source = source.name,
                      .run = context.run,
                      .started = started,
                      .finished = context.clock->now(),
                      .objects = std::move(sink.objects()),
                      .failures = std::move(sink.failures()),
                      .cursor = std::move(cursor)};
    LAGOA_TRY(commit_manifest(landing, manifest), "ingesting {}", source.name);
    log::info("ingest.committed", {{"source", source.name},
                                   {"run", manifest.run},
                                   {"sequence", manifest.sequence},
                                   {"objects", manifest.objects.size()},
                                   {"failures", manifest.failures.size()}});
    return summary(manifest);
}

}  // namespace lagoa::ingest
