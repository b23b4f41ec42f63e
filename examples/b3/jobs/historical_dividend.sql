/* lagoa
target: silver.historical_dividend
description: Every trading day of a ticker with the dividends that went ex on it; payments of one day are rows of their own.
*/
WITH days AS (
    SELECT h.symbol, h.trade_date, h.open, h.high, h.low, h.close, h.adjusted_close, h.volume, h.price_source,
           d.ex_date IS NOT NULL AS is_ex_date, d.kind AS dividend_kind, d.label AS dividend_label, d.rate AS dividend_rate,
           d.last_date_prior, d.payment_date,
           row_number() OVER (PARTITION BY h.symbol, h.trade_date ORDER BY d.kind, d.number, d.last_date_prior) AS dividend_number
    FROM silver.price_history h LEFT JOIN silver.dividends d ON d.symbol = h.symbol AND d.ex_date = h.trade_date
)
SELECT symbol, trade_date, CAST(dividend_number AS INTEGER) AS dividend_number,
       open, high, low, close, adjusted_close, volume, price_source,
       is_ex_date, dividend_kind, dividend_label, dividend_rate, last_date_prior, payment_date,
       last_value(dividend_rate IGNORE NULLS) OVER so_far AS last_dividend_rate,
       last_value(CASE WHEN is_ex_date THEN trade_date END IGNORE NULLS) OVER so_far AS last_dividend_ex_date
FROM days
WINDOW so_far AS (PARTITION BY symbol ORDER BY trade_date, dividend_number ROWS UNBOUNDED PRECEDING)
