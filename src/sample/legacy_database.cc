#include "sample/legacy_database.h"

#include <libpq-fe.h>

#include <fmt/format.h>

#include "base/id.h"
#include "base/text.h"
#include "sample/impl/decimal_text.h"
#include "sample/impl/private_cluster.h"

namespace lagoa::sample {
namespace {

namespace chrono = std::chrono;

constexpr const char* kDatabase = "legado";
constexpr const char* kReader = "leitor";
constexpr std::size_t kCopyChunkBytes = std::size_t{1} << 18;

constexpr const char* kTables = R"(
CREATE TABLE stocks_historical (
    date date NOT NULL, open numeric(18,4), high numeric(18,4), low numeric(18,4), close numeric(18,4),
    volume bigint, adjustedclose double precision, symbol character(12) NOT NULL);
CREATE TABLE dividends_table (
    approvedon text, symbol character(12) NOT NULL, assetissued varchar(12), isincode varchar(12),
    label varchar(40), lastdateprior date, paymentdate date, rate numeric(20,8), relatedto text, remarks text);
CREATE TABLE infla_selic_historical (
    date date NOT NULL, inflation_value numeric(10,4), selic_value double precision);
COMMENT ON DATABASE legado IS 'Simulated market: no number in here is real.';
)";

struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, Finish>;
using Answer = std::unique_ptr<PGresult, Clear>;

std::string message_of(PGconn* connection) {
    return std::string(trim(PQerrorMessage(connection)));
}

Result<Connection> connect(const std::string& conninfo) {
    Connection connection(PQconnectdb(conninfo.c_str()));
    if (PQstatus(connection.get()) == CONNECTION_OK) return connection;
    return fail(ErrorCode::kUnavailable, "connecting to the legacy database: {}", message_of(connection.get()));
}

Result<> execute(PGconn* connection, const std::string& sql) {
    const Answer answer(PQexec(connection, sql.c_str()));
    if (PQresultStatus(answer.get()) == PGRES_COMMAND_OK) return {};
    return fail(ErrorCode::kUnavailable, "seeding the legacy database: {}", message_of(connection));
}

/// One COPY … FROM STDIN in text format.
class Copy {
public:
    static Result<Copy> begin(PGconn* connection, std::string_view table) {
        const Answer answer(PQexec(connection, fmt::format("COPY {} FROM STDIN", table).c_str()));
        if (PQresultStatus(answer.get()) == PGRES_COPY_IN) return Copy(connection);
        return fail(ErrorCode::kUnavailable, "seeding {}: {}", table, message_of(connection));
    }

    Result<> add(std::initializer_list<std::string> values) {
        bool first = true;
        for (const std::string& value : values) {
            if (!std::exchange(first, false)) buffer_ += '\t';
            buffer_ += value;
        }
        buffer_ += '\n';
        return buffer_.size() < kCopyChunkBytes ? Result<>() : flush();
    }

    Result<> end() {
        LAGOA_TRY(flush());
        const bool sent = PQputCopyEnd(connection_, nullptr) == 1;
        const Answer answer(PQgetResult(connection_));
        if (sent && PQresultStatus(answer.get()) == PGRES_COMMAND_OK) {
            while (Answer(PQgetResult(connection_))) {
            }
            return {};
        }
        return fail(ErrorCode::kUnavailable, "seeding the legacy database: {}", message_of(connection_));
    }

private:
    explicit Copy(PGconn* connection) : connection_(connection) {}

    Result<> flush() {
        const bool sent = PQputCopyData(connection_, buffer_.data(), static_cast<int>(buffer_.size())) == 1;
        buffer_.clear();
        if (sent) return {};
        return fail(ErrorCode::kUnavailable, "seeding the legacy database: {}", message_of(connection_));
    }

    PGconn* connection_;
    std::string buffer_;
};

constexpr const char* kNull = "\\N";

std::string date_or_null(const std::optional<Day>& day) {
    return day ? iso_date(*day) : kNull;
}
std::string price(Micros micros) {
    return decimal_text(micros / 100, 4);
}

bool in_legacy(const Asset& asset) {
    return asset.kind == AssetKind::kStock || asset.kind == AssetKind::kReceipt;
}

Result<> copy_prices(PGconn* connection, const Market& market, const LegacyOptions& options) {
    Copy copy = LAGOA_TRY(Copy::begin(connection, "stocks_historical"));
    for (const Asset& asset : market.assets()) {
        if (!in_legacy(asset)) continue;
        const History history = market.history(asset, options.last_day);
        for (const Candle& candle : history.candles) {
            if (candle.day < options.first_day) continue;
            const auto row = {iso_date(candle.day),
                              price(candle.open),
                              price(candle.high),
                              price(candle.low),
                              price(candle.close),
                              std::to_string(candle.volume),
                              decimal_text(candle.adjusted_close, 6),
                              asset.ticker};
            LAGOA_TRY(copy.add(row));
            // Entered twice on some days: the same row, to the last digit.
            if (market.draw(asset.ticker, candle.day, "entered twice", 500) == 0) LAGOA_TRY(copy.add(row));
        }
    }
    return copy.end();
}

Result<> copy_dividends(PGconn* connection, const Market& market, const LegacyOptions& options) {
    Copy copy = LAGOA_TRY(Copy::begin(connection, "dividends_table"));
    for (const Asset& asset : market.assets()) {
        if (!in_legacy(asset)) continue;
        for (const CashDividend& dividend : market.history(asset, options.last_day).dividends) {
            if (dividend.last_cum_day < options.first_day) continue;
            LAGOA_TRY(
                copy.add({date_or_null(dividend.approved_on), asset.ticker, asset.isin, asset.isin, dividend.label,
                          date_or_null(dividend.last_date_prior), date_or_null(dividend.payment_date),
                          decimal_text(rounded_division(dividend.rate, 1'000), 8), dividend.related_to, ""}));
        }
    }
    return copy.end();
}

Result<> copy_rates(PGconn* connection, const Market& market, const LegacyOptions& options) {
    Copy copy = LAGOA_TRY(Copy::begin(connection, "infla_selic_historical"));
    const chrono::year_month_day first(options.first_day), last(options.last_day);
    for (auto month = first.year() / first.month(); month <= last.year() / last.month(); month += chrono::months{1}) {
        const Rates rates = market.rates(month);
        LAGOA_TRY(copy.add(
            {iso_date(Day{month / 1}), decimal_text(rates.inflation_12m, 2), decimal_text(rates.policy_rate, 2)}));
    }
    return copy.end();
}

class ClusterDatabase final : public LegacyDatabase {
public:
    explicit ClusterDatabase(std::unique_ptr<PrivateCluster> cluster) : cluster_(std::move(cluster)) {}

    Result<> seed(const Market& market, const LegacyOptions& options) {
        const std::string password = new_uuid();
        {
            const Connection owner = LAGOA_TRY(connect(cluster_->owner_conninfo("postgres")));
            LAGOA_TRY(execute(owner.get(),
                              fmt::format("CREATE ROLE {} LOGIN PASSWORD {}", kReader, quote_literal(password))));
            LAGOA_TRY(execute(owner.get(), fmt::format("CREATE DATABASE {}", kDatabase)));
        }
        const Connection owner = LAGOA_TRY(connect(cluster_->owner_conninfo(kDatabase)));
        LAGOA_TRY(execute(owner.get(), kTables));
        LAGOA_TRY(copy_prices(owner.get(), market, options), "filling stocks_historical");
        LAGOA_TRY(copy_dividends(owner.get(), market, options), "filling dividends_table");
        LAGOA_TRY(copy_rates(owner.get(), market, options), "filling infla_selic_historical");
        LAGOA_TRY(execute(owner.get(), fmt::format("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", kReader)));
        dsn_ = fmt::format("postgresql://{}:{}@127.0.0.1:{}/{}", kReader, password, cluster_->port(), kDatabase);
        return {};
    }

    const std::string& dsn() const override { return dsn_; }

private:
    std::unique_ptr<PrivateCluster> cluster_;
    std::string dsn_;
};

}  // namespace

Result<std::unique_ptr<LegacyDatabase>> LegacyDatabase::start(const Market& market, const LegacyOptions& options) {
    auto database = std::make_unique<ClusterDatabase>(LAGOA_TRY(PrivateCluster::start()));
    LAGOA_TRY(database->seed(market, options));
    return database;
}

}  // namespace lagoa::sample
