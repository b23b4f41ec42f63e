// Where a PostgreSQL server is: libpq's connection string or URL, read by libpq itself.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "ingest/impl/redactor.h"

namespace lagoa::ingest {

struct Dsn {
    std::string conninfo;  ///< `key='value' …` with a connect timeout. Holds the password: never shown.
    std::string place;     ///< `localhost:5432/legacy`, for messages and manifests.
    Redactor redact;       ///< Hides the password.

    /// kInvalidArgument, which never repeats the text: it may hold a password.
    static Result<Dsn> parse(std::string_view text);
};

}  // namespace lagoa::ingest
