/* lagoa
target: silver.fiis_refined
description: One row a fund and reference date, from its page, with liquidity from the ranking and the last distribution.
*/
WITH ranking AS (
    SELECT ticker, liquidity, ranking_date FROM bronze.fii_ranking_current
    QUALIFY row_number() OVER (PARTITION BY ticker ORDER BY ranking_date DESC) = 1
), distributions AS (
    -- Amortisation gives capital back: it is no distribution. Payments of one day are one distribution.
    SELECT ticker, last_date_prior, payment_date, sum(rate) AS rate FROM bronze.fii_dividends_current
    WHERE label IS NULL OR upper(label) LIKE 'REND%'
    GROUP BY ticker, last_date_prior, payment_date
    QUALIFY row_number() OVER (PARTITION BY ticker ORDER BY last_date_prior DESC, payment_date DESC) = 1
)
SELECT f.ticker, f.reference_date, f.name, nullif(f.segment, '') AS segment,
       CAST(f.price AS DECIMAL(18, 6)) AS price,
       CAST(f.book_value_per_share AS DECIMAL(18, 6)) AS book_value_per_share,
       CAST(f.price / nullif(f.book_value_per_share, 0) AS DECIMAL(18, 6)) AS price_to_book,
       CAST(f.dividend_yield AS DECIMAL(18, 6)) AS dividend_yield_percent,
       CAST(f.dividend_per_share AS DECIMAL(18, 6)) AS dividend_per_share_12m,
       CAST(f.market_value AS DECIMAL(38, 2)) AS market_value,
       CAST(f.net_worth AS DECIMAL(38, 2)) AS net_worth,
       CAST(f.vacancy AS DECIMAL(18, 6)) AS vacancy_percent,
       CAST(r.liquidity AS DECIMAL(38, 2)) AS liquidity,
       CAST(d.rate AS DECIMAL(20, 10)) AS last_dividend,
       d.payment_date AS last_dividend_payment_date
FROM bronze.fiis_current f
LEFT JOIN ranking r ON r.ticker = f.ticker
LEFT JOIN distributions d ON d.ticker = f.ticker
