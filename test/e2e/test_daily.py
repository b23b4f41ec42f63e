"""Goal: the b3 project runs end to end on the simulated market, and running it again changes no row.
Method: the shipped binary in a private copy of examples/b3; delta-rs reads every table beside it."""
import decimal
import json
import subprocess

import deltalake

import lakehouse


class Daily(lakehouse.LakehouseTest):
    def test_run_again_and_other_readers(self):
        self.start_market()
        self.lagoa("doctor")
        run = json.loads(self.lagoa("run", "daily", "--json").stdout)
        self.assertTrue(run["succeeded"])
        self.assertEqual(run["output"]["published"]["result"]["lake_version"], 1)
        self.check_tables()
        self.check_other_reader()
        self.check_ops(runs=1)

        before = self.digest()
        self.lagoa("run", "daily")
        self.assertEqual(self.digest(), before, "the same answers again must change no row")
        self.check_ops(runs=2)

        # A reader of the first published cut still sees it.
        self.assertEqual(self.digest("--at", "v1"), before)

    def check_tables(self):
        tables = self.tables()
        for table in ("bronze.stocks", "bronze.crypto", "bronze.fiis", "bronze.prices", "bronze.prices_legacy", "bronze.dividends_legacy",
                      "bronze.rates_legacy", "bronze.cotahist", "silver.price_history", "silver.historical_dividend", "silver.stocks_refined",
                      "silver.crypto_refined", "silver.fiis_refined"):
            self.assertGreater(tables[table]["rows"], 0, table)
        self.assertEqual(self.value("SELECT count(DISTINCT symbol) FROM bronze.stocks_current"), 15)
        self.assertEqual(self.value("SELECT count(*) FROM silver.fiis_refined"), 30)
        self.assertEqual(self.value("SELECT count(*) FROM silver.crypto_refined"), 2)
        # Reserved columns from the first table on.
        for column in ("_run", "_object", "_pointer", "_known_from"):
            self.assertIn(column, self.columns("bronze.stocks"))
        # Payments of one day are rows of their own.
        self.assertGreater(self.value("SELECT count(*) FROM silver.historical_dividend WHERE dividend_number > 1"), 0)
        self.assertEqual(self.value("SELECT count(*) FROM silver.historical_dividend WHERE is_ex_date AND trade_date <= last_date_prior"), 0)
        # No dividend is lost or doubled: each that has a session after it is there once.
        self.assertEqual(self.value("""
            SELECT count(*) FROM bronze.dividends_legacy_current d
            WHERE last_date_prior < (SELECT max(trade_date) FROM silver.price_history h WHERE h.symbol = d.symbol)
              AND NOT EXISTS (SELECT 1 FROM silver.historical_dividend s WHERE s.symbol = d.symbol AND s.last_date_prior = d.last_date_prior AND s.dividend_rate = d.rate)"""), 0)
        self.assertEqual(self.value("SELECT count(*) FROM (SELECT 1 FROM silver.stocks_refined GROUP BY symbol, trade_date HAVING count(*) > 1)"), 0)
        types = {r["column_name"]: r["column_type"] for r in self.rows("SELECT column_name, column_type FROM (DESCRIBE silver.stocks_refined)")}
        self.assertEqual((types["close"], types["trade_date"]), ("DECIMAL(18,6)", "DATE"))

    def check_other_reader(self):
        for table, entry in self.tables().items():
            zone, name = table.split(".")
            other = deltalake.DeltaTable(str(self.project / "lake" / zone / name), version=entry["version"])
            theirs = other.to_pyarrow_table()
            self.assertEqual(theirs.num_rows, entry["rows"], table)
            # Every value, through Parquet on both sides.
            ours = self.folder / f"{table}.parquet"
            mine = self.folder / f"{table}.theirs.parquet"
            self.lagoa("sql", f"SELECT * FROM {table}", "--format", "parquet", "--output", str(ours))
            import pyarrow.parquet
            pyarrow.parquet.write_table(theirs, mine)
            columns = ", ".join(f'"{c}"' for c in theirs.column_names)
            self.assertEqual(self.value(f"""SELECT count(*) FROM (
                (SELECT {columns} FROM read_parquet('{ours}') EXCEPT ALL SELECT {columns} FROM read_parquet('{mine}')) UNION ALL
                (SELECT {columns} FROM read_parquet('{mine}') EXCEPT ALL SELECT {columns} FROM read_parquet('{ours}')))"""), 0, table)

    def check_ops(self, runs):
        self.assertEqual(self.value("SELECT count(*) FROM ops.runs WHERE success"), runs)
        self.assertEqual(self.value("SELECT count(DISTINCT source) FROM ops.ingests WHERE success AND size_bytes > 0"), 7)
        self.assertGreaterEqual(self.value("SELECT count(*) FROM ops.jobs WHERE success AND seconds > 0"), 17 * runs)
        listed = json.loads(self.lagoa("runs", "ls", "--json").stdout)
        self.assertEqual([r["status"] for r in listed], ["succeeded"] * runs)
        shown = json.loads(self.lagoa("runs", "show", listed[0]["run"][:18], "--json").stdout)
        self.assertEqual(shown["history"][0]["type"], "ExecutionStarted")
        self.assertEqual(shown["history"][-1]["type"], "ExecutionSucceeded")

    def test_money_is_exact(self):
        """The number in the answer's text, the bronze cell and the silver cell are one."""
        self.start_market()
        self.lagoa("ingest", "brapi_stocks")
        self.lagoa("job", "raw", "--param", "table=stocks")
        texts = {}
        for path in (self.project / "lake/landing/brapi_stocks").rglob("*.json"):
            if path.parent.name == "_runs":
                continue
            for quote in json.loads(path.read_text(), parse_float=decimal.Decimal, parse_int=decimal.Decimal)["results"]:
                texts[quote["symbol"]] = quote
        for row in self.rows("SELECT symbol, CAST(marketCap AS VARCHAR) AS cap, CAST(regularMarketPrice AS VARCHAR) AS price FROM bronze.stocks", "--at", "head"):
            quote = texts[row["symbol"]]
            self.assertEqual(decimal.Decimal(row["price"]), quote["regularMarketPrice"], row["symbol"])
            if quote.get("marketCap") is not None:
                self.assertEqual(decimal.Decimal(row["cap"]), quote["marketCap"], row["symbol"])

    def test_readers_see_a_run_as_a_whole(self):
        """Nothing of a run that has not published is visible to readers of the published cut."""
        self.start_market()
        self.lagoa("run", "daily", "--input", '{"publish": false}')
        self.assertEqual({t for t in self.tables() if not t.startswith("ops.")}, set())
        self.assertGreater(self.tables("--at", "head")["silver.stocks_refined"]["rows"], 0)
        self.lagoa("publish")
        self.assertGreater(self.tables()["silver.stocks_refined"]["rows"], 0)


class Zones(lakehouse.LakehouseTest):
    def test_a_zone_may_have_a_root_of_its_own(self):
        elsewhere = self.folder / "elsewhere"
        config = self.project / "lagoa.yaml"
        config.write_text(config.read_text() + f"zones: {{bronze: {elsewhere}}}\n")
        self.lagoa("run", "daily", "--sample")
        self.assertTrue((elsewhere / "stocks/_delta_log").is_dir())
        self.assertFalse((self.project / "lake/bronze").exists())
        self.assertGreater(self.value("SELECT count(*) FROM silver.stocks_refined JOIN bronze.stocks USING (symbol)"), 0)


class Init(lakehouse.LakehouseTest):
    def test_a_new_project_runs(self):
        self.project = self.folder / "my-lake"
        subprocess.run([lakehouse.LAGOA, "init", str(self.project)], check=True, capture_output=True, env=lakehouse.clean_environment())
        self.lagoa("run", "daily", "--sample")
        self.assertEqual(self.value("SELECT count(*) FROM silver.daily_return"), 4)
        again = subprocess.run([lakehouse.LAGOA, "init", str(self.project)], capture_output=True, text=True, env=lakehouse.clean_environment())
        self.assertEqual(again.returncode, 5, again.stderr)


if __name__ == "__main__":
    lakehouse.main()
