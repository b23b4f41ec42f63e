"""Goal: the same project runs on real recorded input, and refuses what the real world sends broken.
Method: `sample serve --recordings ../shared/data`: recorded quotes and crypto, the real pages of one fund (the other 29 are
simulated), a "not found" page with status 200, and one full official COTAHIST day."""
import json
import pathlib
import re
import shutil

import lakehouse

DATA = lakehouse.SHARED / "data"


class Recordings(lakehouse.LakehouseTest):
    def setUp(self):
        super().setUp()
        self.market = self.start_market("--recordings", str(DATA))

    def edit(self, file, pattern, replacement):
        path = self.project / file
        text = path.read_text()
        changed = re.sub(pattern, replacement, text, flags=re.S)
        self.assertNotEqual(changed, text, f"{pattern} is not in {file}")
        path.write_text(changed)

    def test_cotahist_day(self):
        self.lagoa("ingest", "b3_cotahist")
        self.lagoa("job", "raw", "--param", "table=cotahist")
        at = ("--at", "head")
        self.assertEqual(self.value("SELECT count(*) FROM bronze.cotahist", *at), 7518)
        self.assertEqual(self.value("SELECT count(*) FROM bronze.cotahist WHERE bdi_code = '02'", *at), 745)
        self.assertEqual(self.value("SELECT count(*) FROM bronze.cotahist WHERE bdi_code = '12'", *at), 244)
        self.assertEqual(self.value("""SELECT count(*) FROM (SELECT 1 FROM bronze.cotahist
                                       GROUP BY trade_date, symbol, market_type, term_days HAVING count(*) > 1)""", *at), 0)
        # The file again: its name and digest are known, nothing is landed.
        again = json.loads(self.lagoa("ingest", "b3_cotahist", "--json").stdout)
        self.assertEqual(again["sequence"], 0)
        # Against the file itself, read here without any of our code: exact prices of every row.
        expected = {}
        for line in (DATA / "b3/COTAHIST_D25062021.TXT").read_bytes().split(b"\r\n"):
            if line.startswith(b"01"):
                key = (line[12:24].decode("latin-1").strip(), line[24:27].decode().strip(), int(line[49:52].decode().strip() or 0))
                expected[key] = (int(line[56:69]), int(line[108:121]), int(line[170:188]))
        rows = self.rows("""SELECT symbol, market_type, coalesce(term_days, 0) AS term, CAST(open * 100 AS BIGINT) AS o, CAST(close * 100 AS BIGINT) AS c,
                            CAST(volume * 100 AS BIGINT) AS v FROM bronze.cotahist""", *at)
        self.assertEqual({(r["symbol"], r["market_type"], r["term"]): (r["o"], r["c"], r["v"]) for r in rows}, expected)

    def test_cut_cotahist_is_refused(self):
        folder = self.folder / "cut"
        folder.mkdir()
        lines = (DATA / "b3/COTAHIST_D25062021.TXT").read_bytes().split(b"\r\n")
        (folder / "COTAHIST_D25062021.TXT").write_bytes(b"\r\n".join(lines[:-40]) + b"\r\n")
        failed = self.lagoa("ingest", "b3_cotahist", code=1, B3_COTAHIST_DIR=str(folder))
        self.assertIn("COTAHIST_D25062021.TXT", failed.stderr)
        trailer = [line for line in lines if line.startswith(b"99")]
        (folder / "COTAHIST_D25062021.TXT").write_bytes(b"\r\n".join(lines[:5000] + trailer) + b"\r\n")
        failed = self.lagoa("ingest", "b3_cotahist", code=1, B3_COTAHIST_DIR=str(folder))
        self.assertIn("7520", failed.stderr)
        self.assertEqual(self.value("SELECT count(*) FROM ops.ingests WHERE NOT success AND source = 'b3_cotahist'"), 2)

    def test_recorded_quotes_and_crypto(self):
        quotes = json.loads((DATA / "brapi/orig_stocks_fiis_quote_2024-05-17.json").read_text(), parse_float=str, parse_int=str)
        symbols = ", ".join(q["symbol"] for q in quotes)
        self.edit("sources/brapi_stocks.yaml", r"items: \[PETR4[^\]]*\]", f"items: [{symbols}]")
        self.edit("sources/brapi_stocks.yaml", r"  - name: fii_quote.*", "")
        self.lagoa("ingest", "brapi_stocks")
        self.lagoa("job", "raw", "--param", "table=stocks")
        rows = self.rows("SELECT symbol, CAST(regularMarketPrice AS VARCHAR) AS price, CAST(regularMarketChangePercent AS VARCHAR) AS change FROM bronze.stocks_current", "--at", "head")
        bad = self.rows("SELECT record FROM quarantine.stocks", "--at", "head") if "quarantine.stocks" in self.tables("--at", "head") else []
        self.assertEqual(len(rows) + len(bad), len(quotes))
        prices = {q["symbol"]: q for q in quotes}
        for row in rows:
            self.assertEqual(float(row["price"]), float(prices[row["symbol"]]["regularMarketPrice"]), row)
        self.edit("sources/brapi_crypto.yaml", r"items: \[BTC, ETH\]", "items: [BTC]")
        self.lagoa("ingest", "brapi_crypto")
        self.lagoa("job", "raw", "--param", "table=crypto")
        self.assertEqual(self.rows("SELECT coin, CAST(regularMarketPrice AS VARCHAR) AS p, CAST(regularMarketDayHigh AS VARCHAR) AS h FROM bronze.crypto_current", "--at", "head")[0]["coin"], "BTC")
        high = self.value("SELECT CAST(regularMarketDayHigh AS VARCHAR) FROM bronze.crypto_current", "--at", "head")
        self.assertEqual(high.rstrip("0"), "343805.41531250003")

    def test_fund_pages(self):
        result = json.loads(self.lagoa("ingest", "fii_pages", "--json").stdout)
        self.assertEqual(result["failures"], [])
        self.lagoa("job", "raw", "--param", "table=fiis")
        self.lagoa("job", "raw", "--param", "table=fii_dividends")
        at = ("--at", "head")
        self.assertEqual(self.value("SELECT count(*) FROM bronze.fiis_current", *at), 30)
        (fund,) = self.rows("SELECT * FROM bronze.fiis_current WHERE ticker = 'HGLG11'", *at)
        self.assertEqual(str(fund["reference_date"]), "2026-07-03")
        self.assertEqual(float(fund["price"]), 150.30)
        self.assertEqual(float(fund["market_value"]), 6853940000)
        self.assertEqual(float(fund["change_12m"]), 4.28)
        self.assertEqual(float(fund["revenue_3m"]), 143645000)   # the second `Receita`
        self.assertEqual(float(fund["vacancy"]), 3.2)
        self.assertIn("IMOBILIÁRIO", fund["name"])                # ISO-8859-1 on the wire
        page = (DATA / "fii/fundamentus/hglg11_dividends.html").read_bytes().decode("latin-1")
        table = page[page.index('id="resultado"'):]
        count = len(re.findall(r"<tr[^>]*>\s*<td", table[:table.index("</table>")]))
        self.assertEqual(self.value("SELECT count(*) FROM bronze.fii_dividends_current WHERE ticker = 'HGLG11'", *at), count)
        # The page is kept as it came.
        kept = [p for p in (self.project / "lake/landing/fii_pages").rglob("*.html")
                if p.read_bytes() == (DATA / "fii/fundamentus/hglg11_details.html").read_bytes()]
        self.assertEqual(len(kept), 1)

    def test_soft_404_page_is_a_failed_scrape(self):
        self.edit("sources/fii_pages.yaml", r"items: &funds \[.*?\]", "items: &funds [HGLG11, SOFT11]")
        result = json.loads(self.lagoa("ingest", "fii_pages", "--json").stdout)
        failed = {f["item"] for f in result["failures"]}
        self.assertEqual(failed, {"SOFT11"}, "one bad page must not drop the other fund")
        self.assertTrue(all(".html" in f["message"] for f in result["failures"]), "the saved page is named")
        self.edit("sources/fii_pages.yaml", r"items: &funds \[.*?\]", "items: &funds [SOFT11]")
        done = self.lagoa("ingest", "fii_pages", code=1)
        self.assertIn("SOFT11", done.stderr)
        (row,) = self.rows("SELECT success, error FROM ops.ingests ORDER BY started_at DESC LIMIT 1")
        self.assertFalse(row["success"])

    def test_a_candle_without_values_is_no_row(self):
        source = json.loads((DATA / "brapi/inoa-challenge/quote_1mo_2025-07-21.json").read_text())
        symbols = ", ".join(q["symbol"] for q in source)
        self.edit("sources/brapi_history.yaml", r"items: \[PETR4[^\]]*\]", f"items: [{symbols}]")
        self.lagoa("ingest", "brapi_history", BRAPI_HISTORY_RANGE="1mo")
        result = json.loads(self.lagoa("job", "raw", "--param", "table=prices", "--json").stdout)
        candles = [c for q in source for c in q["historicalDataPrice"]]
        empty = [c for c in candles if all(c.get(k) is None for k in ("open", "high", "low", "close", "volume"))]
        self.assertEqual(result["rows_in"], len(candles))
        self.assertEqual(result["rows_skipped"], len(empty))
        self.assertEqual(result["rows_quarantined"], 0)


if __name__ == "__main__":
    lakehouse.main()
