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
    -- Across a gap in the prices there is no session before: a return over months is not a day's.
    SELECT h.*,
           CASE WHEN h.trade_date - lag(h.trade_date) OVER sessions <= 10 THEN lag(h.close) OVER sessions END AS close_before,
           h.trade_date - lag(h.trade_date, 4) OVER sessions AS days_of_5,
           h.trade_date - lag(h.trade_date, 19) OVER sessions AS days_of_20,
           h.trade_date - lag(h.trade_date, 199) OVER sessions AS days_of_200
    FROM silver.price_history h
    WINDOW sessions AS (PARTITION BY h.symbol ORDER BY h.trade_date)
), returns AS (
    -- A vendor that does not know the close before says 0.
    SELECT d.*, q.marketCap, q.priceEarnings, q.earningsPerShare, q.fiftyTwoWeekLow, q.fiftyTwoWeekHigh,
           coalesce(nullif(q.regularMarketPreviousClose, 0), d.close_before) AS previous_close
    FROM days d LEFT JOIN quotes q ON q.symbol = d.symbol AND q.trade_date = d.trade_date
)
SELECT d.symbol, d.trade_date, n.short_name, n.long_name, n.currency, d.open, d.high, d.low, d.close,
       CAST(d.previous_close AS DECIMAL(18, 6)) AS previous_close,
       CAST((d.close - d.previous_close) / d.previous_close AS DECIMAL(18, 8)) AS daily_return,
       d.volume,
       -- An average of fewer sessions than it is named after, or across a gap, would be a different figure.
       CASE WHEN d.days_of_5 <= 14 THEN CAST(avg(d.close) OVER last_5 AS DECIMAL(18, 6)) END AS moving_average_5,
       CASE WHEN d.days_of_20 <= 45 THEN CAST(avg(d.close) OVER last_20 AS DECIMAL(18, 6)) END AS moving_average_20,
       CASE WHEN d.days_of_200 <= 330 THEN CAST(avg(d.close) OVER last_200 AS DECIMAL(18, 6)) END AS moving_average_200,
       CAST(d.marketCap AS DECIMAL(38, 8)) AS market_cap,
       CAST(d.priceEarnings AS DECIMAL(18, 8)) AS price_earnings,
       CAST(d.earningsPerShare AS DECIMAL(18, 8)) AS earnings_per_share,
       CAST(nullif(d.fiftyTwoWeekLow, 0) AS DECIMAL(18, 6)) AS low_52w,
       CAST(nullif(d.fiftyTwoWeekHigh, 0) AS DECIMAL(18, 6)) AS high_52w,
       d.price_source
FROM returns d
LEFT JOIN names n ON n.symbol = d.symbol
WINDOW last_5 AS (PARTITION BY d.symbol ORDER BY d.trade_date ROWS 4 PRECEDING),
       last_20 AS (PARTITION BY d.symbol ORDER BY d.trade_date ROWS 19 PRECEDING),
       last_200 AS (PARTITION BY d.symbol ORDER BY d.trade_date ROWS 199 PRECEDING)
