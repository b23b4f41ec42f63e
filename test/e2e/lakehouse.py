"""What the end-to-end tests share: a private project, the simulated market beside it, and the shipped binary.

Every test works in a temporary folder on free ports and stops what it started. LAGOA names the binary.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
LAGOA = os.environ.get("LAGOA", str(ROOT / "build/dev/bin/lagoa"))
TODAY = "2026-11-20"
# Columns that tell in which run and when a row was learnt.
RUN_COLUMNS = ("_run", "_object", "_known_from", "id", "run", "quarantined_at", "object")


def clean_environment(extra=None):
    """This process's environment without anything that would point Lagoa at real sources."""
    names = ("BRAPI_", "FII_", "LEGACY_", "B3_", "LAGOA_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(names) or k == "LAGOA_LIB"}
    return {**kept, **(extra or {})}


class Market:
    """`lagoa sample serve` as a child process."""

    def __init__(self, folder, *options):
        self.env_file = pathlib.Path(folder) / "market.env"
        self.env_file.unlink(missing_ok=True)
        self.log = open(pathlib.Path(folder) / "market.log", "wb")
        self.process = subprocess.Popen([LAGOA, "sample", "serve", "--today", TODAY, "--env-file", str(self.env_file), *options],
                                        stdout=self.log, stderr=self.log, env=clean_environment())
        deadline = time.monotonic() + 90
        while not self.env_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError("the market did not start: " + pathlib.Path(self.log.name).read_text(errors="replace"))
            time.sleep(0.05)
        self.variables = {}
        for line in self.env_file.read_text().splitlines():
            name, value = line.removeprefix("export ").split("=", 1)
            self.variables[name] = value.strip("'")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        self.log.close()


class S3Server:
    """versitygw, which `./dev setup` builds, as a child process over a folder of its own."""

    def __init__(self, folder):
        self.data = pathlib.Path(folder) / "s3"
        self.data.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.endpoint = f"http://127.0.0.1:{probe.getsockname()[1]}"
        program = ROOT / ".deps/versitygw/versitygw"
        self.process = subprocess.Popen([program, "--access", "e2e-access", "--secret", "e2e-secret-key", "--keep-alive", "--quiet", "--port",
                                         self.endpoint.removeprefix("http://"), "posix", self.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.variables = {"AWS_ACCESS_KEY_ID": "e2e-access", "AWS_SECRET_ACCESS_KEY": "e2e-secret-key", "AWS_REGION": "us-east-1"}
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(self.endpoint.rpartition(":")[2]))) == 0:
                    return
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise AssertionError("the S3 server did not start")
            time.sleep(0.02)

    def make_bucket(self, name):
        (self.data / name).mkdir()  # a folder there is a bucket

    def stop(self):
        self.process.kill()
        self.process.wait(30)


class LakehouseTest(unittest.TestCase):
    """A copy of examples/b3 in a temporary folder."""

    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lagoa-e2e-")))
        self.project = self.folder / "b3"
        shutil.copytree(ROOT / "examples/b3", self.project, ignore=shutil.ignore_patterns("lake", ".lagoa"))
        self.variables = {}

    def start_market(self, *options):
        market = Market(self.folder, *options)
        self.addCleanup(market.stop)
        self.variables = dict(market.variables)
        return market

    def lagoa(self, *arguments, code=0, **variables):
        """Runs the binary in the project; fails unless it ends with `code`. Returns the finished process."""
        done = subprocess.run([LAGOA, "--project", str(self.project), *arguments], capture_output=True, text=True, timeout=300,
                              env=clean_environment({**self.variables, **variables}))
        self.assertEqual(done.returncode, code, f"lagoa {' '.join(arguments)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done

    def rows(self, sql, *options):
        return json.loads(self.lagoa("sql", sql, "--format", "json", *options).stdout)

    def value(self, sql, *options):
        (row,) = self.rows(sql, *options)
        (value,) = row.values()
        return value

    def tables(self, *options):
        return {t["table"]: t for t in json.loads(self.lagoa("table", "ls", "--json", *options).stdout)}

    def digest(self, *options, reserved=True):
        """Table → (rows, digest of all of them in any order), of every table but ops. Without the reserved columns
        the digest says what is known, not when and in which run it was learnt."""
        result = {}
        for table in self.tables(*options):
            if table.startswith("ops."):
                continue
            drop = [] if reserved else [c for c in RUN_COLUMNS if c in self.columns(table, *options)]
            exclude = f"EXCLUDE ({', '.join(drop)})" if drop else ""
            (row,) = self.rows(f"SELECT count(*) AS n, CAST(coalesce(sum(hash(t)), 0) AS VARCHAR) AS d FROM (SELECT * {exclude} FROM {table}) t",
                               *options)
            result[table] = (row["n"], row["d"])
        return result

    def columns(self, table, *options):
        return [row["column_name"] for row in self.rows(f"SELECT column_name FROM (DESCRIBE {table})", *options)]


def main():
    unittest.main(verbosity=2)
