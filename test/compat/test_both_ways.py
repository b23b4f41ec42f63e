"""Goal: delta-rs reads every kind of table we write with equal rows, at every version, and we read what delta-rs writes.
Method: jobs of each write mode over a file that changes, enough commits for checkpoints; both readers side by side."""
import csv
import datetime
import decimal
import json
import pathlib
import sys

import deltalake
import pyarrow
import pyarrow.parquet

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import lakehouse  # noqa: E402

JOB = """/* lagoa
target: silver.{mode}
mode: {mode}
{extra}*/
SELECT id, day, CAST(price AS DECIMAL(18,4)) AS price, name, active, CAST("at" AS TIMESTAMPTZ) AS "at", ratio
FROM read_csv('{file}', header = true, columns = {{id: 'BIGINT', day: 'DATE', price: 'VARCHAR', name: 'VARCHAR', active: 'BOOLEAN', 'at': 'VARCHAR', ratio: 'DOUBLE'}})
"""


class DeltaRs(lakehouse.LakehouseTest):
    def setUp(self):
        super().setUp()
        for folder in ("sources", "jobs", "contracts", "pipelines"):
            for file in (self.project / folder).iterdir():
                file.unlink()
        self.file = self.folder / "rows.csv"
        for mode, extra in (("append", "partition_by: [day]\n"), ("overwrite", ""), ("merge", "key: [id]\n")):
            (self.project / f"jobs/{mode}.sql").write_text(JOB.format(mode=mode, extra=extra, file=self.file))

    def write_rows(self, step):
        with open(self.file, "w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["id", "day", "price", "name", "active", "at", "ratio"])
            for i in range(step * 3, step * 3 + 8):
                name = [None, "São Paulo", "a=b/c %20", "", "x" * 60, "'\"", "line", "ção"][i % 8]
                writer.writerow([i, f"2026-01-{1 + i % 5:02}", f"{i}.{step:04}", name, "true" if i % 2 else "false", f"2026-01-01T00:00:00.{i:06}Z", i / 7])

    def equal(self, table, version=None):
        """Rows of `table`, through delta-rs and through delta('PATH')."""
        path = self.project / "lake" / table.replace(".", "/")
        theirs = deltalake.DeltaTable(str(path), version=version).to_pyarrow_table()
        self.same_rows(path, theirs, version)
        return theirs.num_rows

    def same_rows(self, path, theirs, version):
        ours, other = self.folder / "ours.parquet", self.folder / "theirs.parquet"
        at = "" if version is None else f", version => {version}"
        self.lagoa("sql", f"SELECT * FROM delta('{path}'{at})", "--format", "parquet", "--output", str(ours))
        pyarrow.parquet.write_table(theirs, other)
        columns = ", ".join(f'"{c}"' for c in theirs.column_names)
        self.assertEqual(self.value(f"""SELECT count(*) FROM (
            (SELECT {columns} FROM read_parquet('{ours}') EXCEPT ALL SELECT {columns} FROM read_parquet('{other}')) UNION ALL
            (SELECT {columns} FROM read_parquet('{other}') EXCEPT ALL SELECT {columns} FROM read_parquet('{ours}')))"""), 0, f"{path} {version}")

    def test_every_mode_at_every_version(self):
        steps = 12  # past the checkpoint of version 10
        for step in range(steps):
            self.write_rows(step)
            for mode in ("append", "overwrite", "merge"):
                self.lagoa("job", mode)
        for mode, rows in (("append", 8 * steps), ("overwrite", 8), ("merge", 3 * steps + 5)):
            table = f"silver.{mode}"
            self.assertEqual(self.equal(table), rows, table)
            for version in (0, 5, 9, 10, 11):
                self.equal(table, version)
            log = self.project / "lake/silver" / mode / "_delta_log"
            self.assertTrue((log / f"{10:020}.checkpoint.parquet").exists(), "a checkpoint was due")
            # From the checkpoint alone: the commits before it are gone.
            for version in range(10):
                (log / f"{version:020}.json").unlink()
            self.assertEqual(self.equal(table), rows, f"{table} from its checkpoint")
        # The statistics we wrote are what delta-rs prunes by.
        path = str(self.project / "lake/silver/overwrite")
        actions = pyarrow.table(deltalake.DeltaTable(path).get_add_actions(flatten=True)).to_pylist()
        self.assertEqual((actions[0]["num_records"], actions[0]["min.id"], actions[0]["max.id"]), (8, 33, 40))
        self.assertEqual(actions[0]["max.price"], decimal.Decimal("40.0011"))
        found = deltalake.DeltaTable(path).to_pyarrow_table(filters=[("id", "=", 35)])
        self.assertEqual(found.num_rows, 1)

    def test_they_write_we_read(self):
        path = self.folder / "theirs"
        table = pyarrow.table({"id": pyarrow.array([1, 2, 3]), "day": [datetime.date(2026, 1, 1), None, datetime.date(2026, 1, 2)],
                               "price": pyarrow.array([decimal.Decimal("1.10"), None, decimal.Decimal("-3.33")], pyarrow.decimal128(18, 2)),
                               "at": pyarrow.array([datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)] * 3),
                               "tags": [["a"], [], None]})
        deltalake.write_deltalake(str(path), table, partition_by=["day"])
        for _ in range(12):
            deltalake.write_deltalake(str(path), table, mode="append")
        deltalake.DeltaTable(str(path)).create_checkpoint()
        deltalake.DeltaTable(str(path)).delete("id = 2")
        self.same_rows(path, deltalake.DeltaTable(str(path)).to_pyarrow_table(), None)
        self.same_rows(path, deltalake.DeltaTable(str(path), version=3).to_pyarrow_table(), 3)

    def test_alternating_writers(self):
        """Commits of both on one table: each sees the other's rows, the log has no gap."""
        self.write_rows(0)
        self.lagoa("job", "overwrite")
        path = str(self.project / "lake/silver/overwrite")
        rows = deltalake.DeltaTable(path).to_pyarrow_table()
        for _ in range(3):
            deltalake.write_deltalake(path, rows, mode="append")
            self.lagoa("sql", "INSERT INTO silver.overwrite SELECT * FROM silver.overwrite LIMIT 2", "--at", "head")
        self.assertEqual(self.equal("silver.overwrite"), 8 + 3 * 8 + 3 * 2)
        versions = sorted(int(p.stem) for p in pathlib.Path(path, "_delta_log").glob("*.json"))
        self.assertEqual(versions, list(range(7)))
        history = json.loads(self.lagoa("table", "history", "silver.overwrite", "--json").stdout)
        self.assertEqual([h["version"] for h in history], list(range(6, -1, -1)))


if __name__ == "__main__":
    lakehouse.main()
