"""The engines that read and write one table in turn: Lagoa, Spark with Delta, delta-rs.

Every reader returns an Arrow table; `same(a, b)` compares them as bags of rows, by value and column name. LAGOA, LAKE_DRIVER and
SPARK_JARS name the binary, the writer and the folder of Delta's jars.
"""
import collections
import glob
import json
import logging
import math
import os
import pathlib
import subprocess
import tempfile

import deltalake
import pyarrow
import pyarrow.parquet

LAGOA = os.environ["LAGOA"]
LAKE_DRIVER = os.environ["LAKE_DRIVER"]


class Refused(Exception):
    """A command of Lagoa that ended with an error: `code` is its name in base/error_code.cc."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class Lagoa:
    """Writes through lake_driver, reads through `lagoa sql`. The zone `silver` is `root`."""

    def __init__(self, root, scratch, environment=None):
        self.root, self.scratch = str(root), pathlib.Path(scratch)
        self.environment = {**os.environ, **(environment or {})}
        (self.scratch / "lagoa.yaml").write_text(f"name: interop\ntime_zone: UTC\nlake: {self.scratch}/lake\nzones: {{silver: '{self.root}'}}\n")
        self.driver = None

    def ask(self, command):
        if self.driver is None:
            self.driver = subprocess.Popen([LAKE_DRIVER, self.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.environment)
        self.driver.stdin.write(json.dumps(command) + "\n")
        self.driver.stdin.flush()
        line = self.driver.stdout.readline()
        if not line:
            ended, self.driver = self.driver.wait(), None
            raise AssertionError(f"lake_driver ended with {ended} on {command}")
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"], answer["message"])
        return answer

    def write(self, table, select, **request):
        return self.ask({"write": {"table": table, "select": select, **request}})["version"]

    def sql(self, sql):
        return self.ask({"sql": sql})["rows"]

    def rows_of(self, sql):
        """A small result as dictionaries."""
        return self.ask({"rows_of": sql})["found"]

    def transaction(self, statements):
        """All of them as one, or none."""
        self.ask({"transaction": list(statements)})

    def checkpoint(self, table):
        self.ask({"checkpoint": table})

    def clean_up(self, table):
        """Removes what is expired of the log and not needed by the newest version."""
        return self.ask({"clean_up": table})["removed"]

    def mark_deleted(self, table, rows):
        """Deletes these rows of every file of `table` by deletion vectors."""
        return self.ask({"mark_deleted": table, "rows": list(rows)})["version"]

    def query(self, sql):
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            out = f"{folder}/rows.parquet"
            done = subprocess.run([LAGOA, "--project", str(self.scratch), "sql", sql, "--format", "parquet", "--output", out],
                                  capture_output=True, text=True, timeout=120, env=self.environment)
            if done.returncode != 0:
                raise Refused(str(done.returncode), f"{sql}\n{done.stderr[-2000:]}")
            return pyarrow.parquet.ParquetFile(out).read()

    def read(self, path, version=None):
        at = "" if version is None else f", version => {version}"
        return self.query(f"SELECT * FROM delta('{path}'{at})")

    def close(self):
        if self.driver is not None:
            self.driver.stdin.close()
            self.driver.wait(60)
            self.driver.stdout.close()


class Spark:
    def __init__(self, scratch):
        from pyspark.sql import SparkSession
        settings = {
            "spark.driver.extraClassPath": ":".join(sorted(glob.glob(os.environ["SPARK_JARS"] + "/*.jar"))),
            "spark.driver.memory": "2g",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.session.timeZone": "UTC",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.warehouse.dir": f"{scratch}/warehouse",
            "spark.local.dir": f"{scratch}/spark",
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.databricks.delta.snapshotPartitions": "1",
            # A session keeps no view of a table that others write; what it reads of a checksum file is checked.
            "spark.databricks.delta.incrementalCommit.verify": "true",
        }
        builder = SparkSession.builder.master("local[2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self.session.sparkContext.setLogLevel("FATAL")  # what fails is raised
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)

    def sql(self, sql):
        return self.session.sql(sql)

    def read(self, path, version=None):
        reader = self.session.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(str(path)).toArrow()

    def close(self):
        self.session.stop()


class DeltaRs:
    def read(self, path, version=None):
        table = deltalake.DeltaTable(str(path), version=version)
        found = deltalake.QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all()
        return pyarrow.table(found)


def canonical(column):
    """A column's values as what compares by value: instants and dates as numbers, maps without order, NaN equal to itself."""
    kind = column.type
    if isinstance(column, pyarrow.ChunkedArray):
        return [value for chunk in column.chunks for value in canonical(chunk)]
    if isinstance(column, pyarrow.ExtensionArray):
        return canonical(column.storage)
    if pyarrow.types.is_dictionary(kind):
        return canonical(column.dictionary_decode())
    if pyarrow.types.is_timestamp(kind):
        zone = "z" if kind.tz else "local"
        return [None if v is None else (zone, v) for v in column.cast(pyarrow.timestamp("us", kind.tz)).cast(pyarrow.int64()).to_pylist()]
    if pyarrow.types.is_date(kind):
        return [None if v is None else ("day", v) for v in column.cast(pyarrow.date32()).cast(pyarrow.int32()).to_pylist()]
    if pyarrow.types.is_floating(kind):
        return [v if v is None or not math.isnan(v) else "nan" for v in column.to_pylist()]
    if pyarrow.types.is_decimal(kind):
        return [None if v is None else format(v, "f") for v in column.to_pylist()]
    if pyarrow.types.is_struct(kind):
        members = [canonical(member) for member in column.flatten()]
        names = [kind.field(i).name for i in range(kind.num_fields)]
        rows = list(zip(*members)) if members else [()] * len(column)
        return [tuple(zip(names, row)) if valid else None for row, valid in zip(rows, column.is_valid().to_pylist())]
    if pyarrow.types.is_map(kind):
        return [None if not row.is_valid else tuple(sorted(zip(canonical(row.values.field(0)), canonical(row.values.field(1))), key=repr)) for row in column]
    if pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind) or "list_view" in str(kind):
        return [None if not row.is_valid else tuple(canonical(row.values)) for row in column]
    return [bytes(v) if isinstance(v, (bytearray, memoryview)) else v for v in column.to_pylist()]


def rows(table):
    """The bag of a table's rows. Readers that know no binary strings or views of them are equal to those that do."""
    columns = [canonical(table.column(i)) for i in range(table.num_columns)]
    return collections.Counter(map(repr, zip(*columns)))


def difference(a, b):
    """What tells two tables apart, empty if nothing does."""
    if a.column_names != b.column_names:
        return f"columns {a.column_names} and {b.column_names}"
    left, right = rows(a), rows(b)
    if left == right:
        return ""
    return (f"{a.num_rows} and {b.num_rows} rows; only in the first: {list((left - right).elements())[:3]}; "
            f"only in the second: {list((right - left).elements())[:3]}")
