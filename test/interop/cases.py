"""The base of tests that hold Lagoa, Spark with Delta and delta-rs against one another: one Spark session for all cases of a program.

Statements that two engines understand are written once, with `{t}` for the table: `self.ours(sql, table)`, `self.theirs(sql, table)`.
"""
import json
import pathlib
import tempfile
import unittest

import engines

EVERYONE = ("spark", "delta_rs")
SPARK = ("spark",)  # where delta-rs lacks the feature


class Session:
    """What all cases of the program share; run() fills it in."""

    scratch = None
    spark = None


def spark():
    return Session.spark


def run():
    """Runs the cases of the program that calls it; its exit status."""
    with tempfile.TemporaryDirectory(prefix="lagoa-interop-") as folder:
        Session.scratch = pathlib.Path(folder)
        Session.spark = engines.Spark(folder)
        Session.spark.sql("SELECT 1").collect()
        done = unittest.main(module="__main__", verbosity=2, exit=False)
        Session.spark.close()
    return 0 if done.result.wasSuccessful() else 1


class Interop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Session.scratch / cls.__name__
        cls.root.mkdir()
        (Session.scratch / f"project-{cls.__name__}").mkdir()
        cls.lagoa = engines.Lagoa(cls.root, Session.scratch / f"project-{cls.__name__}")
        cls.readers = {"spark": spark(), "delta_rs": engines.DeltaRs()}

    @classmethod
    def tearDownClass(cls):
        cls.lagoa.close()

    def path(self, table):
        return self.root / table

    def agree(self, table, readers=EVERYONE, version=None):
        """All readers find the rows that Lagoa finds; returns them."""
        ours = self.lagoa.read(self.path(table), version)
        for reader in readers:
            problem = engines.difference(ours, self.readers[reader].read(self.path(table), version))
            if problem:
                self.fail(f"{table} read by Lagoa and {reader}: {problem}")
        return ours

    def detail(self, table):
        (row,) = spark().sql(f"DESCRIBE DETAIL delta.`{self.path(table)}`").collect()
        return row

    def files(self, table):
        return sorted(str(p.relative_to(self.path(table))) for p in self.path(table).rglob("*") if p.is_file() and not p.name.startswith("."))

    def log(self, table, version):
        """The actions of one commit."""
        with open(self.path(table) / "_delta_log" / f"{version:020}.json", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def refused(self, table, select, feature, **request):
        """Lagoa will not write, says which feature stands against it, and has staged nothing."""
        before = self.files(table)
        with self.assertRaises(engines.Refused) as raised:
            self.lagoa.write(table, select, **request)
        self.assertEqual(raised.exception.code, "unsupported")
        self.assertIn(feature.lower(), str(raised.exception).lower())
        self.assertEqual(self.files(table), before)

    def checksum_is_right(self, table):
        """What our newest .crc says is what Spark finds."""
        newest = max((self.path(table) / "_delta_log").glob("[0-9]*.crc"))
        checksum = json.loads(newest.read_text())
        detail = self.detail(table)
        self.assertEqual((checksum["numFiles"], checksum["tableSizeBytes"]), (detail.numFiles, detail.sizeInBytes))
        self.assertEqual(int(newest.stem), self.spark_version(table))

    def spark_version(self, table):
        return spark().sql(f"DESCRIBE HISTORY delta.`{self.path(table)}` LIMIT 1").collect()[0].version

    def ours(self, sql, table):
        return self.lagoa.sql(sql.replace("{t}", f"silver.{table}"))

    def theirs(self, sql, table):
        return spark().sql(sql.replace("{t}", f"delta.`{self.path(table)}`"))

    def make(self, by, table, columns, properties=None, partitioned="", clustered=""):
        """An empty table, made by `by`: self.ours or self.theirs."""
        told = by == self.theirs
        options = ", ".join(f"'{k}' = '{v}'" for k, v in (properties or {}).items())
        by(f"CREATE TABLE {{t}} ({columns}){' USING delta' if told else ''}{f' PARTITIONED BY ({partitioned})' if partitioned else ''}"
           f"{f' CLUSTER BY ({clustered})' if clustered else ''}{f' TBLPROPERTIES ({options})' if told and options else f' WITH ({options})' if options else ''}", table)

    def history(self, table):
        """Spark's account of `table`, oldest first."""
        return spark().sql(f"DESCRIBE HISTORY delta.`{self.path(table)}`").orderBy("version").collect()

    def operations(self, table):
        return [row.operation for row in self.history(table)]

    def our_feed(self, table, first=0):
        return self.lagoa.query(f"SELECT * EXCLUDE (_commit_timestamp) FROM delta_changes('{self.path(table)}', {first})")

    def their_feed(self, table, first=0):
        reader = spark().session.read.format("delta").option("readChangeFeed", "true").option("startingVersion", first)
        return reader.load(str(self.path(table))).drop("_commit_timestamp").toArrow()

    def same(self, a, b, what=""):
        """The bags of rows of two Arrow tables are equal."""
        problem = engines.difference(a, b)
        if problem:
            self.fail(f"{what}: {problem}")

    def refuses(self, sql, table, code=None):
        """Lagoa does not do it, for that reason; the table stays at its version, and no file is left of it."""
        before = self.files(table)
        with self.assertRaises(engines.Refused) as raised:
            self.ours(sql, table)
        if code:
            self.assertEqual(raised.exception.code, code, raised.exception)
        self.assertEqual(self.files(table), before)

    def spark_refuses(self, sql, table):
        with self.assertRaises(Exception):
            self.theirs(sql, table).collect()
