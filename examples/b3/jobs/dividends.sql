/* lagoa
target: silver.dividends
description: One row a payment, united from the legacy database, the vendor and the FII site, with the day it goes ex.
*/
WITH united AS (
    SELECT 1 AS preference, 'legacy' AS source, symbol, last_date_prior, payment_date, label, rate, related_to, _known_from FROM bronze.dividends_legacy_current
    UNION ALL
    SELECT 2, 'vendor', symbol, last_date_prior, payment_date, label, rate, related_to, _known_from FROM bronze.dividends_current
    UNION ALL
    SELECT 3, 'fii_site', ticker, last_date_prior, payment_date, coalesce(label, 'RENDIMENTO'), rate, NULL, _known_from FROM bronze.fii_dividends_current
), kinds AS (
    -- Labels of one thing vary: JCP, JRS CAP PROPRIO, JUROS. Rates of one payment differ in digits: 8 are common to all sources.
    SELECT *, round(rate, 8) AS rounded_rate,
           CASE WHEN upper(label) LIKE 'J%' THEN 'JCP' WHEN upper(label) LIKE 'REND%' THEN 'RENDIMENTO' WHEN upper(label) LIKE 'AMORT%' THEN 'AMORTIZACAO'
                ELSE 'DIVIDENDO' END AS kind
    FROM united
), versions AS (
    -- A payment whose label or payment date was corrected stands in bronze twice. Of equal rate there are as many payments
    -- as one answer ever held (two instalments are two); the rows learnt last are the ones that stand.
    SELECT *, count(*) OVER (PARTITION BY preference, symbol, last_date_prior, kind, rounded_rate, related_to, _known_from) AS in_one_answer
    FROM kinds
), standing AS (
    SELECT * FROM versions
    QUALIFY row_number() OVER (PARTITION BY preference, symbol, last_date_prior, kind, rounded_rate, related_to ORDER BY _known_from DESC, payment_date NULLS LAST)
            <= max(in_one_answer) OVER (PARTITION BY preference, symbol, last_date_prior, kind, rounded_rate, related_to)
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY preference, symbol, last_date_prior, kind, rounded_rate ORDER BY payment_date NULLS LAST, related_to) AS nth
    FROM standing
), payments AS (
    -- The n-th payment of one ticker, date, kind and rate is one payment, whichever sources have it.
    SELECT * FROM numbered
    QUALIFY row_number() OVER (PARTITION BY symbol, last_date_prior, kind, rounded_rate, nth ORDER BY preference) = 1
), ex_days AS (
    -- The first session after the last day with the right. One that is further than 10 days off is no ex-date: the prices
    -- lack that time, and a dividend must not be moved to another year.
    SELECT p.symbol, p.last_date_prior, min(h.trade_date) AS ex_date
    FROM (SELECT DISTINCT symbol, last_date_prior FROM payments) p
    JOIN silver.price_history h ON h.symbol = p.symbol AND h.trade_date > p.last_date_prior AND h.trade_date <= p.last_date_prior + 10
    GROUP BY ALL
)
SELECT p.symbol, p.kind, CAST(row_number() OVER (PARTITION BY p.symbol, p.last_date_prior, p.kind ORDER BY p.rate, p.payment_date NULLS LAST, p.related_to, p.nth) AS INTEGER) AS number,
       p.label, CAST(p.rate AS DECIMAL(20, 12)) AS rate, p.related_to, p.last_date_prior, e.ex_date, p.payment_date, p.source,
       CASE WHEN p.last_date_prior IS NULL THEN 'no last day with the right' WHEN e.ex_date IS NULL THEN 'no session within 10 days after it' END AS without_ex_date
FROM payments p LEFT JOIN ex_days e ON e.symbol = p.symbol AND e.last_date_prior = p.last_date_prior
