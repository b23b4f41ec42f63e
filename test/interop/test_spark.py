"""Goal: Lagoa, Spark 4.2 with Delta 4.4 and delta-rs read one another's tables with equal rows, and write on in them.
Method: one Spark session; each feature is written by one engine, read by all that have it, written on by another. A feature that
Lagoa does not write on in is refused by name, with nothing staged."""
import json
import os
import time

import deltalake
import pyarrow

import engines
from cases import EVERYONE, SPARK, Interop, run, spark

# A value of every type and its NULL; strings that are hard on paths, JSON and hive names.
LAGOA_TYPES = """SELECT k::BIGINT AS k, k::TINYINT AS tiny, k::SMALLINT AS small, k::INT AS num, k % 2 = 0 AS even,
    if(k = 7, NULL, k * 1.0001)::DECIMAL(18,4) AS price, (k::HUGEINT * 10000000000000000000000000)::DECIMAL(38,4) AS wide,
    k / 3.0::FLOAT AS f, if(k = 3, 'nan'::DOUBLE, k / 7) AS d, if(k = 5, NULL, 'ação ' || k) AS s, encode('\\x00' || k) AS bytes,
    DATE '1969-12-30' + k::INT AS "day", TIMESTAMPTZ '1969-12-31 23:59:59.999999Z' + to_hours(k::INT) AS "at",
    {'a': k, 'b': [k::VARCHAR, NULL]} AS st, MAP {'x': k} AS m, [[k], NULL, []] AS l FROM range(12) t(k)"""
SPARK_TYPES = """SELECT id AS k, cast(id AS TINYINT) tiny, cast(id AS SMALLINT) small, cast(id AS INT) num, id % 2 = 0 even,
    if(id = 7, NULL, cast(id * 1.0001 AS DECIMAL(18,4))) price, cast(id AS DECIMAL(38,4)) * 1 wide,
    cast(id / 3 AS FLOAT) f, if(id = 3, double('NaN'), id / 7) d, if(id = 5, NULL, concat('ação ', id)) s, cast(string(id) AS BINARY) bytes,
    date_add(DATE'1969-12-30', cast(id AS INT)) `day`, TIMESTAMP'1969-12-31 23:59:59.999999' + make_interval(0,0,0,0,cast(id AS INT)) `at`,
    named_struct('a', id, 'b', array(string(id), NULL)) st, map('x', id) m, array(array(id), NULL, array()) l FROM range(12)"""
ODD_NAMES = ["a b", "a/b", "ç=%20&", "__HIVE_DEFAULT_PARTITION__", "x'y\"z", ".", "..", "#?:;", " ", "a\nb", "\\", "é" * 40]


def odd_names(dialect):
    """A column `name` of ODD_NAMES and a NULL, in SQL."""
    quote = (lambda s: "'" + s.replace("'", "''") + "'") if dialect == "lagoa" else (lambda s: "'" + s.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'")
    return ", ".join(f"({i}, {quote(s)})" for i, s in enumerate(ODD_NAMES)) + ", (99, NULL)"


class WrittenByLagoa(Interop):
    def test_every_type(self):
        self.lagoa.write("types", LAGOA_TYPES)
        self.assertEqual(self.agree("types").num_rows, 12)
        self.assertEqual((self.detail("types").minReaderVersion, self.detail("types").minWriterVersion), (1, 2))

    def test_partitions_of_every_type(self):
        self.lagoa.write("partitions", """SELECT k, k::TINYINT AS tiny, k::INT AS num, if(k = 0, NULL, k % 2 = 0) AS even, (k / 4)::DECIMAL(9,2) AS price,
            DATE '0001-01-01' + (k * 700000)::INT AS "day", TIMESTAMPTZ '2026-01-02 13:00:00.25Z' + to_hours(k::INT) AS "at" FROM range(4) t(k)""",
                         partition_by=["tiny", "num", "even", "price", "day", "at"])
        self.agree("partitions")

    def test_odd_partition_names(self):
        self.lagoa.write("odd", f"SELECT * FROM (VALUES {odd_names('lagoa')}) AS t(k, name)", partition_by=["name"])
        self.assertEqual(self.agree("odd").num_rows, 13)

    def test_timestamps_without_zone(self):
        self.lagoa.write("wall", "SELECT k, TIMESTAMP '2026-01-02 13:00:00.5' + to_hours(k::INT) AS wall, TIMESTAMP '2026-01-02' AS part FROM range(5) t(k)",
                         partition_by=["part"])
        self.agree("wall")
        self.assertEqual(spark().read(self.path("wall")).schema.field("wall").type, pyarrow.timestamp("us"))

    def test_extreme_values(self):
        self.lagoa.write("extremes", """SELECT * FROM (VALUES
            (-9223372036854775808, (-128)::TINYINT, (-99999999999999999999999999999999999999)::DECIMAL(38,0), '-inf'::DOUBLE, '-inf'::FLOAT, DATE '0001-01-01', TIMESTAMPTZ '0001-01-01 00:00:00Z', ''),
            (9223372036854775807, 127::TINYINT, 99999999999999999999999999999999999999::DECIMAL(38,0), 'inf'::DOUBLE, 'inf'::FLOAT, DATE '9999-12-31', TIMESTAMPTZ '9999-12-31 23:59:59.999999Z', repeat('ÿ', 100)),
            (0, 0::TINYINT, 0::DECIMAL(38,0), '-0.0'::DOUBLE, 1.4e-45::FLOAT, NULL, NULL, chr(1114111) || repeat('z', 50))) AS t(l, tiny, dec, d, f, "day", "at", s)""")
        self.agree("extremes")
        # Statistics prune nothing that Spark looks for.
        for condition in ("l = 9223372036854775807", "tiny = -128", "d = double('inf')", "s >= 'ÿÿ'", "`day` = DATE'9999-12-31'",
                          "`at` >= TIMESTAMP'9999-12-31 23:59:59.999999'", "s = ''", "dec > 1"):
            self.assertGreaterEqual(spark().sql(f"SELECT count(*) n FROM delta.`{self.path('extremes')}` WHERE {condition}").collect()[0].n, 1, condition)

    def test_modes(self):
        self.lagoa.write("modes", "SELECT k, k % 3 AS part, 'old' AS v FROM range(30) t(k)", partition_by=["part"])
        self.lagoa.write("modes", "SELECT k, 1::BIGINT AS part, 'new' AS v FROM range(100, 105) t(k)", mode="overwrite_partitions")
        self.agree("modes")
        self.lagoa.write("modes", "SELECT k, 2::BIGINT AS part, 'newer' AS v FROM range(200, 203) t(k)", mode="replace_where", replace_where="part = 2 AND k >= 8")
        self.assertEqual(self.agree("modes").num_rows, 10 + 5 + 2 + 3)
        self.lagoa.write("modes", "SELECT k, k % 2 AS part, 'merged' AS v FROM range(0, 300, 50) t(k)", mode="merge", key=["k"])
        self.agree("modes")
        self.lagoa.write("modes", "SELECT 'all' AS other, 'p' AS part", mode="overwrite", replace_schema=True)
        self.assertEqual(self.agree("modes").column_names, ["other", "part"])
        for version in range(4):
            self.agree("modes", version=version)

    def test_sql(self):
        self.lagoa.sql('CREATE TABLE silver.door (k BIGINT NOT NULL, "day" DATE, s VARCHAR) PARTITIONED BY ("day")')
        self.assertEqual(self.agree("door").num_rows, 0)
        self.lagoa.sql("INSERT INTO silver.door SELECT range, DATE '2026-01-01' + (range % 2)::INT, 'ção' FROM range(6)")
        self.lagoa.sql("INSERT INTO silver.door (k) VALUES (6)")
        self.assertEqual(self.agree("door").num_rows, 7)
        with self.assertRaises(Exception):
            spark().sql(f"INSERT INTO delta.`{self.path('door')}` VALUES (NULL, NULL, NULL)")
        self.lagoa.sql("CREATE OR REPLACE TABLE silver.door AS SELECT range AS other, [range] AS l FROM range(3)")
        self.assertEqual(self.agree("door").column_names, ["other", "l"])
        self.agree("door", version=2)
        spark().sql(f"INSERT INTO delta.`{self.path('door')}` VALUES (3, array(3))")
        self.lagoa.sql("INSERT INTO silver.door VALUES (4, [4, NULL])")
        self.assertEqual(self.agree("door").num_rows, 5)

    def test_column_mapping(self):
        for mode in ("name", "id"):
            table = f"mapping_{mode}"
            self.lagoa.write(table, "SELECT k, 'p' || k % 2 AS \"odd, name\", {'in': k, 'out': -k} AS st, k AS gone FROM range(6) t(k)",
                             partition_by=["odd, name"], properties={"delta.columnMapping.mode": mode})
            self.agree(table)
            self.lagoa.sql(f"ALTER TABLE silver.{table} RENAME COLUMN k TO key")
            self.lagoa.sql(f"ALTER TABLE silver.{table} RENAME COLUMN \"odd, name\" TO part")
            self.lagoa.sql(f"ALTER TABLE silver.{table} DROP COLUMN gone")
            self.agree(table)
            self.lagoa.write(table, "SELECT 77::BIGINT AS key, 'p9' AS part, {'in': 1::BIGINT, 'out': 2::BIGINT} AS st, 'fresh' AS gone")
            self.assertEqual(self.agree(table).num_rows, 7)
            spark().sql(f"INSERT INTO delta.`{self.path(table)}` (key, part) VALUES (78, 'p1')")
            self.assertEqual(self.agree(table).num_rows, 8)

    def test_deletion_vectors(self):
        self.lagoa.write("vectors", "SELECT k, 'old' AS v FROM range(1000) t(k)", properties={"delta.enableDeletionVectors": "true"})
        self.lagoa.mark_deleted("vectors", [0, 1, 500, 999])
        (add,) = [a["add"] for a in self.log("vectors", 1) if "add" in a]
        self.assertEqual((add["deletionVector"]["storageType"], add["deletionVector"]["cardinality"]), ("u", 4))
        self.assertEqual(self.agree("vectors").num_rows, 996)
        self.lagoa.mark_deleted("vectors", range(2, 400, 3))  # on top of the first four
        self.assertEqual(self.agree("vectors").num_rows, 996 - 133)
        self.lagoa.write("vectors", "SELECT k, 'new' AS v FROM range(990, 1010) t(k)", mode="merge", key=["k"])
        self.assertEqual(self.agree("vectors").num_rows, 996 - 133 + 11)
        spark().sql(f"DELETE FROM delta.`{self.path('vectors')}` WHERE k % 100 = 1")
        self.agree("vectors")
        self.lagoa.write("vectors", "SELECT 5000::BIGINT AS k, 'replaced' AS v", mode="replace_where", replace_where="k >= 500")
        self.agree("vectors")

    def test_type_widening(self):
        self.lagoa.write("widened", "SELECT k::TINYINT AS n, k::FLOAT AS f, k::DECIMAL(5,2) AS dec FROM range(5) t(k)", properties={"delta.enableTypeWidening": "true"})
        self.lagoa.sql("ALTER TABLE silver.widened ALTER COLUMN n TYPE INT")
        self.lagoa.sql("ALTER TABLE silver.widened ALTER COLUMN f TYPE DOUBLE")
        self.lagoa.sql("ALTER TABLE silver.widened ALTER COLUMN dec TYPE DECIMAL(12,4)")
        self.lagoa.write("widened", "SELECT 100000::INT AS n, 1e300::DOUBLE AS f, 12345678.1234::DECIMAL(12,4) AS dec")
        self.assertEqual(self.agree("widened", SPARK).num_rows, 6)
        self.lagoa.write("widened", "SELECT 10000000000::BIGINT AS n, 0::DOUBLE AS f, 0::DECIMAL(12,4) AS dec")
        self.assertEqual(self.agree("widened", SPARK).schema.field("n").type, pyarrow.int64())

    def test_checkpoints(self):
        for table, properties in (("classic", {}), ("v2", {"delta.checkpointPolicy": "v2"}),
                                  ("structs", {"delta.checkpoint.writeStatsAsStruct": "true", "delta.checkpoint.writeStatsAsJson": "false"})):
            for i in range(5):
                self.lagoa.write(table, f"SELECT {i}::BIGINT AS k, 'p{i % 2}' AS part, DATE '2026-01-01' + {i} AS \"day\"", partition_by=["part", "day"],
                                 properties={"delta.checkpointInterval": "3", **properties})
            self.lagoa.checkpoint(table)
            log = self.path(table) / "_delta_log"
            for version in range(3):
                (log / f"{version:020}.json").unlink()
            self.assertEqual(self.agree(table).num_rows, 5)
            self.checksum_is_right(table)

    def test_log_clean_up(self):
        for i in range(5):
            self.lagoa.write("cleaned", f"SELECT {i}::BIGINT AS k", properties={"delta.logRetentionDuration": "interval 1 days"})
        self.lagoa.checkpoint("cleaned")
        log = self.path("cleaned") / "_delta_log"
        for file in log.iterdir():
            os.utime(file, (time.time() - 3 * 86400, time.time() - 3 * 86400))
        self.assertGreater(self.lagoa.clean_up("cleaned"), 0)
        self.assertFalse((log / f"{0:020}.json").exists())
        self.assertEqual(self.agree("cleaned").num_rows, 5)
        spark().sql(f"INSERT INTO delta.`{self.path('cleaned')}` VALUES (5)")
        deltalake.write_deltalake(str(self.path("cleaned")), pyarrow.table({"k": pyarrow.array([6])}), mode="append")
        self.lagoa.write("cleaned", "SELECT 7::BIGINT AS k")
        self.assertEqual(self.agree("cleaned").num_rows, 8)

    def test_in_commit_timestamps(self):
        self.lagoa.write("times", "SELECT 1 AS k", properties={"delta.enableInCommitTimestamps": "true"})
        self.lagoa.write("times", "SELECT 2 AS k")
        self.agree("times", SPARK)
        info = self.log("times", 1)[0]["commitInfo"]
        told = spark().sql(f"DESCRIBE HISTORY delta.`{self.path('times')}` LIMIT 1").collect()[0].timestamp
        self.assertEqual(int(round(told.timestamp() * 1000)), info["inCommitTimestamp"])
        spark().sql(f"INSERT INTO delta.`{self.path('times')}` VALUES (3)")
        self.lagoa.write("times", "SELECT 4 AS k")
        self.assertEqual(self.agree("times", SPARK).num_rows, 4)

    def test_row_tracking(self):
        self.lagoa.write("tracked", "SELECT k FROM range(10) t(k)", properties={"delta.enableRowTracking": "true"})
        self.lagoa.write("tracked", "SELECT k FROM range(10, 15) t(k)")
        spark().sql(f"INSERT INTO delta.`{self.path('tracked')}` VALUES (15)")
        self.lagoa.write("tracked", "SELECT 16::BIGINT AS k")
        found = spark().sql(f"SELECT _metadata.row_id id, _metadata.row_commit_version v FROM delta.`{self.path('tracked')}`").collect()
        self.assertEqual(sorted(row.id for row in found), list(range(17)))
        self.assertEqual(sorted({row.v for row in found}), [0, 1, 2, 3])
        self.agree("tracked", SPARK)

    def test_change_data_feed(self):
        self.lagoa.write("feed", "SELECT k, 'a' AS v FROM range(5) t(k)", properties={"delta.enableChangeDataFeed": "true"})
        self.lagoa.write("feed", "SELECT k, 'b' AS v FROM range(5, 8) t(k)")
        self.lagoa.write("feed", "SELECT k, 'c' AS v FROM range(2) t(k)", mode="overwrite")
        ours = self.lagoa.query(f"SELECT * EXCLUDE (_commit_timestamp) FROM delta_changes('{self.path('feed')}', 0, 2)")
        theirs = spark().session.read.format("delta").option("readChangeFeed", "true").option("startingVersion", 0).load(str(self.path("feed")))
        self.assertEqual(engines.difference(ours, theirs.drop("_commit_timestamp").toArrow()), "")

    def test_schema_evolution(self):
        self.lagoa.write("evolved", "SELECT 1::BIGINT AS k, {'a': 1::BIGINT} AS st, [{'x': 1::BIGINT}] AS l")
        self.lagoa.write("evolved", "SELECT 2::BIGINT AS k, {'a': 2::BIGINT, 'b': {'c': 'deep'}} AS st, [{'x': 2::BIGINT, 'y': 'new'}] AS l, DATE '2026-01-01' AS late")
        self.lagoa.sql("ALTER TABLE silver.evolved ADD COLUMN later VARCHAR")
        self.lagoa.write("evolved", "SELECT 3::BIGINT AS k")
        found = self.agree("evolved")
        self.assertEqual(found.column_names, ["k", "st", "l", "late", "later"])
        spark().sql(f"INSERT INTO delta.`{self.path('evolved')}` (k, later) VALUES (4, 'x')")
        self.assertEqual(self.agree("evolved").num_rows, 4)

    def test_comments_and_properties(self):
        self.lagoa.write("told", "SELECT 1::BIGINT AS k", comments={"k": "what it is"}, description="of what", properties={"delta.appendOnly": "true", "custom.key": "é"},
                         user_metadata='{"by":"us"}')
        detail = self.detail("told")
        self.assertEqual((detail.description, detail.properties["custom.key"]), ("of what", "é"))
        self.assertEqual(spark().sql(f"DESCRIBE delta.`{self.path('told')}`").collect()[0].comment, "what it is")
        self.assertEqual(spark().sql(f"DESCRIBE HISTORY delta.`{self.path('told')}`").collect()[0].userMetadata, '{"by":"us"}')
        with self.assertRaises(engines.Refused):
            self.lagoa.write("told", "SELECT 2::BIGINT AS k", mode="overwrite")
        with self.assertRaises(Exception):
            spark().sql(f"DELETE FROM delta.`{self.path('told')}`")

    def test_checksums(self):
        self.lagoa.write("sums", "SELECT k, k % 2 AS p FROM range(10) t(k)", partition_by=["p"])
        self.checksum_is_right("sums")
        self.lagoa.write("sums", "SELECT k, k % 2 AS p FROM range(4) t(k)", mode="merge", key=["k"])
        self.checksum_is_right("sums")
        # Spark adds to our checksum without a look at the table, and we to Spark's.
        spark().sql(f"INSERT INTO delta.`{self.path('sums')}` VALUES (77, 1)")
        self.checksum_is_right("sums")
        self.lagoa.write("sums", "SELECT 78::BIGINT AS k, 1::BIGINT AS p")
        self.checksum_is_right("sums")


class WrittenBySpark(Interop):
    def create(self, table, select, properties="", partitioned="", clause="PARTITIONED BY"):
        options = ", ".join(f"'{k}' = '{v}'" for k, v in properties.items()) if properties else ""
        spark().sql(f"CREATE TABLE delta.`{self.path(table)}` USING delta {f'{clause} ({partitioned})' if partitioned else ''} "
                    f"{f'TBLPROPERTIES ({options})' if options else ''} AS {select}")

    def test_every_type(self):
        self.create("types", SPARK_TYPES)
        self.lagoa.write("types", LAGOA_TYPES)
        self.assertEqual(self.agree("types").num_rows, 24)

    def test_partitions_of_every_type(self):
        self.create("partitions", """SELECT id k, cast(id AS TINYINT) tiny, cast(id AS INT) num, if(id = 0, NULL, id % 2 = 0) even, cast(id / 4 AS DECIMAL(9,2)) price,
            cast(id / 2 AS FLOAT) f, id / 3 d, date_add(DATE'0001-01-01', cast(id * 700000 AS INT)) `day`,
            TIMESTAMP'2026-01-02 13:00:00.25' + make_interval(0,0,0,0,cast(id AS INT)) `at`, TIMESTAMP_NTZ'2026-01-02 13:00:00.5' wall FROM range(4)""",
                    partitioned="tiny, num, even, price, f, d, `day`, `at`, wall")
        self.agree("partitions", SPARK)
        self.lagoa.write("partitions", f"SELECT * REPLACE (k + 10 AS k) FROM silver.partitions")
        self.assertEqual(self.agree("partitions", SPARK).num_rows, 8)
        self.create("binary", "SELECT id k, if(id = 0, NULL, cast(concat('é', id) AS BINARY)) b FROM range(3)", partitioned="b")
        self.agree("binary", SPARK)

    def test_odd_partition_names(self):
        self.create("odd", f"SELECT * FROM VALUES {odd_names('spark')} AS t(k, name)", partitioned="name")
        self.agree("odd")
        self.lagoa.write("odd", "SELECT * FROM silver.odd")
        self.assertEqual(self.agree("odd").num_rows, 26)

    def test_extreme_values(self):
        self.create("extremes", """SELECT * FROM VALUES
            (-9223372036854775808L, DATE'0001-01-01', TIMESTAMP'0001-01-01 00:00:00', double('-Infinity'), cast(repeat('9', 38) AS DECIMAL(38,0)), ''),
            (9223372036854775807L, DATE'9999-12-31', TIMESTAMP'9999-12-31 23:59:59.999999', double('Infinity'), cast(concat('-', repeat('9', 38)) AS DECIMAL(38,0)), repeat('ÿ', 100)),
            (0L, NULL, NULL, double('-0.0'), NULL, 'a\\u0000b') AS t(l, `day`, `at`, d, dec, s)""")
        self.agree("extremes", SPARK)  # delta-rs reads INT96 instants outside 1677–2262 wrongly
        for condition in ("l = 9223372036854775807", "s >= 'ÿÿ'", "\"day\" = DATE '9999-12-31'", "\"at\" >= TIMESTAMPTZ '9999-12-31 23:59:59.999999Z'", "d = 'inf'", "dec > 1"):
            found = self.lagoa.query(f"SELECT count(*) AS n FROM delta('{self.path('extremes')}') WHERE {condition}").to_pylist()
            self.assertEqual(found, [{"n": 1}], condition)

    def test_column_mapping(self):
        for mode in ("name", "id"):
            table = f"mapping_{mode}"
            self.create(table, "SELECT id k, concat('p', id % 2) `odd, name`, named_struct('in', id, 'out', -id) st, id gone FROM range(6)",
                        {"delta.columnMapping.mode": mode}, "`odd, name`")
            for change in ("RENAME COLUMN k TO key", "RENAME COLUMN st.out TO away", "DROP COLUMN gone", "RENAME COLUMN `odd, name` TO part"):
                spark().sql(f"ALTER TABLE delta.`{self.path(table)}` {change}")
            self.agree(table)
            self.lagoa.write(table, "SELECT 77::BIGINT AS key, 'p9' AS part, {'in': 1::BIGINT, 'away': 2::BIGINT} AS st, 'fresh' AS gone")
            self.assertEqual(self.agree(table).num_rows, 7)

    def test_deletion_vectors(self):
        self.create("vectors", "SELECT id k, 'old' v FROM range(0, 1000, 1, 1)", {"delta.enableDeletionVectors": "true"})
        spark().sql(f"DELETE FROM delta.`{self.path('vectors')}` WHERE k % 7 = 0")
        spark().sql(f"UPDATE delta.`{self.path('vectors')}` SET v = 'new' WHERE k IN (5, 500)")
        self.agree("vectors")
        self.lagoa.write("vectors", "SELECT k, 'merged' AS v FROM range(0, 1100, 7) t(k)", mode="merge", key=["k"])
        self.assertEqual(self.agree("vectors").num_rows, 1000 + 15)
        spark().sql(f"DELETE FROM delta.`{self.path('vectors')}` WHERE k % 5 = 0")
        self.agree("vectors")

    def test_type_widening(self):
        self.create("widened", "SELECT cast(id AS TINYINT) n, cast(id AS FLOAT) f, cast(id AS DECIMAL(5,2)) dec, named_struct('n', cast(id AS SMALLINT)) st, cast(id AS INT) p FROM range(5)",
                    {"delta.enableTypeWidening": "true"}, "p")
        for change in ("n TYPE INT", "f TYPE DOUBLE", "dec TYPE DECIMAL(12,4)", "st.n TYPE BIGINT"):
            spark().sql(f"ALTER TABLE delta.`{self.path('widened')}` ALTER COLUMN {change}")
        spark().sql(f"INSERT INTO delta.`{self.path('widened')}` VALUES (100000, 1e300, 12345678.1234, named_struct('n', 10000000000L), 7)")
        self.agree("widened", SPARK)
        self.lagoa.write("widened", "SELECT * FROM silver.widened")
        self.assertEqual(self.agree("widened", SPARK).num_rows, 12)

    def test_checkpoints(self):
        for form in ("classic", "parts", "json", "parquet"):
            table = f"checkpoint_{form}"
            settings = {"spark.databricks.delta.checkpoint.partSize": "2"} if form == "parts" else {}
            if form in ("json", "parquet"):
                settings["spark.databricks.delta.checkpointV2.topLevelFileFormat"] = form
            for name, value in settings.items():
                spark().session.conf.set(name, value)
            self.create(table, "SELECT id k, id % 3 p FROM range(9)", {"delta.checkpointInterval": "3", **({"delta.checkpointPolicy": "v2"} if form in ("json", "parquet") else {})}, "p")
            for i in range(3):
                spark().sql(f"INSERT INTO delta.`{self.path(table)}` VALUES ({100 + i}, {i})")
            for name in settings:
                spark().session.conf.unset(name)
            log = self.path(table) / "_delta_log"
            found = [p.name for p in log.iterdir() if ".checkpoint." in p.name and not p.name.startswith(".")]
            self.assertTrue(found, "Spark wrote no checkpoint")
            self.assertEqual(len(found) > 1, form == "parts", found)
            for version in range(3):
                (log / f"{version:020}.json").unlink()
            self.assertEqual(self.agree(table).num_rows, 12)
            self.lagoa.write(table, "SELECT 1000::BIGINT AS k, 1::BIGINT AS p")
            self.lagoa.checkpoint(table)
            (log / f"{3:020}.json").unlink()
            self.assertEqual(self.agree(table).num_rows, 13)

    def test_change_data_feed(self):
        self.create("feed", "SELECT id k, 'a' v FROM range(5)", {"delta.enableChangeDataFeed": "true"})
        spark().sql(f"UPDATE delta.`{self.path('feed')}` SET v = 'b' WHERE k = 1")
        spark().sql(f"DELETE FROM delta.`{self.path('feed')}` WHERE k = 2")
        self.lagoa.write("feed", "SELECT k, 'c' AS v FROM range(8, 10) t(k)")
        ours = self.lagoa.query(f"SELECT * EXCLUDE (_commit_timestamp) FROM delta_changes('{self.path('feed')}', 0, 3)")
        theirs = spark().session.read.format("delta").option("readChangeFeed", "true").option("startingVersion", 0).load(str(self.path("feed")))
        self.assertEqual(engines.difference(ours, theirs.drop("_commit_timestamp").toArrow()), "")
        self.agree("feed")

    def test_row_tracking_and_in_commit_timestamps(self):
        self.create("tracked", "SELECT id k FROM range(10)", {"delta.enableRowTracking": "true", "delta.enableInCommitTimestamps": "true"})
        self.lagoa.write("tracked", "SELECT k FROM range(10, 15) t(k)")
        spark().sql(f"INSERT INTO delta.`{self.path('tracked')}` VALUES (15)")
        found = spark().sql(f"SELECT _metadata.row_id id FROM delta.`{self.path('tracked')}`").collect()
        self.assertEqual(sorted(row.id for row in found), list(range(16)))
        self.agree("tracked", SPARK)

    def test_nested_evolution(self):
        self.create("nested", "SELECT id k, named_struct('a', id) st, array(named_struct('x', id)) l, map('k', named_struct('y', id)) m FROM range(3)")
        for column in ("st.b STRING", "l.element.z INT", "m.value.w DATE", "late DOUBLE"):
            spark().sql(f"ALTER TABLE delta.`{self.path('nested')}` ADD COLUMNS ({column})")
        spark().sql(f"INSERT INTO delta.`{self.path('nested')}` SELECT 9, named_struct('a', 9, 'b', 'new'), array(named_struct('x', 9, 'z', 1)), map('k', named_struct('y', 9, 'w', DATE'2026-01-01')), 0.5")
        self.agree("nested", SPARK)  # delta-rs cannot widen the structs of a map
        self.lagoa.write("nested", "SELECT * FROM silver.nested")
        self.assertEqual(self.agree("nested", SPARK).num_rows, 8)

    def test_columns_that_spark_computes_or_checks(self):
        """Reading is the same as ever; test_operations.py writes them."""
        tables = {
            "generated": ("(k BIGINT, twice BIGINT GENERATED ALWAYS AS (k * 2)) USING delta", "(k) VALUES (1), (2)", EVERYONE),
            "numbered": ("(id BIGINT GENERATED ALWAYS AS IDENTITY, v STRING) USING delta", "(v) VALUES ('a'), ('b')", SPARK),
            "checked": ("(k BIGINT) USING delta TBLPROPERTIES ('delta.constraints.positive' = 'k > 0')", "VALUES (1)", EVERYONE),
            "defaults": ("(k BIGINT, v STRING DEFAULT 'x') USING delta TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')",
                         "(k) VALUES (1)", EVERYONE),
        }
        for table, (columns, values, readers) in tables.items():
            spark().sql(f"CREATE TABLE delta.`{self.path(table)}` {columns}")
            spark().sql(f"INSERT INTO delta.`{self.path(table)}` {values}")
            self.agree(table, readers)

    def test_not_null_and_char(self):
        spark().sql(f"CREATE TABLE delta.`{self.path('strict')}` (k BIGINT NOT NULL, code CHAR(3), name VARCHAR(10)) USING delta")
        spark().sql(f"INSERT INTO delta.`{self.path('strict')}` VALUES (1, 'abc', 'x')")
        self.agree("strict")
        with self.assertRaises(engines.Refused):
            self.lagoa.write("strict", "SELECT NULL::BIGINT AS k, 'abc' AS code, 'y' AS name")

    def test_clustering(self):
        self.create("clustered", "SELECT id k, id % 3 p FROM range(9)", {}, "p", clause="CLUSTER BY")
        self.agree("clustered")
        self.lagoa.write("clustered", "SELECT 100::BIGINT AS k, 1::BIGINT AS p")
        self.assertEqual(self.agree("clustered").num_rows, 10)
        spark().sql(f"OPTIMIZE delta.`{self.path('clustered')}`")
        self.assertEqual(self.agree("clustered").num_rows, 10)
        (domains,) = [a["domainMetadata"] for a in self.log("clustered", 0) if "domainMetadata" in a]
        self.assertEqual(domains["domain"], "delta.clustering")
        self.assertEqual(self.detail("clustered").clusteringColumns, ["p"])

    def test_variant(self):
        path = self.path("variants")
        spark().sql(f"CREATE TABLE delta.`{path}` USING delta AS SELECT id k, parse_json(concat('{{\"a\": ', id, ', \"b\": [true, null, \"x\"]}}')) v FROM range(3)")
        ours = self.lagoa.query(f"SELECT k, CAST(v AS JSON)::VARCHAR AS v FROM delta('{path}')").to_pylist()
        theirs = spark().sql(f"SELECT k, to_json(v) v FROM delta.`{path}`").collect()
        self.assertEqual(sorted((r["k"], json.dumps(json.loads(r["v"]), sort_keys=True)) for r in ours),
                         sorted((r.k, json.dumps(json.loads(r.v), sort_keys=True)) for r in theirs))

    def test_overwrites(self):
        self.create("over", "SELECT id k, id % 3 p FROM range(9)", partitioned="p")
        self.spark_overwrites("over", "SELECT 100L k, 1L p", replaceWhere="p = 1")
        self.agree("over")
        self.spark_overwrites("over", "SELECT 200L k, 2L p", partitionOverwriteMode="dynamic")
        self.assertEqual(self.agree("over").num_rows, 5)
        spark().sql(f"CREATE OR REPLACE TABLE delta.`{self.path('over')}` USING delta AS SELECT 'x' AS other")
        self.assertEqual(self.agree("over").column_names, ["other"])
        for version in range(3):
            self.agree("over", version=version)
        self.lagoa.write("over", "SELECT 'y' AS other")
        self.agree("over")

    def spark_overwrites(self, table, select, **options):
        spark().sql(select).write.format("delta").mode("overwrite").options(**options).save(str(self.path(table)))


class WritersInTurn(Interop):
    """Spark, delta-rs and Lagoa on one table: after each round it is one table for all of them."""

    ROUNDS = 4

    def test_one_table(self):
        path = str(self.path("shared"))
        self.lagoa.write("shared", "SELECT k, 'lagoa' AS \"by\" FROM range(10) t(k)", properties={"delta.checkpointInterval": "4"})
        version = 0
        for i in range(self.ROUNDS):
            low = 1000 * (i + 1)
            spark().sql(f"INSERT INTO delta.`{path}` SELECT id, 'spark' FROM range({low}, {low + 20})")
            deltalake.write_deltalake(path, pyarrow.table({"k": pyarrow.array(range(low + 20, low + 40)), "by": ["delta-rs"] * 20}), mode="append")
            self.lagoa.write("shared", f"SELECT k, 'lagoa' AS \"by\" FROM range({low + 10}, {low + 30}, 4) t(k)", mode="merge", key=["k"])
            spark().sql(f"MERGE INTO delta.`{path}` t USING (SELECT id k, 'spark' `by` FROM range({low}, {low + 100}, 25)) s ON t.k = s.k WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *")
            deltalake.DeltaTable(path).delete(f"k = {low + 3}")
            version += 5
            if i % 2:
                self.lagoa.write("shared", f"SELECT {low + 5}::BIGINT AS k, 'lagoa' AS \"by\"", mode="replace_where", replace_where=f"k = {low + 5}")
                version += 1
            self.assertEqual(self.agree("shared").num_rows, 10 + 41 * (i + 1), f"round {i}")
            self.assertEqual((self.spark_version("shared"), deltalake.DeltaTable(path).version()), (version, version))
        self.checksum_is_right("shared")


if __name__ == "__main__":
    raise SystemExit(run())
