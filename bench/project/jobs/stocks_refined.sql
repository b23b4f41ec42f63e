/* lagoa
target: silver.stocks_refined
*/
SELECT symbol, shortName, currency, regularMarketTime AS market_ts, CAST(regularMarketTime AS DATE) AS trade_date,
       regularMarketPrice AS price, regularMarketPreviousClose AS previous_close,
       CAST(regularMarketPrice - regularMarketPreviousClose AS DECIMAL(18, 4)) AS change,
       CAST((regularMarketPrice - regularMarketPreviousClose) / regularMarketPreviousClose * 100 AS DECIMAL(18, 4)) AS change_pct,
       CAST(regularMarketDayHigh - regularMarketDayLow AS DECIMAL(18, 4)) AS day_range,
       CAST((regularMarketPrice - fiftyTwoWeekLow) / (fiftyTwoWeekHigh - fiftyTwoWeekLow) AS DECIMAL(18, 6)) AS pos_52w,
       regularMarketVolume AS volume, CAST(regularMarketPrice * regularMarketVolume AS DECIMAL(38, 2)) AS turnover,
       marketCap AS market_cap, priceEarnings AS pe, coalesce(earningsPerShare > 0, false) AS profitable
FROM bronze.stocks
