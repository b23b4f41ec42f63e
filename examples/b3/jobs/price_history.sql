/* lagoa
target: silver.price_history
description: One row a ticker and day, united from the vendor's history, the legacy database and the day's quote.
*/
-- The first of these that has the day wins: the vendor's closed candle, the legacy record, and for a day that is still
-- trading whichever of live candle and quote was seen last.
WITH candles AS (
    -- The vendor stamps closed candles with midnight or 10:00 of São Paulo; another time of day is a live candle.
    SELECT CASE WHEN strftime(quoted_at AT TIME ZONE 'America/Sao_Paulo', '%H:%M:%S') IN ('00:00:00', '10:00:00') THEN 1 ELSE 3 END AS preference,
           'history' AS price_source, quoted_at AS seen_at, symbol, trade_date, open, high, low, close, adjusted_close, volume
    FROM bronze.prices_current
), quotes AS (
    -- A fund's quote has no day range: its zeros mean "unknown".
    SELECT 3 AS preference, 'quote' AS price_source, regularMarketTime AS seen_at, symbol,
           CAST(regularMarketTime AT TIME ZONE 'America/Sao_Paulo' AS DATE) AS trade_date,
           nullif(regularMarketOpen, 0) AS open, nullif(regularMarketDayHigh, 0) AS high, nullif(regularMarketDayLow, 0) AS low,
           regularMarketPrice AS close, CAST(NULL AS DECIMAL(18, 6)) AS adjusted_close, regularMarketVolume AS volume
    FROM bronze.stocks_current
), united AS (
    SELECT * FROM candles
    UNION ALL BY NAME
    SELECT * FROM quotes
    UNION ALL BY NAME
    SELECT 2 AS preference, 'legacy' AS price_source, CAST(trade_date AS TIMESTAMPTZ) AS seen_at, symbol, trade_date, open, high, low, close,
           adjusted_close, volume
    FROM bronze.prices_legacy_current
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
QUALIFY row_number() OVER (PARTITION BY symbol, trade_date ORDER BY preference, seen_at DESC, price_source) = 1
