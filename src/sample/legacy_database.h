// The legacy PostgreSQL: a private cluster in a temporary folder, seeded with years of history.
//
// A supervisor process stands between us and PostgreSQL. It holds the reading end of a pipe whose
// writing end is ours; when that closes, because the object is destroyed or the process is gone,
// killed even, it stops the server and removes the folder. PostgreSQL refuses to run as root: as root we
// run it as `postgres` or `nobody`.
//
// Deliberate quirks: symbols padded to twelve characters, adjusted prices and the Selic in floating
// point, days of approval in text, unknown payment days, rates rounded to eight digits, a row entered twice, no FII.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "sample/market.h"

namespace lagoa::sample {

struct LegacyOptions {
    Day first_day;
    Day last_day;  ///< When it was given up; both are included.
};

class LegacyDatabase {
public:
    /// Initialises, starts and seeds; takes two to four seconds. kNotFound: no PostgreSQL binaries.
    /// kUnavailable: it does not start or does not take the rows; the message ends with its log's last line.
    static Result<std::unique_ptr<LegacyDatabase>> start(const Market& market, const LegacyOptions& options);
    virtual ~LegacyDatabase() = default;  ///< Returns when the server has stopped and its folder is gone.

    /// libpq URL of a role that may only read.
    virtual const std::string& dsn() const = 0;
};

}  // namespace lagoa::sample
