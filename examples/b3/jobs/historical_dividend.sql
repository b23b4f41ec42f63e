/* lagoa
target: silver.historical_dividend
description: Every trading day of a ticker with the dividends that went ex on it; payments of one day are rows of their own.
*/
-- JCP and dividends of one day stay apart. A dividend of both sources is counted once: the n-th payment of one
-- ticker, date, kind and rate is the same payment.
WITH dividends AS (
    SELECT symbol, last_date_prior, payment_date, label, rate, related_to, 1 AS preference FROM bronze.dividends_legacy_current
    UNION ALL
    SELECT symbol, last_date_prior, payment_date, label, rate, related_to, 2 AS preference FROM bronze.dividends_current
), kinds AS (
    SELECT *, CASE WHEN upper(label) LIKE 'J%' THEN 'JCP' WHEN upper(label) LIKE 'REND%' THEN 'RENDIMENTO' ELSE 'DIVIDENDO' END AS kind
    FROM dividends
    WHERE last_date_prior IS NOT NULL
), known AS (
    -- A payment announced without its date and dated later is one payment: the undated row gives way.
    SELECT * FROM kinds
    QUALIFY payment_date IS NOT NULL OR count(payment_date) OVER (PARTITION BY preference, symbol, last_date_prior, kind, rate, related_to) = 0
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY preference, symbol, last_date_prior, kind, rate ORDER BY payment_date NULLS LAST, related_to) AS nth
    FROM known
), payments AS (
    SELECT * FROM numbered
    QUALIFY row_number() OVER (PARTITION BY symbol, last_date_prior, kind, rate, nth ORDER BY preference) = 1
), ex_days AS (
    -- The ex-date is the first session after the last day with the right, so that a payment on a day without
    -- trading loses nothing.
    SELECT p.symbol, min(h.trade_date) AS ex_date, p.last_date_prior, p.payment_date, p.kind, p.label, p.rate, p.nth
    FROM payments p JOIN silver.price_history h ON h.symbol = p.symbol AND h.trade_date > p.last_date_prior
    GROUP BY ALL
), days AS (
    SELECT h.symbol, h.trade_date, h.open, h.high, h.low, h.close, h.adjusted_close, h.volume, h.price_source,
           d.ex_date IS NOT NULL AS is_ex_date, d.kind AS dividend_kind, d.label AS dividend_label, d.rate AS dividend_rate,
           d.last_date_prior, d.payment_date,
           row_number() OVER (PARTITION BY h.symbol, h.trade_date ORDER BY d.kind, d.rate, d.payment_date NULLS LAST, d.last_date_prior, d.nth) AS dividend_number
    FROM silver.price_history h LEFT JOIN ex_days d ON d.symbol = h.symbol AND d.ex_date = h.trade_date
)
SELECT symbol, trade_date, CAST(dividend_number AS INTEGER) AS dividend_number,
       open, high, low, close, adjusted_close, volume, price_source,
       is_ex_date, dividend_kind, dividend_label,
       CAST(dividend_rate AS DECIMAL(20, 10)) AS dividend_rate,
       last_date_prior, payment_date,
       CAST(last_value(dividend_rate IGNORE NULLS) OVER so_far AS DECIMAL(20, 10)) AS last_dividend_rate,
       last_value(CASE WHEN is_ex_date THEN trade_date END IGNORE NULLS) OVER so_far AS last_dividend_ex_date
FROM days
WINDOW so_far AS (PARTITION BY symbol ORDER BY trade_date, dividend_number ROWS UNBOUNDED PRECEDING)
