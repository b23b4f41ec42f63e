#!/usr/bin/env python3
"""Delta table operations beside delta-rs, DuckDB's Delta extension and DuckDB's scan of the same Parquet files, in one run.

usage: bench/delta.py [--build build/release] [--rows 1000000] [--runs 3] [--only PREFIX] [--write NAME]

The peers' programs and the generator of their tables are ../shared/bench/delta; their packages are those of scripts/requirements-bench.txt.
Every operation is a process of its own and runs once uncounted, then --runs times in turn (A B C A B C ...). Figures are of the
operation alone, without starting the process; ours have it subtracted (`lagoa sql 'select 1'`, run beside them), for the writes
and scans are the shipped program's. All must agree on what they read and wrote. --write keeps the result in bench/results/NAME.json.

  append    the rows of 20 Parquet files into an empty table: in Snappy as delta-rs and DuckDB write, and as we do, in ZSTD
  snapshot  the newest version of a table of 10^4 commits and 10^5 files, with a checkpoint and without
  follow    an open table of 10^5 files follows one commit
  scan      an aggregate over every column of the base table
  merge     1 % of the base table's rows updated, in every file, 0.1 % added
  delete    0.1 % of the base table's rows, in every file; by us also with deletion vectors
  optimize  1,000 small files put together
  z-order   the same files by (symbol, ts)
  point     one symbol's hour, of the table that delta-rs has z-ordered into files of 16 MB and of one that we have

A table is written in a copy whose data files are hard links, which no Delta writer changes. Files are Snappy where delta-rs writes Snappy (merge,
delete) and ZSTD where it writes ZSTD (optimize, z-order); the check says how many bytes there are in the end, and rows must be equal.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import run as bench

ROOT = bench.ROOT
PEERS = bench.PEERS / "delta/delta_peers.py"
DATA = bench.WORK / "delta"
COPY = bench.WORK / "delta_peers.py"  # its data lie beside it


class Peer:
    def __init__(self, operation, rows):
        self.command = [str(bench.PYTHON), str(COPY), operation, "--rows", str(rows), "--dir", str(DATA), "--json"]

    def run(self):
        (_, _, peak), out = bench.measured(self.command)
        result = json.loads(out)
        return (result["wall_s"][0], result["cpu_s"][0], peak), result["check"]


class Library:
    """An operation of the library, timed inside its process."""

    def __init__(self, build, operation, table, *arguments):
        self.command, self.table = [str(build / "bin/delta_table"), operation], table
        self.arguments = arguments

    def run(self):
        folder = self.table
        with tempfile.TemporaryDirectory(dir=DATA) as scratch:
            if self.command[1] == "append":
                folder = pathlib.Path(scratch, "table")
            if self.command[1] == "follow":  # it writes
                folder = pathlib.Path(scratch, "table")
                shutil.copytree(self.table, folder)
            (_, _, peak), out = bench.measured([*self.command, str(folder), *self.arguments])
        result = json.loads(out)
        check = f"rows={result['rows']} files={result['files']}" if self.command[1] == "append" else str(result["files"])
        return (result["wall_s"], result["cpu_s"], peak), check


class Program:
    """SQL in the shipped program, less the time of starting it."""

    def __init__(self, build, rows, sql, check=None):
        self.binary, self.sql, self.check = str(build / "bin/lagoa"), sql, check
        self.days = str(DATA / f"rows-{rows}/source/day*.parquet")
        self.base = str(DATA / f"rows-{rows}/base")
        self.zordered = str(DATA / f"rows-{rows}/zordered")

    def run(self):
        with tempfile.TemporaryDirectory(dir=DATA) as scratch:
            project = pathlib.Path(scratch, "project")
            project.mkdir()
            (project / "lagoa.yaml").write_text("name: bench\ntime_zone: UTC\n")
            start, _ = bench.measured([self.binary, "--project", project, "sql", "SELECT 1"])
            sql = self.sql.format(days=self.days, base=self.base, zordered=self.zordered)
            figures, out = bench.measured([self.binary, "--project", project, "sql", "--at", "head", "--format", "csv", sql])
            if self.check:
                _, out = bench.measured([self.binary, "--project", project, "sql", "--at", "head", "--format", "csv", self.check])
        return (figures[0] - start[0], figures[1] - start[1], figures[2]), " ".join(out.splitlines()[-1].split(","))


def linked(source, target):
    """A copy of a table whose data files are hard links."""
    shutil.copytree(source, target, copy_function=lambda a, b: (shutil.copyfile if "/_delta_log/" in a else os.link)(a, b))


class Writer:
    """SQL in the shipped program that writes a copy of a table, less the time of starting it."""

    # What the peers' program says of a table that it wrote, with deleted rows left out.
    CHECK = """import sys, deltalake
table = deltalake.DeltaTable(sys.argv[1])
adds = table.get_add_actions(flatten=True)
print(f"v{table.version()} rows={sys.argv[2]} files={adds.num_rows} MB={sum(adds['size_bytes'].to_pylist()) / 1e6:.1f}")"""

    def __init__(self, build, rows, start, sql, **properties):
        self.binary, self.sql = str(build / "bin/lagoa"), sql.replace("{source}", str(DATA / f"rows-{rows}/source"))
        self.start = DATA / f"rows-{rows}" / start
        self.properties = ", ".join(f"'delta.{name}' = '{value}'" for name, value in properties.items())

    def lagoa(self, project, sql):
        return bench.measured([self.binary, "--project", project, "sql", "--at", "head", "--format", "csv", sql])

    def run(self):
        with tempfile.TemporaryDirectory(dir=DATA) as scratch:
            table = self.write(pathlib.Path(scratch))
            _, out = self.lagoa(table.parent, "SELECT count(*) FROM bronze.quotes")
            check = subprocess.run([str(bench.PYTHON), "-c", self.CHECK, str(table), out.split()[-1]], check=True, capture_output=True, text=True).stdout.strip()
        return self.figures, check

    def write(self, project):
        """Leaves the written table at project/quotes."""
        linked(self.start, project / "quotes")
        (project / "lagoa.yaml").write_text(f"name: bench\ntime_zone: UTC\nlake: {project}/lake\nzones: {{bronze: '{project}'}}\n")
        if self.properties:
            self.lagoa(project, f"ALTER TABLE bronze.quotes SET ({self.properties})")
        start, _ = self.lagoa(project, "SELECT 1")
        figures, _ = self.lagoa(project, self.sql)
        self.figures = (figures[0] - start[0], figures[1] - start[1], figures[2])
        return project / "quotes"


class AfterZOrder(Program):
    """A query of a table that we have z-ordered, once for all runs, into files of the size that the peers' has."""

    def __init__(self, build, rows, sql):
        self.made = DATA / f"rows-{rows}/zordered-by-lagoa"
        self.writer = Writer(build, rows, "base", "OPTIMIZE bronze.quotes ZORDER BY (symbol, ts)", targetFileSize="16mb")
        super().__init__(build, rows, sql.replace("{table}", f"delta('{self.made}/quotes')"))

    def run(self):
        if not self.made.exists():
            folder = self.made.with_suffix(".tmp")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            self.writer.write(folder)
            folder.rename(self.made)
        return super().run()


def prepare(rows):
    bench.prepare("small")  # the peers' packages
    DATA.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PEERS, COPY)
    subprocess.run([str(bench.PYTHON), str(COPY), "prepare", "--rows", str(rows), "--dir", str(DATA)], check=True)


def programs(build, rows):
    scan = ("SELECT count(*) AS n, sum(price) AS p, sum(volume) AS v, count(DISTINCT symbol) AS s, count(note) AS c, max(note) AS m, "
            "max(trade_date) AS d, CAST(max(ts) AS DATE) AS t FROM {}")
    point = ("SELECT count(*) AS n, sum(price) AS p, sum(volume) AS v, max(note) AS m FROM {table} WHERE symbol = 'S0042' "
             "AND ts BETWEEN TIMESTAMPTZ '2024-01-10 15:00:00+00' AND TIMESTAMPTZ '2024-01-10 16:00:00+00'")
    merge = ("MERGE INTO bronze.quotes AS t USING (SELECT * FROM read_parquet('{source}/merge.parquet')) AS s ON t.symbol = s.symbol AND t.ts = s.ts "
             "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *")
    delete = "DELETE FROM bronze.quotes WHERE symbol = 'S0042'"
    snappy = {"parquet.compression.codec": "snappy"}
    insert = ("CREATE TABLE bronze.quotes (symbol VARCHAR, ts TIMESTAMPTZ, trade_date DATE, price DECIMAL(18,4), volume BIGINT, note VARCHAR); "
              "INSERT INTO bronze.quotes SELECT * FROM read_parquet('{days}')")
    return {
        "append: lagoa, Snappy": Library(build, "append", None, str(DATA / f"rows-{rows}/source/day*.parquet")),
        "append: lagoa": Program(build, rows, insert, "SELECT 'rows=' || count(*) FROM bronze.quotes"),
        "append: delta-rs": Peer("append-deltars", rows),
        "append: DuckDB's extension": Peer("append-duckdb", rows),
        "snapshot with checkpoint: lagoa": Library(build, "snapshot", DATA / "log"),
        "snapshot with checkpoint: delta-rs": Peer("snapshot-deltars", rows),
        "snapshot with checkpoint: DuckDB's extension": Peer("snapshot-duckdb", rows),
        "snapshot without: lagoa": Library(build, "snapshot", DATA / "log_json"),
        "snapshot without: delta-rs": Peer("snapshot_json-deltars", rows),
        "snapshot without: DuckDB's extension": Peer("snapshot_json-duckdb", rows),
        "follow one commit: lagoa": Library(build, "follow", DATA / "log", "50"),
        "scan: lagoa": Program(build, rows, scan.format("delta('{base}')")),
        "scan: Parquet alone, in lagoa": Program(build, rows, scan.format("read_parquet('{base}/*.parquet')")),
        "scan: delta-rs": Peer("scan-deltars", rows),
        "scan: DuckDB's extension": Peer("scan-duckdb", rows),
        "scan: DuckDB, Parquet alone": Peer("scan-parquet", rows),
        "merge: lagoa": Writer(build, rows, "base", merge, **snappy),
        "merge: lagoa, deletion vectors": Writer(build, rows, "base", merge, enableDeletionVectors="true", **snappy),
        "merge: delta-rs": Peer("merge-deltars", rows),
        "delete: lagoa": Writer(build, rows, "base", delete, **snappy),
        "delete: lagoa, deletion vectors": Writer(build, rows, "base", delete, enableDeletionVectors="true", **snappy),
        "delete: delta-rs": Peer("delete-deltars", rows),
        "optimize: lagoa": Writer(build, rows, "small", "OPTIMIZE bronze.quotes"),
        "optimize: delta-rs": Peer("compact-deltars", rows),
        "z-order: lagoa": Writer(build, rows, "small", "OPTIMIZE bronze.quotes ZORDER BY (symbol, ts)"),
        "z-order: delta-rs": Peer("zorder-deltars", rows),
        "point: lagoa": Program(build, rows, point.replace("{table}", "delta('{zordered}')")),
        "point: lagoa, z-ordered by itself": AfterZOrder(build, rows, point),
        "point: delta-rs": Peer("point-deltars", rows),
        "point: DuckDB's extension": Peer("point-duckdb", rows),
        "point: DuckDB, Parquet alone": Peer("point-parquet", rows),
    }


def disagreements(checks):
    """What programs of one operation wrote or read differently: their rows, or all that the check says where it names none."""
    found = {}
    for name, check in checks.items():
        rows = re.search(r"rows=\d+", check)
        found.setdefault(name.split(":")[0], set()).add(rows[0] if rows else check)
    return [f"{operation}: {sorted(different)}" for operation, different in found.items() if len(different) > 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--write")
    options = parser.parse_args()
    prepare(options.rows)
    build = pathlib.Path(options.build).resolve()
    chosen = {name: program for name, program in programs(build, options.rows).items() if name.startswith(options.only)}
    figures = {name: [] for name in chosen}
    checks = {}
    for turn in range(options.runs + 1):
        for name, program in chosen.items():
            values, checks[name] = program.run()
            if turn > 0:
                figures[name].append(values)
    report = bench.described({"what": "Delta table operations", "rows": options.rows, "runs": options.runs, "checks": checks,
                              "command": f"bench/delta.py --rows {options.rows} --runs {options.runs}"}, figures)
    print(f"{'operation':48} {'CPU s':>8} {'wall s':>8} {'peak MB':>8}  check   (medians of {options.runs})")
    for name, program in report["programs"].items():
        print(f"{name:48} {program['cpu_s'][1]:8.3f} {program['wall_s'][1]:8.3f} {program['peak_mb'][1]:8.0f}  {checks[name]}")
    wrong = disagreements(checks)
    if wrong:
        raise SystemExit("\n".join(wrong))
    bench.keep(report, options.write)


if __name__ == "__main__":
    main()
