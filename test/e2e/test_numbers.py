"""Goal: the figures of silver are right where sources disagree, correct themselves or leave gaps.
Method: answers written here, one situation a test; the expected rows are worked out by hand."""
import datetime
import http.server
import json
import threading

import lakehouse


def candle(day, close, volume=1000, at="03:00:00"):
    """A candle of `day`; closed ones are stamped with São Paulo's midnight, 03:00 UTC."""
    stamp = datetime.datetime.fromisoformat(f"{day}T{at}+00:00")
    return {"date": int(stamp.timestamp()), "open": close, "high": close, "low": close, "close": close, "volume": volume, "adjustedClose": close}


def dividend(last_date_prior, rate, label="DIVIDENDO", payment_date=None, related_to="3º Trimestre/2026"):
    def day(text):
        return None if text is None else f"{text}T00:00:00.000Z"

    return {"assetIssued": "BRPETRACNPR6", "paymentDate": day(payment_date), "rate": rate, "relatedTo": related_to, "approvedOn": day("2026-01-02"),
            "isinCode": "BRPETRACNPR6", "label": label, "lastDatePrior": day(last_date_prior), "remarks": ""}


class Numbers(lakehouse.LakehouseTest):
    def setUp(self):
        super().setUp()
        self.answer = {}
        test = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                history = "dividends" in self.path
                quote = {"symbol": "PETR4", "currency": "BRL", "shortName": "PETROBRAS   PN  EDJ N2", "longName": "Petrobras", **test.answer.get("quote", {})}
                if history:
                    quote = {"symbol": "PETR4", "historicalDataPrice": test.answer.get("candles", []),
                             "dividendsData": {"cashDividends": test.answer.get("dividends", []), "stockDividends": []}}
                body = json.dumps({"results": [quote], "requestedAt": "2026-11-25T00:00:00.000Z", "took": 1}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.variables = {"BRAPI_BASE_URL": f"http://127.0.0.1:{server.server_port}"}
        for source in ("brapi_stocks", "brapi_history"):
            path = self.project / f"sources/{source}.yaml"
            text = path.read_text()
            start = text.index("items: [PETR4")
            text = text[:start] + "items: [PETR4]" + text[text.index("]", start) + 1:]
            path.write_text(text[:text.index("  - name: fii_quote")] if "fii_quote" in text else text)

    def ingest(self, *sources):
        for source in sources:
            self.lagoa("ingest", source)

    def silver(self):
        for table in ("stocks", "prices", "dividends", "prices_legacy", "dividends_legacy", "fii_dividends"):
            self.lagoa("job", "raw", "--param", f"table={table}")
        for job in ("price_history", "dividends", "historical_dividend", "stocks_refined"):
            self.lagoa("job", job)

    def dividends(self):
        rows = self.rows("""SELECT CAST(trade_date AS VARCHAR) AS day, dividend_kind AS kind, CAST(dividend_rate AS DOUBLE) AS rate, CAST(payment_date AS VARCHAR) AS paid
                            FROM silver.historical_dividend WHERE is_ex_date ORDER BY ALL""", "--at", "head")
        return [(r["day"], r["kind"], r["rate"], r["paid"]) for r in rows]

    def test_ex_date_is_the_next_session_and_never_years_away(self):
        self.answer = {"candles": [candle(d, 10) for d in ("2026-11-05", "2026-11-06", "2026-11-09", "2026-11-10")],
                       "dividends": [dividend("2026-11-06", 0.5, payment_date="2026-11-28"), dividend("2026-11-06", 0.25, "JCP", "2026-11-28"),
                                     dividend("2010-03-01", 2.22), dividend(None, 0.1)]}
        self.ingest("brapi_history")
        self.silver()
        # Friday the 6th with the right, Monday the 9th without; paid on a Saturday, and not lost.
        self.assertEqual(self.dividends(), [("2026-11-09", "DIVIDENDO", 0.5, "2026-11-28"), ("2026-11-09", "JCP", 0.25, "2026-11-28")])
        rows = self.rows("SELECT CAST(rate AS DOUBLE) AS rate, without_ex_date AS why FROM silver.dividends WHERE ex_date IS NULL ORDER BY rate", "--at", "head")
        self.assertEqual([(r["rate"], r["why"]) for r in rows], [(0.1, "no last day with the right"), (2.22, "no session within 10 days after it")])
        filled = self.rows("SELECT CAST(last_dividend_rate AS DOUBLE) AS r FROM silver.historical_dividend WHERE trade_date = '2026-11-10'", "--at", "head")
        self.assertEqual([r["r"] for r in filled], [0.25])

    def test_a_corrected_label_or_payment_date_is_one_payment_and_two_instalments_are_two(self):
        candles = [candle(d, 10) for d in ("2026-11-06", "2026-11-09")]
        self.answer = {"candles": candles, "dividends": [dividend("2026-11-06", 0.5), dividend("2026-11-06", 0.25, "JRS CAP PROPRIO", "2026-12-01"),
                                                         dividend("2026-11-06", 0.25, "JRS CAP PROPRIO", "2026-12-20")]}
        self.ingest("brapi_history")
        self.silver()
        self.answer["dividends"] = [dividend("2026-11-06", 0.5, payment_date="2026-12-15"), dividend("2026-11-06", 0.25, "JCP", "2026-12-01"),
                                    dividend("2026-11-06", 0.25, "JCP", "2026-12-20")]
        self.ingest("brapi_history")
        self.silver()
        self.assertEqual(self.dividends(), [("2026-11-09", "DIVIDENDO", 0.5, "2026-12-15"), ("2026-11-09", "JCP", 0.25, "2026-12-01"), ("2026-11-09", "JCP", 0.25, "2026-12-20")])

    def test_a_live_candle_gives_way_to_a_later_quote_and_to_the_closed_candle(self):
        self.answer = {"candles": [candle("2026-11-23", 11), candle("2026-11-24", 10, 1, "14:00:00")],
                       "quote": {"regularMarketPrice": 12.5, "regularMarketPreviousClose": 11, "regularMarketTime": "2026-11-24T18:05:00.000Z", "regularMarketVolume": 7}}
        self.ingest("brapi_stocks", "brapi_history")
        self.silver()
        at = ("--at", "head")
        day = "SELECT CAST(close AS DOUBLE) AS c, volume AS v, price_source AS s FROM silver.price_history WHERE trade_date = '2026-11-24'"
        self.assertEqual(self.rows(day, *at), [{"c": 12.5, "v": 7, "s": "quote"}])
        self.assertEqual(self.value("SELECT CAST(daily_return AS DOUBLE) FROM silver.stocks_refined WHERE trade_date = '2026-11-24'", *at), 0.13636364)
        self.assertEqual(self.value("SELECT any_value(short_name) FROM silver.stocks_refined", *at), "PETROBRAS PN EDJ N2")
        self.answer["candles"] = [candle("2026-11-23", 11), candle("2026-11-24", 12.75, 99)]
        self.ingest("brapi_history")
        self.silver()
        self.assertEqual(self.rows(day, *at), [{"c": 12.75, "v": 99, "s": "history"}])

    def test_no_return_and_no_average_across_a_gap(self):
        days = ["2026-06-01", "2026-06-02", "2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09"]
        self.answer = {"candles": [candle(d, 10 + i) for i, d in enumerate(days)]}
        self.ingest("brapi_history")
        self.silver()
        rows = self.rows("""SELECT CAST(trade_date AS VARCHAR) AS d, CAST(daily_return AS DOUBLE) AS r, CAST(moving_average_5 AS DOUBLE) AS m
                            FROM silver.stocks_refined ORDER BY trade_date""", "--at", "head")
        self.assertEqual([(r["d"], r["r"], r["m"]) for r in rows],
                         [("2026-06-01", None, None), ("2026-06-02", 0.1, None), ("2026-10-05", None, None), ("2026-10-06", 0.08333333, None),
                          ("2026-10-07", 0.07692308, None), ("2026-10-08", 0.07142857, None), ("2026-10-09", 0.06666667, 14)])

    def test_a_candle_without_values_and_a_correction(self):
        empty = {**candle("2026-11-06", 0), **{k: None for k in ("open", "high", "low", "close", "volume", "adjustedClose")}}
        self.answer = {"candles": [candle("2026-11-05", 10), empty]}
        self.ingest("brapi_history")
        self.silver()
        self.answer["candles"] = [candle("2026-11-05", 10.5), empty]
        self.ingest("brapi_history")
        self.silver()
        at = ("--at", "head")
        self.assertEqual(self.value("SELECT count(*) FROM bronze.prices", *at), 2, "the correction stands beside what it corrects")
        self.assertEqual(self.rows("SELECT CAST(close AS DOUBLE) AS c FROM silver.price_history", *at), [{"c": 10.5}])


if __name__ == "__main__":
    lakehouse.main()
