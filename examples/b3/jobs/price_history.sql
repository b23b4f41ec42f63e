/* lagoa
target: silver.price_history
description: One row a ticker and day, united from the vendor's history, the legacy database and the day's quote.
*/
-- The first source that has the day wins: the vendor's closed candle, then the legacy record, then the last quote of the day.
WITH quotes AS (
    SELECT symbol,
           CAST(regularMarketTime AT TIME ZONE 'America/Sao_Paulo' AS DATE) AS trade_date,
           regularMarketOpen AS open, regularMarketDayHigh AS high, regularMarketDayLow AS low,
           regularMarketPrice AS close, CAST(NULL AS DECIMAL(18, 6)) AS adjusted_close, regularMarketVolume AS volume
    FROM bronze.stocks_current
    WHERE regularMarketPrice IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY symbol, trade_date ORDER BY regularMarketTime DESC) = 1
), united AS (
    SELECT 1 AS preference, 'history' AS price_source, symbol, trade_date, open, high, low, close, adjusted_close, volume
    FROM bronze.prices_current
    UNION ALL BY NAME
    SELECT 2 AS preference, 'legacy' AS price_source, symbol, trade_date, open, high, low, close, adjusted_close, volume
    FROM bronze.prices_legacy_current
    UNION ALL BY NAME
    -- A FII's quote has no day range: its zeros mean "unknown".
    SELECT 3 AS preference, 'quote' AS price_source, symbol, trade_date, nullif(open, 0) AS open, nullif(high, 0) AS high,
           nullif(low, 0) AS low, close, adjusted_close, volume
    FROM quotes
)
SELECT symbol, trade_date,
       CAST(open AS DECIMAL(18, 6)) AS open,
       CAST(high AS DECIMAL(18, 6)) AS high,
       CAST(low AS DECIMAL(18, 6)) AS low,
       CAST(close AS DECIMAL(18, 6)) AS close,
       CAST(adjusted_close AS DECIMAL(18, 6)) AS adjusted_close,
       CAST(volume AS BIGINT) AS volume,
       price_source
FROM united
WHERE close IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY symbol, trade_date ORDER BY preference) = 1
