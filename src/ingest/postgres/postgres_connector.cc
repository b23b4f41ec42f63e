#include "ingest/postgres/postgres_connector.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "ingest/impl/declaration.h"
#include "ingest/impl/object_digest.h"
#include "ingest/postgres/snapshot_reader.h"

namespace lagoa::ingest {
namespace {

struct RelationStream {
    std::string relation;
    std::vector<std::string> order_by;
};

Result<RelationStream> read_stream(const Source& source, const Stream& stream, const json::Value& root) {
    const Declaration declared = stream_of(source, stream, root);
    LAGOA_TRY(declared.only({"name", "description", "relation", "order_by", "tables"}));
    RelationStream out;
    out.relation = LAGOA_TRY(declared.text("relation"));
    out.order_by = LAGOA_TRY(declared.texts("order_by"));
    const auto parts = split(out.relation, '.');
    const bool named =
        parts.size() <= 2 && std::ranges::none_of(parts, [](std::string_view part) { return part.empty(); });
    if (!named && !is_open(out.relation))
        return declared.fail_at("relation", "is not a relation's name", "Write it like public.prices.");
    return out;
}

Result<std::string> read_dsn(const Source& source, const json::Value& root) {
    const Declaration declared(source.document, "", root);
    LAGOA_TRY(declared.only({"kind", "dsn", "streams", "retired_streams"}));
    std::string text(trim(LAGOA_TRY(declared.text("dsn"))));
    if (!text.empty() && !is_open(text))
        if (const auto dsn = Dsn::parse(text); !dsn)
            return declared.fail_at("dsn", dsn.error().message, "Write it like host=… port=5432 dbname=… user=….");
    return text;
}

std::string dsn_hint(const Source& source) {
    const std::string variable = variable_at(source.document, "/dsn");
    return variable.empty()
               ? "Write the server's address as `dsn`, its password as ${NAME}."
               : fmt::format("Set {} to the server's address, like host=… port=5432 dbname=… user=….", variable);
}

/// Lands relations, one after the other, out of one snapshot.
class RelationLander {
public:
    RelationLander(const FetchContext& context, const Dsn& dsn, SnapshotReader& reader, LandingSink& sink)
        : context_(context), dsn_(dsn), reader_(reader), sink_(sink) {}

    Result<> land(const Stream& stream, const RelationStream& declared) {
        auto select = reader_.select_of(declared.relation, declared.order_by);
        if (!select) {
            const ErrorCode code = select.error().code;
            if (code != ErrorCode::kNotFound && code != ErrorCode::kPermissionDenied) return pass_on(select.error());
            sink_.item_failed(stream.name, declared.relation, select.error());
            return {};
        }
        LandedObject object{.key = sink_.key_for(stream.name, declared.relation, "parquet"),
                            .stream = stream.name,
                            .item = declared.relation,
                            .format = RecordFormat::kParquet};
        const Instant began = context_.clock->now();
        object.records = LAGOA_TRY(reader_.copy(*select, sink_.sql_path(object.key)), "landing {}", declared.relation);
        object.fetched = context_.clock->now();
        const ObjectDigest digest = LAGOA_TRY(digest_of(sink_.store(), object.key), "reading back {}", object.key);
        object.sha256 = digest.sha256;
        object.size_bytes = digest.size_bytes;
        object.request =
            json::make_object({{"server", dsn_.place}, {"relation", declared.relation}, {"query", *select}});
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(object.fetched - began);
        object.response = json::make_object({{"took_ms", std::int64_t{took.count()}}});
        return sink_.add(std::move(object));
    }

private:
    const FetchContext& context_;
    const Dsn& dsn_;
    SnapshotReader& reader_;
    LandingSink& sink_;
};

class PostgresConnector final : public Connector {
public:
    std::string_view kind() const override { return "postgres"; }

    Result<> check(const Source& source) const override {
        const json::Value& root = source.document.root();
        LAGOA_TRY(read_dsn(source, root));
        for (const Stream& stream : source.streams) LAGOA_TRY(read_stream(source, stream, root));
        return {};
    }

    Result<json::Value> fetch(const FetchContext& context, LandingSink& sink) const override {
        const Source& source = *context.source;
        const json::Value root = LAGOA_TRY(expand(source, context.environment));
        const std::string text = LAGOA_TRY(read_dsn(source, root));
        if (text.empty()) return source.document.fail_at("/dsn", "is empty", dsn_hint(source));
        const Dsn dsn = LAGOA_TRY(Dsn::parse(text));
        auto reader = SnapshotReader::open(*context.engine, dsn, context.stop);
        if (!reader) {
            Error error = reader.error();
            if (error.hint.empty()) error.hint = "Check that the server runs. " + dsn_hint(source);
            return pass_on(std::move(error));
        }
        RelationLander lander(context, dsn, **reader, sink);
        for (const Stream& stream : source.streams) {
            const RelationStream declared = LAGOA_TRY(read_stream(source, stream, root));
            LAGOA_TRY(lander.land(stream, declared));
        }
        return json::Value();
    }
};

}  // namespace

const Connector& postgres_connector() {
    static const PostgresConnector connector;
    return connector;
}

}  // namespace lagoa::ingest
