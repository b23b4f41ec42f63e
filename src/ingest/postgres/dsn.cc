#include "ingest/postgres/dsn.h"

#include <libpq-fe.h>

#include <map>
#include <memory>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

constexpr const char* kConnectTimeoutSeconds = "10";

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

std::string quote_value(std::string_view value) {
    return "'" + replace_all(replace_all(value, "\\", "\\\\"), "'", "\\'") + "'";
}

}  // namespace

Result<Dsn> Dsn::parse(std::string_view text) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(std::string(text).c_str(), &message));
    PQfreemem(message);
    if (!options)
        return fail(ErrorCode::kInvalidArgument, "is neither a libpq connection string nor a postgresql:// URL");

    std::map<std::string, std::string> values;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) values.emplace(option->keyword, option->val);
    values.try_emplace("connect_timeout", kConnectTimeoutSeconds);

    const auto value_of = [&](const char* keyword, const char* otherwise) {
        const auto found = values.find(keyword);
        return found == values.end() ? std::string(otherwise) : found->second;
    };
    Dsn dsn;
    dsn.place = fmt::format("{}:{}/{}", value_of("host", value_of("hostaddr", "localhost").c_str()),
                            value_of("port", "5432"), value_of("dbname", value_of("user", "").c_str()));
    dsn.redact.add(value_of("password", ""));
    dsn.redact.add(value_of("sslpassword", ""));
    for (const auto& [keyword, value] : values) {
        if (!dsn.conninfo.empty()) dsn.conninfo += ' ';
        dsn.conninfo += keyword + '=' + quote_value(value);
    }
    return dsn;
}

}  // namespace lagoa::ingest
