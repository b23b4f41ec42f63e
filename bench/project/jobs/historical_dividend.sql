/* lagoa
target: silver.historical_dividend
*/
SELECT d.symbol, l.longName, d.paymentDate AS payment_ts, CAST(d.paymentDate AS DATE) AS payment_date, d.rate, d.relatedTo, d.type AS dividend_type,
       l.regularMarketPrice AS last_price, CAST(d.rate / l.regularMarketPrice * 100 AS DECIMAL(18, 4)) AS yield_pct
FROM read_csv('@DATA@/dividends/dividends.csv', header = true,
              columns = {symbol: 'VARCHAR', paymentDate: 'TIMESTAMPTZ', rate: 'DECIMAL(18,6)', relatedTo: 'VARCHAR', type: 'VARCHAR'}) d
JOIN (SELECT symbol, longName, regularMarketPrice FROM bronze.stocks
      QUALIFY row_number() OVER (PARTITION BY symbol ORDER BY regularMarketTime DESC) = 1) l USING (symbol)
