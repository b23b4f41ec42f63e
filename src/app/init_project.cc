#include "app/init_project.h"

#include <array>
#include <fstream>

#include "model/table_name.h"

namespace lagoa::app {
namespace {

struct TemplateFile {
    const char* path;
    const char* text;
};

constexpr std::array kFiles = {
    TemplateFile{"lagoa.yaml",
                 R"text(# A lakehouse: sources are landed as JSON, loaded into bronze, modelled in silver and gold.
name: @NAME@
time_zone: America/Sao_Paulo
lake: ./lake
network:
  allow_private_addresses: true   # the simulated market listens on this machine; false against the real one
)text"},
    TemplateFile{
        "sources/quotes.yaml",
        R"text(# Quotes of B3 tickers from brapi.dev. Without BRAPI_TOKEN it answers PETR4, MGLU3, VALE3 and ITUB4 only.
kind: http
base_url: ${BRAPI_BASE_URL:-https://brapi.dev}
auth: {bearer: "${BRAPI_TOKEN:-}"}
streams:
  - name: quote
    path: /api/quote/{items}
    query: {range: 1d, interval: 1d}
    items: [PETR4, VALE3, ITUB4, MGLU3]
    items_per_request: 4
    answered: /results/*/symbol
    tables:
      - table: bronze.quotes
        records: /results/*
)text"},
    TemplateFile{"contracts/bronze.quotes.odcs.yaml", R"text(apiVersion: v3.1.0
kind: DataContract
id: bronze.quotes
version: 1.0.0
status: active
schema:
  - name: quotes
    properties:
      - {name: symbol, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, description: "B3 ticker."}
      - {name: regularMarketTime, logicalType: timestamp, physicalType: TIMESTAMPTZ, required: true, primaryKey: true, primaryKeyPosition: 2, description: "Instant of the quote."}
      - {name: shortName, logicalType: string, description: "Trading name."}
      - {name: currency, logicalType: string, required: true, description: "Currency of the prices."}
      - {name: regularMarketPrice, logicalType: number, physicalType: "DECIMAL(18,6)", description: "Last price."}
      - {name: regularMarketPreviousClose, logicalType: number, physicalType: "DECIMAL(18,6)", description: "Close of the session before."}
      - {name: regularMarketVolume, logicalType: integer, physicalType: BIGINT, description: "Shares traded today."}
)text"},
    TemplateFile{"contracts/silver.daily_return.odcs.yaml", R"text(apiVersion: v3.1.0
kind: DataContract
id: silver.daily_return
version: 1.0.0
status: active
schema:
  - name: daily_return
    properties:
      - {name: symbol, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, description: "B3 ticker."}
      - {name: trade_date, logicalType: date, physicalType: DATE, required: true, primaryKey: true, primaryKeyPosition: 2, description: "Session, in São Paulo."}
      - {name: price, logicalType: number, physicalType: "DECIMAL(18,6)", required: true, description: "Last price of the day."}
      - {name: daily_return, logicalType: number, physicalType: "DECIMAL(18,8)", description: "price / previous close - 1."}
)text"},
    TemplateFile{"jobs/raw.yaml", R"text(# Landing to bronze for the table named by the parameter `table`.
kind: raw
parameters:
  table: {required: true, description: "The bronze table to load, e.g. quotes."}
)text"},
    TemplateFile{"jobs/daily_return.sql", R"text(/* lagoa
target: silver.daily_return
description: Return of each ticker against its previous close, one row a day.
*/
SELECT symbol,
       CAST(regularMarketTime AT TIME ZONE 'America/Sao_Paulo' AS DATE) AS trade_date,
       regularMarketPrice AS price,
       CAST(regularMarketPrice / nullif(regularMarketPreviousClose, 0) - 1 AS DECIMAL(18, 8)) AS daily_return
FROM bronze.quotes_current
QUALIFY row_number() OVER (PARTITION BY symbol, trade_date ORDER BY regularMarketTime DESC) = 1
)text"},
    TemplateFile{"pipelines/daily.asl.json", R"text({
  "Comment": "Quotes to landing, bronze and silver, then one publish. Safe to run again at any time.",
  "StartAt": "Ingest",
  "TimeoutSeconds": 600,
  "States": {
    "Ingest": {
      "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 120,
      "Parameters": {"FunctionName": "ingest", "Payload": {"source": "quotes"}},
      "Retry": [{"ErrorEquals": ["Lagoa.Unavailable"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 3, "JitterStrategy": "FULL"}],
      "ResultPath": null, "Next": "Raw"
    },
    "Raw": {
      "Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "TimeoutSeconds": 120,
      "Parameters": {"JobName": "raw", "Arguments": {"--table": "quotes"}},
      "ResultPath": null, "Next": "DailyReturn"
    },
    "DailyReturn": {
      "Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "TimeoutSeconds": 120,
      "Parameters": {"JobName": "daily_return"},
      "ResultPath": null, "Next": "Publish"
    },
    "Publish": {
      "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 60,
      "Parameters": {"FunctionName": "publish", "Payload": {}},
      "End": true
    }
  }
}
)text"},
    TemplateFile{".gitignore", "/lake/\n/.lagoa/\n"},
};

Result<> write_file(const std::filesystem::path& path, std::string_view text) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary);
    out << text;
    out.close();
    if (!out) return fail(ErrorCode::kPermissionDenied, "writing {}: it cannot be written", path.string());
    return {};
}

}  // namespace

Result<std::vector<std::string>> init_project(const std::filesystem::path& folder, const std::string& name) {
    if (!is_name(name))
        return fail_with_hint(ErrorCode::kInvalidArgument,
                              "Use lower-case letters, digits and _, a letter first: --name my_lake",
                              "\"{}\" is not a name for a project", name);
    std::error_code error;
    for (const auto& [path, text] : kFiles)
        if (std::filesystem::exists(folder / path, error))
            return fail_with_hint(ErrorCode::kAlreadyExists, "Choose another folder: lagoa init DIR",
                                  "{} is there already", (folder / path).string());
    std::vector<std::string> written;
    for (const auto& [path, text] : kFiles) {
        const std::string_view whole(text);
        const auto mark = whole.find("@NAME@");
        const std::string filled = mark == std::string_view::npos ? std::string(whole)
                                                                  : std::string(whole.substr(0, mark)) + name +
                                                                        std::string(whole.substr(mark + 6));
        LAGOA_TRY(write_file(folder / path, filled));
        written.emplace_back(path);
    }
    return written;
}

}  // namespace lagoa::app
