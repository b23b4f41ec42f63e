/* lagoa
target: silver.stocks_refined
description: One row a stock and trading day with return, moving averages and the day's fundamentals.
*/
WITH quotes AS (
    SELECT *, CAST(regularMarketTime AT TIME ZONE 'America/Sao_Paulo' AS DATE) AS trade_date
    FROM bronze.stocks_current
    QUALIFY row_number() OVER (PARTITION BY symbol, trade_date ORDER BY regularMarketTime DESC) = 1
), names AS (
    -- Vendors pad names and append ex-markers: one space between words is enough.
    SELECT symbol, arg_max(regexp_replace(trim(shortName), '\s+', ' ', 'g'), regularMarketTime) AS short_name,
           arg_max(trim(longName), regularMarketTime) AS long_name, arg_max(currency, regularMarketTime) AS currency
    FROM bronze.stocks_current
    GROUP BY symbol
), days AS (
    SELECT h.*, lag(h.close) OVER (PARTITION BY h.symbol ORDER BY h.trade_date) AS previous_close,
           row_number() OVER (PARTITION BY h.symbol ORDER BY h.trade_date) AS session_number
    FROM silver.price_history h
)
SELECT d.symbol, d.trade_date, n.short_name, n.long_name, n.currency, d.open, d.high, d.low, d.close,
       CAST(coalesce(q.regularMarketPreviousClose, d.previous_close) AS DECIMAL(18, 6)) AS previous_close,
       CAST((d.close - coalesce(q.regularMarketPreviousClose, d.previous_close)) / nullif(coalesce(q.regularMarketPreviousClose, d.previous_close), 0)
            AS DECIMAL(18, 8)) AS daily_return,
       d.volume,
       -- An average of fewer sessions than it is named after would be a different figure.
       CASE WHEN d.session_number >= 5 THEN CAST(avg(d.close) OVER last_5 AS DECIMAL(18, 6)) END AS moving_average_5,
       CASE WHEN d.session_number >= 20 THEN CAST(avg(d.close) OVER last_20 AS DECIMAL(18, 6)) END AS moving_average_20,
       CASE WHEN d.session_number >= 200 THEN CAST(avg(d.close) OVER last_200 AS DECIMAL(18, 6)) END AS moving_average_200,
       CAST(q.marketCap AS DECIMAL(38, 8)) AS market_cap,
       CAST(q.priceEarnings AS DECIMAL(18, 8)) AS price_earnings,
       CAST(q.earningsPerShare AS DECIMAL(18, 8)) AS earnings_per_share,
       CAST(nullif(q.fiftyTwoWeekLow, 0) AS DECIMAL(18, 6)) AS low_52w,
       CAST(nullif(q.fiftyTwoWeekHigh, 0) AS DECIMAL(18, 6)) AS high_52w,
       d.price_source
FROM days d
LEFT JOIN names n ON n.symbol = d.symbol
LEFT JOIN quotes q ON q.symbol = d.symbol AND q.trade_date = d.trade_date
WINDOW last_5 AS (PARTITION BY d.symbol ORDER BY d.trade_date ROWS 4 PRECEDING),
       last_20 AS (PARTITION BY d.symbol ORDER BY d.trade_date ROWS 19 PRECEDING),
       last_200 AS (PARTITION BY d.symbol ORDER BY d.trade_date ROWS 199 PRECEDING)
