/* lagoa
target: silver.crypto_refined
description: The last quote of a coin on each day, in BRL and in USD.
*/
SELECT coin, coinName AS coin_name, currency,
       CAST(regularMarketTime AT TIME ZONE 'America/Sao_Paulo' AS DATE) AS quote_date,
       regularMarketTime AS quoted_at,
       CAST(regularMarketPrice AS DECIMAL(28, 10)) AS price,
       CAST(regularMarketPrice / nullif(currencyRateFromUSD, 0) AS DECIMAL(28, 10)) AS price_usd,
       CAST(regularMarketDayLow AS DECIMAL(28, 10)) AS low,
       CAST(regularMarketDayHigh AS DECIMAL(28, 10)) AS high,
       CAST(regularMarketChangePercent AS DECIMAL(18, 8)) AS change_percent,
       CAST(regularMarketVolume AS DECIMAL(38, 8)) AS volume,
       CAST(marketCap AS DECIMAL(38, 8)) AS market_cap
FROM bronze.crypto_current
QUALIFY row_number() OVER (PARTITION BY coin, currency, quote_date ORDER BY regularMarketTime DESC) = 1
