"""Writers of two processes and delta-rs on one table, processes killed at random; no acknowledged row is lost or doubled.

usage: soak_delta.py [--seconds N] [--seed S] [--store local|s3] [--processes 2] [--threads 8] [--faults PER_MILLE]

Prints the seed first and one JSON line last. At intervals and at the end the table is read by Lagoa and by delta-rs: each
acknowledged operation's rows are there once, each unacknowledged one's once or not at all, the log has no gap, both readers agree.
The seed decides kills, operations and faults; how threads interleave it cannot. LAGOA and SOAK_WRITER name the programs; s3 needs
VERSITYGW.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import deltalake
import pyarrow
import pyarrow.parquet

PROPERTIES = {"delta.checkpointInterval": "10", "delta.logRetentionDuration": "interval 1 minutes", "delta.enableExpiredLogCleanup": "true"}


class Wrong(Exception):
    """The table is not what the ledgers say."""


class Store:
    """A folder, or a bucket of a private versitygw over one."""

    def __init__(self, kind, folder):
        self.environment, self.options, self.server = dict(os.environ), {}, None
        bucket = folder / "store" / "lake"
        bucket.mkdir(parents=True)
        self.log = bucket / "rows" / "_delta_log"
        self.root = str(bucket)
        if kind == "s3":
            self.serve(folder)
            self.root = "s3://lake"
        self.table = f"{self.root}/rows"

    def serve(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.server = subprocess.Popen([os.environ["VERSITYGW"], "--access", "soak", "--secret", "soaksoak", "--port", f"127.0.0.1:{port}", "posix", str(folder / "store")],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if time.monotonic() > deadline or self.server.poll() is not None:
                raise AssertionError("versitygw did not start")
            time.sleep(0.05)
        endpoint = f"http://127.0.0.1:{port}"
        self.environment |= {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "soak", "AWS_SECRET_ACCESS_KEY": "soaksoak", "AWS_REGION": "us-east-1"}
        self.options = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "soak", "AWS_SECRET_ACCESS_KEY": "soaksoak", "AWS_REGION": "us-east-1",
                        "AWS_ALLOW_HTTP": "true", "conditional_put": "etag"}

    def close(self):
        if self.server:
            self.server.terminate()
            self.server.wait(30)


class Ledger:
    """What one writer began and was told."""

    def __init__(self, path):
        self.rows, self.replaces, self.state, self.reasons = {}, set(), {}, collections.Counter()
        for line in path.read_text().split("\n")[:-1]:  # a line that a kill cut short was never relied on
            word, op, *rest = line.split(" ", 2)
            op = int(op)
            if word in ("begin", "replace"):
                self.rows[op], self.state[op] = int(rest[0]), "open"
                if word == "replace":
                    self.replaces.add(op)
            else:
                self.state[op] = word
                if rest:
                    self.reasons[re.sub(r"[0-9a-f-]{20,}|\d+", "#", rest[0])[:160]] += 1

    def check(self, name, found, state):
        """`found`: op → rows in the table; `state`: what had been told before the table was read."""
        base = max((op for op in self.replaces if state.get(op) == "done" or op in found), default=-1)
        for op, count in found.items():
            if op not in self.rows or count != (self.rows[op], self.rows[op]):
                raise Wrong(f"{name} op {op}: {count} rows, distinct ones, where {self.rows.get(op)} were written")
            if op < base or self.state.get(op) == "failed":
                raise Wrong(f"{name} op {op}: there, though {'replaced' if op < base else 'refused'}")
        for op, told in state.items():
            if told == "done" and op >= base and op not in found:
                raise Wrong(f"{name} op {op}: acknowledged and not there")


class Soak:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.store = Store(options.store, folder)
        self.ledgers = folder / "ledgers"
        self.ledgers.mkdir()
        self.processes, self.incarnations, self.kills, self.checks, self.newest = {}, collections.Counter(), 0, 0, -1
        (folder / "lagoa.yaml").write_text(f"name: soak\ntime_zone: UTC\nlake: {folder}/lake\n")

    def start(self, number):
        self.incarnations[number] += 1
        name = f"p{number}i{self.incarnations[number]}"
        seed = self.options.seed * 1000 + number * 100 + self.incarnations[number]
        self.processes[number] = subprocess.Popen(
            [os.environ["SOAK_WRITER"], self.store.root, str(self.ledgers), name, str(self.options.threads), str(seed), str(self.options.faults),
             *(f"{k}={v}" for k, v in PROPERTIES.items())], env=self.store.environment, stderr=open(self.folder / f"{name}.log", "wb"))

    def start_peer(self):
        self.processes["peer"] = subprocess.Popen([sys.executable, __file__, "--append-as-delta-rs", self.store.table, str(self.ledgers / "delta-rs"), json.dumps(self.store.options)],
                                                  stderr=open(self.folder / "delta-rs.log", "wb"))

    def run(self):
        end = time.monotonic() + self.options.seconds
        for number in range(self.options.processes):
            self.start(number)
        while not self.log_versions():
            self.alive()
            time.sleep(0.05)
        self.start_peer()
        next_check = time.monotonic() + 5
        while time.monotonic() < end:
            time.sleep(min(self.random.uniform(0.5, 4), max(0.0, end - time.monotonic())))
            self.alive()
            victim = self.random.randrange(self.options.processes)
            self.processes[victim].kill()
            self.processes[victim].wait()
            self.kills += 1
            self.start(victim)
            if time.monotonic() > next_check:
                self.check()
                next_check = time.monotonic() + 15
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            if process.wait(120) not in (0, -signal.SIGTERM):  # the second: told to stop while it was starting
                raise Wrong(f"a writer ended with {process.returncode}")
        return self.check()

    def alive(self):
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise Wrong(f"writer {name} ended by itself with {process.returncode}")

    def log_versions(self):
        return sorted(int(p.name[:20]) for p in self.store.log.glob("*.json") if re.fullmatch(r"\d{20}\.json", p.name)) if self.store.log.exists() else []

    def read_ledgers(self):
        return {path.name: Ledger(path) for path in self.ledgers.iterdir()}

    SUMMARY = "SELECT writer, op, count(*) AS n, count(DISTINCT i) AS d FROM {} GROUP BY writer, op"

    def by_lagoa(self):
        out = self.folder / "found.parquet"
        done = subprocess.run([os.environ["LAGOA"], "--project", str(self.folder), "sql", self.SUMMARY.format(f"delta('{self.store.table}')"), "--format", "parquet", "--output", str(out)],
                              env=self.store.environment, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise Wrong(f"Lagoa cannot read the table: {done.stderr}")
        return pyarrow.parquet.ParquetFile(out).read()

    def by_delta_rs(self, running):
        """While others write, its listing of a folder may miss a commit that is older than one it finds; then it reads again."""
        for attempt in range(20 if running else 1):
            try:
                table = deltalake.DeltaTable(self.store.table, storage_options=self.store.options)
                break
            except deltalake.exceptions.DeltaError as error:
                unreadable = error
        else:
            raise Wrong(f"delta-rs cannot read the table: {unreadable}")
        return pyarrow.table(deltalake.QueryBuilder().register("t", table).execute(self.SUMMARY.format("t")).read_all())

    @staticmethod
    def grouped(table):
        found = collections.defaultdict(dict)
        for row in table.to_pylist():
            found[row["writer"]][row["op"]] = (row["n"], row["d"])
        return found

    def check(self):
        """Reads the table while or after it is written to, and holds it against the ledgers of before and after."""
        self.checks += 1
        told = {name: ledger.state for name, ledger in self.read_ledgers().items()}
        running = any(process.poll() is None for process in self.processes.values())
        readers = {"lagoa": self.grouped(self.by_lagoa()), "delta-rs": self.grouped(self.by_delta_rs(running))}
        if not running and readers["lagoa"] != readers["delta-rs"]:
            raise Wrong("Lagoa and delta-rs read other rows")
        ledgers = self.read_ledgers()
        for reader, found in readers.items():
            for name in found:
                if name not in ledgers:
                    raise Wrong(f"{reader} finds rows of {name}, who wrote none")
            for name, ledger in ledgers.items():
                if running and reader == "delta-rs":
                    continue  # `told` is of before the first reading only
                ledger.check(f"{reader}: {name}", found.get(name, {}), told.get(name, {}))
        # Each version is looked for once, long before a clean-up may take it: those since the last check.
        versions = self.log_versions()
        missing = set(range(self.newest + 1, versions[-1] + 1)) - set(versions)
        if missing:
            raise Wrong(f"the log has no {sorted(missing)}")
        self.newest = versions[-1]
        return ledgers, readers["lagoa"], versions


def append_as_delta_rs(table, ledger, options):
    """A blind appender: ops of one to three rows, one after another, until SIGTERM."""
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    with open(ledger, "a", encoding="utf-8") as out:
        def write(line):
            out.write(line + "\n")
            out.flush()
            os.fdatasync(out.fileno())

        op = 0
        while not stopped:
            count = 1 + op % 3
            rows = pyarrow.table({"writer": ["delta-rs"] * count, "op": pyarrow.array([op] * count, pyarrow.int64()),
                                  "i": pyarrow.array(range(count), pyarrow.int64()), "v": pyarrow.array([0] * count, pyarrow.int64())})
            write(f"begin {op} {count}")
            try:
                deltalake.write_deltalake(table, rows, mode="append", storage_options=options)
                write(f"done {op}")
            except Exception as error:  # whatever it was, delta-rs does not say that nothing was written
                write(f"unknown {op} {str(error)[:200]!r}")
            op += 1


def report(options, soak, result, wrong):
    ledgers, found, versions = result or (soak.read_ledgers(), {}, soak.log_versions())
    states = collections.Counter(state for ledger in ledgers.values() for state in ledger.state.values())
    reasons = sum((ledger.reasons for ledger in ledgers.values()), collections.Counter())
    return {"soak": "delta", "store": options.store, "seed": options.seed, "seconds": options.seconds, "ok": wrong is None, "wrong": wrong,
            "newest_version": versions[-1] if versions else None, "oldest_commit": versions[0] if versions else None, "kills": soak.kills, "checks": soak.checks, "acknowledged": states["done"],
            "unknown": states["unknown"], "failed": states["failed"], "cut_off": states["open"], "by_delta_rs": sum(s == "done" for s in ledgers["delta-rs"].state.values()) if "delta-rs" in ledgers else 0,
            "rows": sum(n for ops in found.values() for n, _ in ops.values()), "reasons": dict(reasons.most_common(8))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1_000_000))
    parser.add_argument("--store", choices=["local", "s3"], default="local")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--faults", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="leave the folder when something is wrong")
    options = parser.parse_args()
    if options.store == "s3" and not os.access(os.environ.get("VERSITYGW", ""), os.X_OK):
        print("skipped: there is no versitygw")
        return 77
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lagoa-soak-"))
    soak = Soak(options, folder)
    result = wrong = None
    try:
        result = soak.run()
    except Wrong as found:
        wrong = str(found)
    finally:
        for process in soak.processes.values():
            process.kill()
            process.wait()
        line = json.dumps(report(options, soak, result, wrong))
        soak.store.close()
        if wrong and options.keep:
            print(f"the table and the ledgers are in {folder}")
        else:
            shutil.rmtree(folder)
    print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--append-as-delta-rs"]:
        append_as_delta_rs(sys.argv[2], sys.argv[3], json.loads(sys.argv[4]))
    else:
        sys.exit(main())
