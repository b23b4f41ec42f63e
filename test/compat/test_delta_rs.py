"""Goal: delta-rs reads every table that we write, with equal rows; filters it pushes down lose none.
Method: write_tables makes the tables and says what their rows are; delta-rs reads them; values are compared exactly."""
import datetime
import decimal
import json
import math
import os
import pathlib
import subprocess
import tempfile
import unittest

import deltalake


def canonical(value):
    """What a reader found, as write_tables prints it."""
    if isinstance(value, datetime.datetime):
        text = value.replace(tzinfo=None).isoformat()
        text = text.rstrip("0") if "." in text else text
        return text + ("Z" if value.tzinfo else "")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, dict):
        return {key: canonical(member) for key, member in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return {key: canonical(member) for key, member in value}
    if isinstance(value, list):
        return [canonical(member) for member in value]
    return value


def as_read(expected, found):
    """A number of the expected JSON in the type that the reader has for it."""
    if isinstance(expected, decimal.Decimal) and isinstance(found, float):
        return float(expected)
    if isinstance(expected, dict) and isinstance(found, dict):
        return {key: as_read(member, found.get(key)) for key, member in expected.items()}
    return expected


class DeltaRs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.scratch.name)
        subprocess.run([os.environ["WRITE_TABLES"], str(cls.root)], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def expected(self, table):
        with open(self.root / f"{table}.jsonl", encoding="utf-8") as lines:
            return [json.loads(line, parse_float=decimal.Decimal) for line in lines]

    def found(self, table, **options):
        rows = deltalake.DeltaTable(str(self.root / table)).to_pyarrow_table(**options).to_pylist()
        return sorted(({key: canonical(value) for key, value in row.items()} for row in rows), key=lambda row: row["k"])

    def test_rows_are_equal(self):
        for path in sorted(self.root.glob("*.jsonl")):
            with self.subTest(table=path.stem):
                found, expected = self.found(path.stem), self.expected(path.stem)
                self.assertEqual(len(found), len(expected))
                for row, wanted in zip(found, expected):
                    self.assertEqual(row, {key: as_read(value, row.get(key)) for key, value in wanted.items()})

    def test_statistics_prune_no_row_that_passes(self):
        at = datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.timezone.utc)
        for filters in ([("at", "=", at)], [("price", ">=", decimal.Decimal("7000000.0000"))], [("s", "=", "ação 49")],
                        [("day", "=", datetime.date(1969, 12, 30))], [("even", "=", True)], [("f", ">", 16.0)]):
            with self.subTest(filters=filters):
                self.assertGreater(len(self.found("types", filters=filters)), 0)
        self.assertEqual(len(self.found("partitions", filters=[("day", "=", datetime.date(2026, 1, 2))])), 13)

    def test_history_names_the_operations(self):
        history = deltalake.DeltaTable(str(self.root / "merged")).history()
        self.assertEqual([entry["operation"] for entry in history], ["MERGE"] * 12 + ["WRITE"])
        self.assertTrue((self.root / "merged" / "_delta_log" / "_last_checkpoint").exists())


if __name__ == "__main__":
    unittest.main()
