"""Goal: a lake on S3 works as one on disk: the b3 project with its zones on two buckets, run twice, read by SQL and by
delta-rs, and nothing of it on this disk. Method: the shipped binary over versitygw."""
import json

import deltalake

import lakehouse


class OnS3(lakehouse.LakehouseTest):
    def setUp(self):
        super().setUp()
        self.s3 = lakehouse.S3Server(self.folder)
        self.addCleanup(self.s3.stop)
        for bucket in ("lake", "raw"):
            self.s3.make_bucket(bucket)
        config = self.project / "lagoa.yaml"
        lines = [line for line in config.read_text().splitlines() if not line.startswith("lake:")]
        config.write_text("\n".join(lines) + f"""
lake: s3://lake/b3 market
zones: {{landing: "s3://raw/landing", bronze: "s3://raw/bronze"}}
s3: {{endpoint: "{self.s3.endpoint}"}}
""")

    def lagoa(self, *arguments, code=0, **variables):
        return super().lagoa(*arguments, code=code, **{**self.s3.variables, **variables})

    def test_the_daily_run(self):
        self.start_market()
        self.lagoa("doctor")
        self.assertTrue(json.loads(self.lagoa("run", "daily", "--json").stdout)["succeeded"])
        self.assertEqual(self.value("SELECT count(DISTINCT symbol) FROM bronze.stocks_current"), 15)
        self.assertEqual(self.value("SELECT count(*) FROM silver.fiis_refined"), 30)
        before = self.digest()
        self.lagoa("run", "daily")
        self.assertEqual(self.digest(), before, "the same answers again must change no row")
        self.assertEqual(self.digest("--at", "v1"), before)
        self.assertFalse((self.project / "lake").exists())
        self.check_other_reader()
        # A table by its address, in a bucket that a zone is in.
        self.assertEqual(self.value("SELECT count(*) FROM delta('s3://raw/bronze/stocks')"), self.tables()["bronze.stocks"]["rows"])

        # What is wrong is said, without the secret.
        refused = self.lagoa("sql", "SELECT count(*) FROM bronze.stocks", code=7, AWS_SECRET_ACCESS_KEY="no-such-secret")
        self.assertNotIn("no-such-secret", refused.stderr)
        self.assertIn("SignatureDoesNotMatch", refused.stderr)

    def check_other_reader(self):
        storage = {**self.s3.variables, "AWS_ENDPOINT_URL": self.s3.endpoint, "AWS_ALLOW_HTTP": "true"}
        for table, entry in self.tables().items():
            zone, name = table.split(".")
            root = "s3://raw/bronze" if zone == "bronze" else f"s3://lake/b3 market/{zone}"
            other = deltalake.DeltaTable(f"{root}/{name}", version=entry["version"], storage_options=storage)
            self.assertEqual(other.to_pyarrow_table().num_rows, entry["rows"], table)


if __name__ == "__main__":
    lakehouse.main()
