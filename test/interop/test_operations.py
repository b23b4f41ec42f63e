"""Goal: what Lagoa does to a Delta table is what Spark does to it, and each goes on with what the other left.
Method: one Spark session; a list of statements is run on a table by Lagoa, on its twin by Spark, on a third by both in turn: rows,
change feed, history and counts are equal after it, read by all. What one engine asks of a table's rows, the other enforces."""
import json
import os
import pathlib
import time

import deltalake
import pyarrow
import pyarrow.parquet

import engines
from cases import EVERYONE, SPARK, Interop, run, spark

COLUMNS = "k BIGINT, p INT, v STRING, n DECIMAL(12,2)"
ROWS = "SELECT k, CAST(k % 4 AS INT) AS p, concat('v', k) AS v, CASE WHEN k % 5 = 0 THEN NULL ELSE CAST(k AS DECIMAL(12,2)) END AS n FROM range({}, {}) AS r(k)"
LOAD = [f"INSERT INTO {{t}} {ROWS.format(low, low + 40)}" for low in (0, 40, 80)]
# One commit each, in both engines' SQL. In the end every kind of clause has met rows and files of every kind.
CHANGES = [
    "DELETE FROM {t} WHERE k % 7 = 3",
    "UPDATE {t} SET v = concat(v, '!'), n = n + 0.25 WHERE k BETWEEN 10 AND 50",
    """MERGE INTO {t} AS t USING (SELECT k, CAST(k % 4 AS INT) AS p, concat('m', k) AS v, CAST(-k AS DECIMAL(12,2)) AS n FROM range(30, 130, 3) AS r(k)) AS s ON t.k = s.k
       WHEN MATCHED AND s.k % 2 = 0 AND t.n > 60 THEN DELETE
       WHEN MATCHED AND s.k % 5 <> 0 THEN UPDATE SET v = s.v, n = t.n + s.n
       WHEN NOT MATCHED AND s.k < 127 THEN INSERT (k, p, v, n) VALUES (s.k, s.p, s.v, s.n)
       WHEN NOT MATCHED BY SOURCE AND t.k < 4 THEN DELETE
       WHEN NOT MATCHED BY SOURCE AND t.k > 110 THEN UPDATE SET v = 'left alone'""",
    "UPDATE {t} SET p = 7, k = k + 1000 WHERE p = 2 AND k < 60",
    "DELETE FROM {t} WHERE p = 1",
    "MERGE INTO {t} AS t USING (SELECT k, CAST(9 AS INT) AS p, 'new' AS v, CAST(0 AS DECIMAL(12,2)) AS n FROM range(1000, 1003) AS r(k)) AS s ON t.k = s.k - 900 WHEN NOT MATCHED THEN INSERT *",
    "MERGE INTO {t} AS t USING (SELECT k + 1000 AS k, 'all' AS v FROM range(0, 12) AS r(k)) AS s ON t.k = s.k AND t.p = 7 WHEN MATCHED THEN UPDATE SET v = s.v, n = NULL",
    "UPDATE {t} SET n = 1 WHERE n IS NULL",
    "DELETE FROM {t} WHERE v IS NULL OR n < 0",
    "DELETE FROM {t}",
    f"INSERT INTO {{t}} {ROWS.format(500, 505)}",
]
FEED = {"delta.enableChangeDataFeed": "true"}
VECTORS = {"delta.enableDeletionVectors": "true"}
NO_VECTORS = {"delta.enableDeletionVectors": "false"}
MAPPED = {"delta.columnMapping.mode": "name"}
TRACKED = {"delta.enableRowTracking": "true"}
COUNTS = ("numDeletedRows", "numUpdatedRows", "numTargetRowsInserted", "numTargetRowsUpdated", "numTargetRowsDeleted", "numTargetRowsMatchedUpdated",
          "numTargetRowsMatchedDeleted", "numTargetRowsNotMatchedBySourceUpdated", "numTargetRowsNotMatchedBySourceDeleted")


class RowChanges(Interop):
    """DELETE, UPDATE and MERGE."""

    def twins(self, name, properties, partitioned="", readers=EVERYONE):
        """The same statements by Lagoa, by Spark and by both in turn, on tables `<name>_ours`, `_theirs` and `_turns`."""
        writers = {"ours": (self.ours, self.ours), "theirs": (self.theirs, self.theirs), "turns": (self.ours, self.theirs)}
        for who, (even, odd) in writers.items():
            table = f"{name}_{who}"
            self.make(even, table, COLUMNS, properties, partitioned)
            for i, statement in enumerate(LOAD + CHANGES):
                (odd if i % 2 else even)(statement, table)
        ours, theirs, turns = (f"{name}_{who}" for who in writers)
        last = len(LOAD) + len(CHANGES)
        for version in range(len(LOAD), last + 1):
            expected = self.lagoa.read(self.path(theirs), version)
            for table in (ours, turns):
                self.same(expected, self.lagoa.read(self.path(table), version), f"{table} version {version}, {(LOAD + CHANGES)[version - 1]}")
        for table in (ours, turns):
            self.same(expected, spark().read(self.path(table)), f"{table} by Spark")
            for version in (len(LOAD) + 3, last - 2):
                self.agree(table, readers, version)
            self.agree(table, readers)
        told = self.history(theirs)
        for table in (ours, turns):
            found = self.history(table)
            self.assertEqual([row.operation for row in found][1:], [row.operation for row in told][1:])
            for ours_row, their_row in zip(found, told):
                counts = {name: their_row.operationMetrics.get(name) for name in COUNTS if name in their_row.operationMetrics}
                self.assertEqual({name: ours_row.operationMetrics.get(name) for name in counts}, counts, f"{table} version {their_row.version}: {their_row.operation}")
        return ours, theirs, turns

    def feeds_agree(self, tables):
        expected = self.their_feed(tables[1])
        for table in tables:
            self.same(expected, self.our_feed(table), f"change feed of {table} by Lagoa")
            self.same(expected, self.their_feed(table), f"change feed of {table} by Spark")

    def vectors(self, table):
        """How many adds of the table's log have a deletion vector."""
        versions = range(self.spark_version(table) + 1)
        return sum("deletionVector" in action["add"] for version in versions for action in self.log(table, version) if "add" in action)

    def test_copy_on_write(self):
        ours, theirs, turns = self.twins("copied", NO_VECTORS)
        self.assertEqual([self.vectors(table) for table in (ours, theirs, turns)], [0, 0, 0])

    def test_deletion_vectors(self):
        for table in self.twins("vectors", VECTORS, "p"):
            self.assertGreater(self.vectors(table), 5, table)

    def test_change_feed_by_copy_on_write(self):
        self.feeds_agree(self.twins("feed", {**FEED, **NO_VECTORS}, "p"))

    def test_change_feed_of_mapped_and_tracked_rows_with_vectors(self):
        tables = self.twins("tracked", {**FEED, **VECTORS, **MAPPED, **TRACKED}, "p", SPARK)
        self.feeds_agree(tables)

    def test_rows_keep_their_ids(self):
        for properties in (VECTORS, NO_VECTORS):
            table = f"ids_{properties['delta.enableDeletionVectors']}"
            self.make(self.ours, table, COLUMNS, {**TRACKED, **properties})
            for statement in LOAD:
                self.ours(statement, table)
            before = self.ids(table)
            for i, statement in enumerate(CHANGES[:3]):
                (self.theirs if i == 1 else self.ours)(statement, table)
            after = self.ids(table)
            stayed = [k for k in after if k in before and k % 7 != 3]  # those were deleted, and some inserted again
            self.assertGreater(len(stayed), 50)
            self.assertEqual({k: after[k] for k in stayed}, {k: before[k] for k in stayed})
            self.assertEqual(len(set(after.values())), len(after))

    def ids(self, table):
        return {row.k: row.id for row in spark().sql(f"SELECT k, _metadata.row_id id FROM delta.`{self.path(table)}`").collect()}

    def test_two_source_rows_for_one_target_row(self):
        self.make(self.theirs, "twice", COLUMNS)
        self.theirs(LOAD[0], "twice")
        source = "(SELECT CAST(3 AS BIGINT) AS k, 'a' AS v UNION ALL SELECT CAST(3 AS BIGINT) AS k, 'b' AS v)"
        self.refuses(f"MERGE INTO {{t}} AS t USING {source} AS s ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v", "twice")
        self.ours(f"MERGE INTO {{t}} AS t USING {source} AS s ON t.k = s.k WHEN MATCHED THEN DELETE", "twice")  # as Spark: there is no choice to make
        self.assertEqual(self.agree("twice").num_rows, 39)

    def test_nested_columns(self):
        for by, other in ((self.ours, self.theirs), (self.theirs, self.ours)):
            table = f"nested_{'ours' if by == self.ours else 'theirs'}"
            self.make(self.theirs, table, "k BIGINT, st STRUCT<a: INT, b: STRUCT<c: STRING>>, l ARRAY<INT>, m MAP<STRING, INT>", {**FEED, **VECTORS, **MAPPED})
            self.theirs("INSERT INTO {t} SELECT id, named_struct('a', int(id), 'b', named_struct('c', 'x')), array(1, int(id)), map('k', int(id)) FROM range(10)", table)
            by("UPDATE {t} SET st = NULL, l = NULL WHERE k = 3", table)
            other("UPDATE {t} SET m = NULL WHERE k > 7", table)
            by("DELETE FROM {t} WHERE st.a = 5", table)
            by("MERGE INTO {t} AS t USING (SELECT * FROM {t} WHERE k < 3) AS s ON t.k = s.k + 1 WHEN MATCHED THEN UPDATE SET st = s.st, l = s.l, m = s.m", table)
            self.agree(table, SPARK)
            self.same(self.our_feed(table), self.their_feed(table), table)

    def test_a_transaction_is_one_commit(self):
        self.make(self.ours, "whole", COLUMNS, {**FEED, **VECTORS})
        self.ours(LOAD[0], "whole")
        statements = ["DELETE FROM {t} WHERE k < 10", "INSERT INTO {t} VALUES (900, 1, 'in', 1)", "UPDATE {t} SET v = 'up' WHERE k = 20"]
        self.lagoa.transaction(s.replace("{t}", "silver.whole") for s in statements)
        self.assertEqual(self.spark_version("whole"), 2)
        self.assertEqual(self.agree("whole").num_rows, 31)
        self.same(self.our_feed("whole"), self.their_feed("whole"), "feed")


class Rules(Interop):
    """What a table asks of its rows: the engine that did not say so keeps to it too."""

    def each_way(self, name):
        """The table `name` made by the one, then by the other: (maker, other, table)."""
        return (self.ours, self.theirs, f"{name}_ours"), (self.theirs, self.ours, f"{name}_theirs")

    def breaks(self, by, sql, table):
        """A row that breaks a rule is refused by `by`."""
        if by == self.ours:
            self.refuses(sql, table, "data_rejected")
        else:
            self.spark_refuses(sql, table)

    def test_check_constraints(self):
        for maker, other, table in self.each_way("checked"):
            self.make(maker, table, COLUMNS)
            maker(LOAD[0], table)
            maker("ALTER TABLE {t} ADD CONSTRAINT small CHECK ((n IS NULL OR n < 1000) AND length(v) <= 5)", table)
            maker("ALTER TABLE {t} ADD CONSTRAINT parted CHECK (p IN (0, 1, 2, 3) OR k > 500)", table)
            for by in (maker, other):
                self.breaks(by, "INSERT INTO {t} VALUES (41, 1, 'x', 1000)", table)
                self.breaks(by, "INSERT INTO {t} VALUES (41, 1, NULL, 1)", table)  # what is unknown is not met
                self.breaks(by, "UPDATE {t} SET v = 'too long' WHERE k = 3", table)
                self.breaks(by, "MERGE INTO {t} AS t USING (SELECT CAST(7 AS BIGINT) AS k) AS s ON t.k = s.k WHEN MATCHED THEN UPDATE SET p = 9", table)
                by("UPDATE {t} SET v = 'ok' WHERE k = 3", table)
                by("INSERT INTO {t} VALUES (600, 9, 'far', 1)", table)
            self.breaks(other, "ALTER TABLE {t} ADD CONSTRAINT never CHECK (k < 100)", table)
            other("ALTER TABLE {t} DROP CONSTRAINT parted", table)
            for by in (maker, other):
                by("INSERT INTO {t} VALUES (42, 9, 'any', 1)", table)
            self.assertEqual(self.agree(table).num_rows, 44)
            self.assertEqual([o for o in self.operations(table) if "CONSTRAINT" in o], ["ADD CONSTRAINT", "ADD CONSTRAINT", "DROP CONSTRAINT"])

    def test_not_null(self):
        for maker, other, table in self.each_way("strict"):
            self.make(maker, table, "k BIGINT NOT NULL, v STRING")
            for by in (maker, other):
                by("INSERT INTO {t} VALUES (1, NULL), (2, 'b')", table)
                self.breaks(by, "INSERT INTO {t} VALUES (NULL, 'x')", table)
                self.breaks(by, "UPDATE {t} SET k = NULL WHERE v = 'b'", table)
            other("ALTER TABLE {t} ALTER COLUMN k DROP NOT NULL", table)
            for by in (maker, other):
                by("INSERT INTO {t} VALUES (NULL, 'x')", table)
            self.assertEqual(self.agree(table).num_rows, 6)

    def test_invariants(self):
        """Older than constraints: an expression in a column's metadata."""
        path = self.path("invariants")
        frame = spark().sql("SELECT CAST(5 AS BIGINT) AS k, 'a' AS v")
        schema = json.loads(frame.schema.json())
        schema["fields"][0]["metadata"] = {"delta.invariants": json.dumps({"expression": {"expression": "k > 3"}})}
        from pyspark.sql.types import StructType
        spark().session.createDataFrame(frame.collect(), StructType.fromJson(schema)).write.format("delta").save(str(path))
        for by in (self.ours, self.theirs):
            self.breaks(by, "INSERT INTO {t} VALUES (2, 'low')", "invariants")
            by("INSERT INTO {t} VALUES (9, 'high')", "invariants")
        self.assertEqual(self.agree("invariants", SPARK).num_rows, 3)

    def test_generated_columns(self):
        for maker, other, table in self.each_way("generated"):
            self.make(maker, table, f"k BIGINT, seen {'TIMESTAMP' if maker == self.theirs else 'TIMESTAMPTZ'}, twice BIGINT GENERATED ALWAYS AS (k * 2), d DATE GENERATED ALWAYS AS (CAST(seen AS DATE))", partitioned="d")
            for i, by in enumerate((maker, other, maker)):
                by(f"INSERT INTO {{t}} (k, seen) VALUES ({i}, CAST('2026-01-0{i + 1} 10:00:00' AS {'TIMESTAMP' if by == self.theirs else 'TIMESTAMPTZ'}))", table)
                by("UPDATE {t} SET k = k + 10 WHERE k < 10", table)
                self.breaks(by, "INSERT INTO {t} (k, seen, twice) VALUES (1, NULL, 3)", table)
                by("INSERT INTO {t} (k, seen, twice) VALUES (100, NULL, 200)", table)
                by("DELETE FROM {t} WHERE k = 100", table)
            found = self.agree(table).to_pylist()
            self.assertEqual(sorted((row["k"], row["twice"], str(row["d"])) for row in found), [(10 + i, 20 + 2 * i, f"2026-01-0{i + 1}") for i in range(3)])

    def test_identity_columns(self):
        for maker, other, table in self.each_way("numbered"):
            self.make(maker, table, "id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 5), own BIGINT GENERATED BY DEFAULT AS IDENTITY, v STRING")
            for i, by in enumerate((maker, other, maker, other)):
                by(f"INSERT INTO {{t}} (v) VALUES ('a{i}'), ('b{i}')", table)
            if other == self.ours:
                self.refuses("INSERT INTO {t} (id, v) VALUES (1, 'x')", table)
            other("INSERT INTO {t} (own, v) VALUES (-7, 'given')", table)
            found = self.agree(table, SPARK).to_pylist()
            numbers = [row["id"] for row in found]
            self.assertEqual(len(set(numbers)), 9)
            self.assertTrue(all(number >= 10 and number % 5 == 0 for number in numbers), numbers)
            own = [row["own"] for row in found if row["v"] != "given"]
            self.assertEqual(len(set(own)), 8)
            self.assertTrue(all(number >= 1 for number in own), own)

    def test_defaults(self):
        allowed = {"delta.feature.allowColumnDefaults": "supported"}
        for maker, other, table in self.each_way("defaults"):
            self.make(maker, table, "k BIGINT, v STRING DEFAULT 'none', n INT DEFAULT 6 * 7", allowed)
            for by in (maker, other):
                by("INSERT INTO {t} (k) VALUES (1)", table)
                by("INSERT INTO {t} VALUES (2, DEFAULT, NULL)", table)
            other("ALTER TABLE {t} ALTER COLUMN v SET DEFAULT 'other'", table)
            maker("ALTER TABLE {t} ALTER COLUMN n DROP DEFAULT", table)
            for by in (maker, other):
                by("INSERT INTO {t} (k) VALUES (3)", table)
                by("UPDATE {t} SET v = DEFAULT WHERE k = 2", table)
            expected = [(1, "none", 42)] * 2 + [(2, "other", None)] * 2 + [(3, "other", None)] * 2
            self.assertEqual(sorted(((r["k"], r["v"], r["n"]) for r in self.agree(table, SPARK).to_pylist()), key=repr), sorted(expected, key=repr))


class RuleExpressions(Interop):
    """The values that Lagoa's own tests hold its translation of rules to are Spark's."""

    LIST = pathlib.Path(__file__).with_name("spark_expressions.tsv")

    def test_values(self):
        lines = [line.split("\t") for line in self.LIST.read_text().splitlines() if line and not line.startswith("#")]
        columns = [f"CAST({value} AS {kind}) AS {name}" for word, name, kind, value in (line for line in lines if line[0] == "column")]
        spark().sql(f"SELECT {', '.join(columns)}").localCheckpoint().createOrReplaceTempView("one_row")  # no constants to fold
        spark().session.conf.set("spark.sql.subexpressionElimination.enabled", "false")  # it runs what a condition guards
        self.addCleanup(spark().session.conf.unset, "spark.sql.subexpressionElimination.enabled")
        cases = [line for line in lines if line[0] != "column"]
        good = [case for case in cases if case[2] not in ("ERROR", "REFUSED")]
        self.assertGreater(len(good), 250)
        for at in range(0, len(good), 50):  # one plan of all of them is slow to compile
            part = good[at:at + 50]
            (row,) = spark().sql(f"SELECT {', '.join(f'CAST({e} AS STRING), typeof({e})' for e, _, _ in part)} FROM one_row").collect()
            found = [(e, kind.upper(), "NULL" if value is None else value) for (e, _, _), value, kind in zip(part, row[::2], row[1::2])]
            self.assertEqual(found, [(e, kind.upper(), value) for e, kind, value in part])
        for expression, _, value in cases:
            if value == "ERROR":
                with self.assertRaises(Exception, msg=expression):
                    spark().sql(f"SELECT CAST({expression} AS STRING) FROM one_row").collect()
            elif value == "REFUSED":  # Spark knows it
                spark().sql(f"SELECT {expression} FROM one_row").collect()


class Layout(Interop):
    """OPTIMIZE, Z-order, clustering, purge: rows stay, files change."""

    def moved_only(self, table, version, operation="OPTIMIZE"):
        """That commit moved rows: nothing in it is a change of data."""
        actions = [action[kind] for action in self.log(table, version) for kind in ("add", "remove") if kind in action]
        self.assertTrue(actions)
        self.assertFalse([action for action in actions if action["dataChange"]], f"{table} version {version}")
        self.assertEqual(self.operations(table)[-1], operation)

    def scattered(self, by, table, properties=None, partitioned="", clustered="", rounds=6):
        self.make(by, table, COLUMNS, properties, partitioned, clustered)
        for i in range(rounds):
            by(f"INSERT INTO {{t}} {ROWS.format(i * 50, i * 50 + 50)}", table)

    def test_compaction(self):
        for made_by, by, other in ((self.theirs, self.ours, self.theirs), (self.ours, self.theirs, self.ours)):
            table = f"small_{'ours' if made_by == self.ours else 'theirs'}"
            self.scattered(made_by, table, {**FEED, **VECTORS}, "p")
            made_by("DELETE FROM {t} WHERE k % 11 = 0", table)
            expected = self.agree(table)
            feed = self.our_feed(table)
            by("OPTIMIZE {t}", table)
            version = self.spark_version(table)
            self.moved_only(table, version)
            self.same(expected, self.agree(table), table)
            self.same(expected, self.agree(table, version=version - 1), table)
            self.same(feed, self.our_feed(table), f"{table}: moved rows are no changes")
            self.same(feed, self.their_feed(table), f"{table}: moved rows are no changes")
            self.assertEqual(self.detail(table).numFiles, 4)
            other("DELETE FROM {t} WHERE k < 100", table)
            by("UPDATE {t} SET v = 'after' WHERE k = 149", table)
            self.agree(table)
            by("OPTIMIZE {t} WHERE p = 1", table)
            self.agree(table)
            self.assertEqual(self.operations(table)[-1], "OPTIMIZE")

    def test_z_order(self):
        self.scattered(self.theirs, "curve")
        expected = self.agree("curve")
        self.ours("OPTIMIZE {t} ZORDER BY (k, n)", "curve")
        self.moved_only("curve", self.spark_version("curve"))
        self.same(expected, self.agree("curve"), "curve")
        (told,) = self.history("curve")[-1:]
        self.assertEqual(json.loads(told.operationParameters["zOrderBy"]), ["k", "n"])
        self.theirs("UPDATE {t} SET n = 0 WHERE k = 7", "curve")
        self.theirs("OPTIMIZE {t} ZORDER BY (k)", "curve")
        self.ours("DELETE FROM {t} WHERE k = 8", "curve")
        self.assertEqual(self.agree("curve").num_rows, expected.num_rows - 1)

    def test_clustering(self):
        for maker, other, table in ((self.ours, self.theirs, "clustered_ours"), (self.theirs, self.ours, "clustered_theirs")):
            self.scattered(maker, table, clustered="k, p")
            self.assertEqual(self.detail(table).clusteringColumns, ["k", "p"])
            expected = self.agree(table, SPARK)
            for by in (maker, other):
                by("OPTIMIZE {t}", table)
                self.same(expected, self.agree(table, SPARK), table)
                by("OPTIMIZE {t} FULL", table)
                self.same(expected, self.agree(table, SPARK), table)
            other("ALTER TABLE {t} CLUSTER BY (p)", table)
            self.assertEqual(self.detail(table).clusteringColumns, ["p"])
            maker("OPTIMIZE {t} FULL", table)
            maker("ALTER TABLE {t} CLUSTER BY NONE", table)
            self.assertEqual(self.detail(table).clusteringColumns, [])
            other("UPDATE {t} SET v = 'after' WHERE k = 3", table)
            self.agree(table, SPARK)

    def test_purge(self):
        for maker, other, table in ((self.ours, self.theirs, "purged_ours"), (self.theirs, self.ours, "purged_theirs")):
            self.make(maker, table, COLUMNS, VECTORS)
            for statement in LOAD:
                maker(statement, table)
            maker("DELETE FROM {t} WHERE k % 9 = 0", table)
            expected = self.agree(table)
            other("REORG TABLE {t} APPLY (PURGE)", table)
            self.same(expected, self.agree(table), table)
            self.assertFalse([a for a in self.log(table, self.spark_version(table)) if "deletionVector" in a.get("add", {})])
            self.assertEqual(self.operations(table)[-1], "REORG")
            self.assertEqual(spark().sql(f"SELECT count(*) n FROM delta.`{self.path(table)}`").collect()[0].n, expected.num_rows)
            maker("DELETE FROM {t} WHERE k = 1", table)
            self.agree(table)


class Versions(Interop):
    """VACUUM, RESTORE, clones, conversion, history."""

    SOON = {"delta.deletedFileRetentionDuration": "interval 0 hours", **VECTORS, **FEED}

    def aged(self, table):
        """As if its files were written ten days ago."""
        then = time.time() - 10 * 86400
        for file in self.path(table).rglob("*.*"):
            if "_delta_log" not in file.parts:
                os.utime(file, (then, then))

    def worn(self, maker, table, properties=None):
        """A table with removed files, deletion vectors, change files and what no commit names."""
        self.make(maker, table, COLUMNS, properties or self.SOON, "p")
        for statement in LOAD + CHANGES[:4]:
            maker(statement, table)
        maker("OPTIMIZE {t}", table)
        (self.path(table) / "p=1").mkdir(exist_ok=True)
        for stray in ("stray.parquet", "p=1/stray-too.parquet", "_hidden/kept.parquet"):
            (self.path(table) / stray).parent.mkdir(exist_ok=True)
            (self.path(table) / stray).write_bytes(b"nobody's")
        self.aged(table)

    def dry_runs(self, table):
        """What both would remove, relative to the table."""
        told = self.theirs("VACUUM {t} DRY RUN", table).collect()
        theirs = sorted(row.path.split(f"/{table}/", 1)[1] for row in told if not os.path.isdir(row.path.removeprefix("file:")))
        ours = sorted(row["path"].removeprefix(f"lagoa://silver/{table}/") for row in self.lagoa.rows_of(f"VACUUM silver.{table} DRY RUN"))
        return ours, theirs

    def test_vacuum(self):
        for maker, other, table in ((self.ours, self.theirs, "worn_ours"), (self.theirs, self.ours, "worn_theirs")):
            self.worn(maker, table)
            expected = self.agree(table, SPARK)
            before = self.files(table)
            ours, theirs = self.dry_runs(table)
            self.assertEqual(ours, theirs)
            self.assertEqual(self.files(table), before)
            other("VACUUM {t}", table)
            gone = sorted(set(before) - set(self.files(table)))
            self.assertEqual(gone, theirs)
            self.assertIn("_hidden/kept.parquet", before)
            self.same(expected, self.agree(table, SPARK), table)
            self.assertEqual(self.operations(table)[-2:], ["VACUUM START", "VACUUM END"])
            maker("UPDATE {t} SET v = 'after' WHERE k = 70", table)
            self.agree(table, SPARK)

    def test_vacuum_lite(self):
        for maker, other, table in ((self.ours, self.theirs, "lite_ours"), (self.theirs, self.ours, "lite_theirs")):
            self.worn(maker, table)
            expected = self.agree(table, SPARK)
            other("VACUUM {t} LITE", table)
            left = self.files(table)
            self.assertIn("stray.parquet", left)  # nobody's log names it
            live = {action["add"]["path"] for version in range(self.spark_version(table) + 1) for action in self.log(table, version) if "add" in action}
            self.assertLess(len([f for f in left if f.endswith(".parquet") and f in live]), len(live))
            self.same(expected, self.agree(table, SPARK), table)

    def test_vacuum_keeps_what_is_retained(self):
        self.worn(self.ours, "young", {**VECTORS})  # a week, by default: tombstones are of today
        expected = [self.lagoa.read(self.path("young"), version) for version in range(4, 9)]
        before = self.files("young")
        self.ours("VACUUM {t}", "young")
        self.assertEqual(sorted(set(before) - set(self.files("young"))), ["p=1/stray-too.parquet", "stray.parquet"])
        for version, found in zip(range(4, 9), expected):
            self.same(found, self.agree("young", SPARK, version), f"version {version}")
        self.refuses("VACUUM {t} RETAIN 1 HOURS", "young")

    def test_restore(self):
        for maker, other, table in ((self.ours, self.theirs, "back_ours"), (self.theirs, self.ours, "back_theirs")):
            self.make(maker, table, COLUMNS, {**VECTORS, **FEED, **TRACKED})
            for statement in LOAD + CHANGES[:3]:
                maker(statement, table)
            expected = self.agree(table, SPARK, version=4)
            newest = self.agree(table, SPARK)
            other("RESTORE TABLE {t} TO VERSION AS OF 4", table)
            self.same(expected, self.agree(table, SPARK), table)
            self.same(self.our_feed(table), self.their_feed(table), table)
            other("UPDATE {t} SET v = 'after' WHERE k = 1", table)
            maker("RESTORE TABLE {t} TO VERSION AS OF 6", table)
            self.same(newest, self.agree(table, SPARK), table)
            self.same(self.our_feed(table), self.their_feed(table), table)
            self.assertEqual([o for o in self.operations(table) if o == "RESTORE"], ["RESTORE"] * 2)

    def test_restore_to_an_instant(self):
        self.make(self.theirs, "instant", COLUMNS)
        for statement in LOAD:
            self.theirs(statement, "instant")
        told = self.history("instant")[2].timestamp
        expected = self.agree("instant", version=2)
        self.ours(f"RESTORE TABLE {{t}} TO TIMESTAMP AS OF '{told.isoformat(sep=' ', timespec='milliseconds')}+00'", "instant")
        self.same(expected, self.agree("instant"), "instant")

    def test_shallow_clone(self):
        for maker, other, table in ((self.ours, self.theirs, "source_ours"), (self.theirs, self.ours, "source_theirs")):
            self.make(maker, table, COLUMNS, VECTORS, "p")
            for statement in LOAD + CHANGES[:2]:
                maker(statement, table)
            clone, older = f"clone_of_{table}", f"older_clone_of_{table}"
            for name, at in ((clone, ""), (older, " VERSION AS OF 3")):
                source = f"silver.{table}" if other == self.ours else f"delta.`{self.path(table)}`"
                other(f"CREATE TABLE {{t}} SHALLOW CLONE {source}{at}", name)
            expected = self.agree(table)
            self.same(expected, self.agree(clone, SPARK), clone)
            self.same(self.lagoa.read(self.path(table), 3), self.agree(older, SPARK), older)
            for by in (maker, other):  # what is done to the clone is not done to its source
                by("DELETE FROM {t} WHERE k % 13 = 0", clone)
                by("UPDATE {t} SET v = concat(v, '+') WHERE k < 20", clone)
            by("OPTIMIZE {t}", clone)
            self.agree(clone, SPARK)
            self.same(expected, self.agree(table), table)

    def test_convert(self):
        for engine, by, other in (("lagoa", self.ours, self.theirs), ("spark", self.theirs, self.ours)):
            table = f"plain_{engine}"
            spark().sql(ROWS.format(0, 60)).write.partitionBy("p").parquet(str(self.path(table)))
            if by == self.ours:
                self.lagoa.sql(f"CONVERT TO DELTA silver.{table} PARTITIONED BY (p INT)")
            else:
                spark().sql(f"CONVERT TO DELTA parquet.`{self.path(table)}` PARTITIONED BY (p INT)")
            self.same(spark().sql(f"SELECT k, v, n, p FROM ({ROWS.format(0, 60)})").toArrow(), self.agree(table), table)
            self.assertEqual(self.operations(table), ["CONVERT"])
            for writer in (by, other):
                writer("DELETE FROM {t} WHERE k % 9 = 0 AND p < 3", table)
                writer("INSERT INTO {t} VALUES (100, 'new', 1, 9)", table)
            by("OPTIMIZE {t}", table)
            self.agree(table)
            # Files that another may have written without them have statistics that Spark prunes by.
            self.assertEqual(spark().sql(f"SELECT count(*) n FROM delta.`{self.path(table)}` WHERE k = 100").collect()[0].n, 2)

    def test_history(self):
        self.make(self.theirs, "told", COLUMNS)
        for i, statement in enumerate(LOAD + CHANGES[:3]):
            (self.ours if i % 2 else self.theirs)(statement, "told")
        theirs = [(row.version, row.operation, int(row.timestamp.timestamp() * 1000)) for row in reversed(self.history("told"))]
        ours = self.lagoa.rows_of("SELECT version, operation, epoch_ms(timestamp) AS at FROM (DESCRIBE HISTORY silver.told)")
        self.assertEqual([(row["version"], row["operation"], row["at"]) for row in ours], theirs)
        limited = self.lagoa.rows_of("DESCRIBE HISTORY silver.told LIMIT 2")
        self.assertEqual([row["version"] for row in limited], [6, 5])

    def test_versions_in_sql(self):
        self.make(self.theirs, "travel", COLUMNS)
        for statement in LOAD:
            self.theirs(statement, "travel")
        for version in range(4):
            (found,) = self.lagoa.rows_of(f"SELECT count(*) AS n FROM silver.travel VERSION AS OF {version}")
            self.assertEqual(found["n"], 40 * version)


class Alterations(Interop):
    """ALTER TABLE of every kind, by the one and then by the other on one table."""

    def test_columns(self):
        for maker, other, table in ((self.ours, self.theirs, "altered_ours"), (self.theirs, self.ours, "altered_theirs")):
            self.make(maker, table, COLUMNS, {**MAPPED, **VECTORS, **FEED, "delta.enableTypeWidening": "true"}, "p")
            maker(LOAD[0], table)
            steps = [(maker, "ALTER TABLE {t} ADD COLUMN late INT"),
                     (other, "UPDATE {t} SET late = 3 WHERE k < 20"),
                     (other, "ALTER TABLE {t} RENAME COLUMN v TO w"),
                     (maker, "DELETE FROM {t} WHERE w = 'v3'"),
                     (maker, "ALTER TABLE {t} ALTER COLUMN late TYPE BIGINT"),
                     (other, "UPDATE {t} SET late = 10000000000 WHERE k = 30"),
                     (other, "ALTER TABLE {t} DROP COLUMN n"),
                     (maker, "MERGE INTO {t} AS t USING (SELECT CAST(5 AS BIGINT) AS k) AS s ON t.k = s.k WHEN MATCHED THEN UPDATE SET w = 'merged'"),
                     (maker, "ALTER TABLE {t} RENAME COLUMN p TO part"),
                     (other, "DELETE FROM {t} WHERE part = 2"),
                     (other, "ALTER TABLE {t} RENAME COLUMN k TO key"),
                     (maker, "UPDATE {t} SET part = 8 WHERE key = 1"),
                     (maker, "OPTIMIZE {t}")]
            for by, statement in steps:
                by(statement, table)
                self.agree(table, SPARK)
            self.assertEqual(self.agree(table, SPARK).column_names, ["key", "part", "w", "late"])

    def test_properties_comments_and_features(self):
        for maker, other, table in ((self.ours, self.theirs, "props_ours"), (self.theirs, self.ours, "props_theirs")):
            self.make(maker, table, COLUMNS, NO_VECTORS)
            maker(LOAD[0], table)
            self.properties(other, table, VECTORS)
            for by in (maker, other):
                by("DELETE FROM {t} WHERE k % 10 = 1", table)
                by("INSERT INTO {t} VALUES (1, 1, 'back', 1)", table)
            self.assertIn("deletionVectors", self.detail(table).tableFeatures)
            self.properties(maker, table, {**NO_VECTORS, **FEED, "delta.appendOnly": "false"})
            for by in (other, maker):
                by("UPDATE {t} SET v = 'fed' WHERE k < 5", table)
            version = self.spark_version(table)
            self.same(self.our_feed(table, version - 1), self.their_feed(table, version - 1), table)
            self.properties(other, table, {"delta.appendOnly": "true"})
            self.refuses("DELETE FROM {t}", table)
            self.spark_refuses("DELETE FROM {t}", table)
            self.properties(maker, table, {"delta.appendOnly": "false"})
            other("DELETE FROM {t} WHERE k = 2", table)
            self.agree(table)

    def properties(self, by, table, properties):
        told = ", ".join(f"'{name}' = '{value}'" for name, value in properties.items())
        by(f"ALTER TABLE {{t}} SET TBLPROPERTIES ({told})", table)

    def test_dropping_a_feature(self):
        for maker, other, table in ((self.ours, self.theirs, "dropped_ours"), (self.theirs, self.ours, "dropped_theirs")):
            self.make(maker, table, COLUMNS, VECTORS)
            maker(LOAD[0], table)
            maker("DELETE FROM {t} WHERE k % 3 = 0", table)
            expected = self.agree(table)
            other("ALTER TABLE {t} DROP FEATURE deletionVectors", table)
            self.assertNotIn("deletionVectors", self.detail(table).tableFeatures)
            self.same(expected, self.agree(table, SPARK), table)
            for by in (maker, other):
                by("UPDATE {t} SET v = 'after' WHERE k = 1", table)
            self.agree(table, SPARK)


class ManyWriters(Interop):
    """Lagoa, Spark and delta-rs on one table, each operation of each."""

    ROUNDS = 2

    def delta_rs(self):
        return deltalake.DeltaTable(str(self.path("shared")))

    def test_in_turn(self):
        self.make(self.ours, "shared", COLUMNS, {"delta.checkpointInterval": "5", **NO_VECTORS}, "p")
        self.ours("ALTER TABLE {t} ADD CONSTRAINT positive CHECK (k >= 0)", "shared")
        model = {}
        for i in range(self.ROUNDS):
            low = 1000 * i
            for step, (by, first) in enumerate(((self.ours, low), (self.theirs, low + 100))):
                by(f"INSERT INTO {{t}} {ROWS.format(first, first + 40)}", "shared")
            deltalake.write_deltalake(str(self.path("shared")), self.arrow(low + 200, low + 240), mode="append")
            model |= {k: f"v{k}" for first in (low, low + 100, low + 200) for k in range(first, first + 40)}
            self.ours("DELETE FROM {t} WHERE k % 1000 IN (3, 103, 203)", "shared")
            self.theirs("UPDATE {t} SET v = 'spark' WHERE k % 1000 IN (4, 104, 204)", "shared")
            self.delta_rs().update(predicate="k % 1000 IN (5, 105, 205)", updates={"v": "'delta-rs'"})
            self.ours(f"MERGE INTO {{t}} AS t USING (SELECT k, 'ours' AS v FROM range({low + 110}, {low + 250}, 10) AS r(k)) AS s ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (k, p, v) VALUES (s.k, 0, s.v)", "shared")
            self.delta_rs().delete(f"k = {low + 10}")
            (self.delta_rs().merge(pyarrow.table({"k": pyarrow.array([low + 20, low + 90]), "v": ["dr"] * 2}), "t.k = s.k", source_alias="s", target_alias="t")
             .when_matched_update({"v": "s.v"}).when_not_matched_insert({"k": "s.k", "p": "0", "v": "s.v"}).execute())
            for k in list(model):
                if k % 1000 in (3, 103, 203) or k == low + 10:
                    del model[k]
                elif k % 1000 in (4, 104, 204):
                    model[k] = "spark"
                elif k % 1000 in (5, 105, 205):
                    model[k] = "delta-rs"
            model |= {k: "ours" for k in range(low + 110, low + 250, 10)} | {low + 20: "dr", low + 90: "dr"}
            for statement in ("INSERT INTO {t} VALUES (-1, 0, 'bad', 1)", "UPDATE {t} SET k = -k WHERE k = 7"):
                self.refuses(statement, "shared", "data_rejected")
                self.spark_refuses(statement, "shared")
            with self.assertRaises(Exception):
                self.delta_rs().update(predicate="k = 7", updates={"k": "-k"})
            found = self.agree("shared")
            self.assertEqual({row["k"]: row["v"] for row in found.to_pylist()}, model)
            self.assertEqual(found.num_rows, len(model))
            (self.theirs if i % 2 else self.ours)("OPTIMIZE {t}", "shared")
            self.same(found, self.agree("shared"), "shared")
            self.delta_rs().optimize.z_order(["k"])
            self.same(found, self.agree("shared"), "shared")

    def arrow(self, low, high):
        return spark().sql(ROWS.format(low, high)).toArrow()


if __name__ == "__main__":
    raise SystemExit(run())
