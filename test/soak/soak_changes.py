"""Merges, updates, deletes, restores and optimize beside appends on one table, processes killed at random; every version is its operation on the one before.

usage: soak_changes.py [--seconds N] [--seed S] [--processes 3] [--sessions 3] [--faults PER_MILLE]

Prints the seed first and one JSON line last. The table holds accounts, and a marker row of each operation that changes them, written
by that same commit: so each version says which operation made it, and the order of versions is the serial order. The model
applies the operation to the version before (transfers, doublings, sums over the table, accounts that close by their balance: not what
commutes alone) and must have the version's rows. Acknowledged operations have been seen, refused ones never; unknown ones count if
seen. The change feed of each version, where it is on, is the difference of the two versions. The last version is read by delta-rs too.
LAGOA and LAKE_DRIVER name the programs. The seed decides the table's properties, operations, kills and faults; not how processes
interleave.
"""
import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import deltalake
import pyarrow

ACCOUNTS = 48
LIMIT = 1_000_003  # balances are kept below by the operations that multiply
TABLE = "silver.bank"
NO_CHANGE = {"OPTIMIZE", "REORG", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES"}
UNKNOWN = {"unavailable", "deadline_exceeded"}  # base/error_code.h
ACCOUNT, MARKER, APPENDED = 0, 1, 2
AHEAD = 100  # versions that the writers may be ahead of the checker


class Wrong(Exception):
    """The table is not what its operations make of it."""


def merge(source, *clauses):
    return f"MERGE INTO {TABLE} AS t USING ({source}) AS s ON t.kind = s.kind AND t.k = s.k {' '.join(clauses)}"


INSERT_MARKER = "WHEN NOT MATCHED AND s.kind = 1 THEN INSERT (kind, k, balance, moves) VALUES (s.kind, s.k, 0, 0)"


def marked(op, *rows):
    """A source of rows (k, d) for accounts, and the operation's marker."""
    values = [f"(0, {k}, {d})" for k, d in rows] + [f"(1, {op.number}, 0)"]
    return f"SELECT CAST(kind AS INT) AS kind, CAST(k AS BIGINT) AS k, CAST(d AS BIGINT) AS d FROM (VALUES {', '.join(values)}) AS v(kind, k, d)"


def marker(op):
    return f"INSERT INTO {TABLE} VALUES (1, {op.number}, 0, 0)"


class Op:
    """One operation: its SQL (a list is a transaction), and what it does to a model of accounts {k: [balance, moves]}."""

    def __init__(self, number, kind, random_):
        self.number, self.kind, self.state = number, kind, "open"
        self.a, self.b = random_.sample(range(ACCOUNTS), 2)
        self.x = random_.randrange(1, 1000)
        self.rows = 1 + self.x % 4

    def command(self):
        sql = getattr(self, self.kind)()
        return {"transaction": sql} if isinstance(sql, list) else {"sql": sql}

    # Changes of accounts, each with its marker.

    def transfer(self):
        return merge(marked(self, (self.a, -self.x), (self.b, self.x)), "WHEN MATCHED AND s.kind = 0 THEN UPDATE SET balance = t.balance + s.d, moves = t.moves + 1", INSERT_MARKER)

    def double(self):
        return merge(marked(self, (self.a, 0)), f"WHEN MATCHED AND s.kind = 0 THEN UPDATE SET balance = (t.balance * 2 + 1) % {LIMIT}", INSERT_MARKER)

    def absorb(self):
        """Reads another account of the table that it changes."""
        source = f"SELECT kind, CAST({self.a} AS BIGINT) AS k, balance AS d FROM {TABLE} WHERE kind = 0 AND k = {self.b} UNION ALL {marked(self)}"
        return merge(source, f"WHEN MATCHED AND s.kind = 0 THEN UPDATE SET balance = (t.balance + s.d) % {LIMIT}", INSERT_MARKER)

    def open_account(self):
        return merge(marked(self, (self.a, self.x)), "WHEN NOT MATCHED THEN INSERT (kind, k, balance, moves) VALUES (s.kind, s.k, s.d, 0)")

    def close_low(self):
        return [f"DELETE FROM {TABLE} WHERE kind = 0 AND k % 8 = {self.a % 8} AND balance < {-self.x}", marker(self)]

    def tax(self):
        low, high = sorted((self.a, self.b))
        return [f"UPDATE {TABLE} SET balance = balance - 1, moves = moves + 1 WHERE kind = 0 AND k BETWEEN {low} AND {high} AND balance > 0", marker(self)]

    def sweep(self):
        """Two statements: the second sees the first."""
        return [f"UPDATE {TABLE} SET balance = balance + {self.x} WHERE kind = 0 AND k = {self.a}",
                f"UPDATE {TABLE} SET balance = -balance, moves = moves + 1 WHERE kind = 0 AND balance > {self.x} AND k IN ({self.a}, {self.b})", marker(self)]

    # Other rows.

    def append(self):
        return f"INSERT INTO {TABLE} SELECT CAST(2 AS INT), CAST({self.number * 10} + range AS BIGINT), CAST({self.x} AS BIGINT), CAST(0 AS BIGINT) FROM range({self.rows})"

    def prune(self):
        """Of an append that was acknowledged."""
        return f"DELETE FROM {TABLE} WHERE kind = 2 AND k >= {self.of.number * 10} AND k < {self.of.number * 10 + 10}"

    def optimize(self):
        return f"OPTIMIZE {TABLE}" if self.x % 2 else f"OPTIMIZE {TABLE} ZORDER BY (k, balance)"

    def vacuum(self):
        return f"VACUUM {TABLE}"  # what is younger than a week stays, staged files too

    def restore(self):
        return f"RESTORE TABLE {TABLE} TO VERSION AS OF {self.version}"

    def apply(self, accounts):
        a, b, x = self.a, self.b, self.x
        if self.kind == "transfer":
            for k, d in ((a, -x), (b, x)):
                if k in accounts:
                    accounts[k] = (accounts[k][0] + d, accounts[k][1] + 1)
        elif self.kind == "double" and a in accounts:
            accounts[a] = (remainder(accounts[a][0] * 2 + 1), accounts[a][1])
        elif self.kind == "absorb" and a in accounts and b in accounts:
            accounts[a] = (remainder(accounts[a][0] + accounts[b][0]), accounts[a][1])
        elif self.kind == "open_account":
            accounts.setdefault(a, (x, 0))
        elif self.kind == "close_low":
            for k in [k for k, (balance, _) in accounts.items() if k % 8 == a % 8 and balance < -x]:
                del accounts[k]
        elif self.kind == "tax":
            for k, (balance, moves) in accounts.items():
                if min(a, b) <= k <= max(a, b) and balance > 0:
                    accounts[k] = (balance - 1, moves + 1)
        elif self.kind == "sweep":
            if a in accounts:
                accounts[a] = (accounts[a][0] + x, accounts[a][1])
            for k in (a, b):
                if k in accounts and accounts[k][0] > x:
                    accounts[k] = (-accounts[k][0], accounts[k][1] + 1)


def remainder(value):
    """SQL's: with the sign of the dividend."""
    return value % LIMIT if value >= 0 else -(-value % LIMIT)


KINDS = {"transfer": 30, "double": 8, "absorb": 8, "open_account": 10, "close_low": 6, "tax": 4, "sweep": 6, "append": 20, "prune": 6, "optimize": 3, "vacuum": 1, "restore": 0.3}
MARKED = {"transfer", "double", "absorb", "open_account", "close_low", "tax", "sweep"}


class Ledger:
    """Every operation that was begun. One for all processes."""

    def __init__(self):
        self.lock, self.ops, self.newest, self.acknowledged = threading.Lock(), {}, 0, 0
        self.reasons = collections.Counter()

    def begin(self, random_, kinds):
        with self.lock:
            kind = random_.choices(list(kinds), list(kinds.values()))[0]
            op = Op(len(self.ops), kind, random_)
            if kind == "prune":
                pruned = {other.of.number for other in self.ops.values() if other.kind == "prune"}
                whole = [other for other in list(self.ops.values())[-200:] if other.kind == "append" and other.state == "done" and other.number not in pruned]
                if not whole:
                    op.kind = "append"
                else:
                    op.of = random_.choice(whole)
            if kind == "restore":
                op.version = max(0, self.newest - random_.randrange(1, 6))
            self.ops[op.number] = op
            return op

    def told(self, op, answer):
        with self.lock:
            if "error" not in answer:
                op.state = "done"
                self.acknowledged += 1
                return
            op.state = "unknown" if answer["error"] in UNKNOWN else "failed"
            self.reasons[f"{op.kind}: {answer['error']}: {answer['message'][:140]}"] += 1


class Worker(threading.Thread):
    """Keeps the sessions of one driver process busy; starts it again when it was killed."""

    def __init__(self, soak, number):
        super().__init__(daemon=True)
        self.soak, self.number, self.starts, self.process, self.wrong = soak, number, 0, None, None
        self.random = random.Random(soak.options.seed * 100 + number)

    def run(self):
        try:
            while not self.soak.stopped.is_set():
                self.converse()
        except Exception as error:  # told to the main thread
            self.wrong = f"{type(error).__name__}: {error}"

    def converse(self):
        self.starts += 1
        options = self.soak.options
        driver = [os.environ["LAKE_DRIVER"], str(self.soak.root), str(options.sessions), str(options.faults), str(self.random.randrange(1 << 30))]
        self.process = subprocess.Popen(driver, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        waiting = {}
        try:
            for _ in range(options.sessions):
                self.send(waiting)
            for line in self.process.stdout:
                answer = json.loads(line)
                self.soak.ledger.told(waiting.pop(answer["id"]), answer)
                if not self.soak.stopped.is_set():
                    self.send(waiting)
                elif not waiting:
                    break
        except (BrokenPipeError, json.JSONDecodeError):
            pass  # killed: what waits stays open
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        if self.process.wait(120) not in (0, -9):
            raise Wrong(f"a driver ended by itself with {self.process.returncode}")

    def send(self, waiting):
        while self.soak.ledger.acknowledged > self.soak.ledger.newest + AHEAD and not self.soak.stopped.is_set():
            time.sleep(0.01)
        op = self.soak.ledger.begin(self.random, self.soak.kinds)
        waiting[op.number] = op
        self.process.stdin.write(json.dumps({"id": op.number, **op.command()}) + "\n")
        self.process.stdin.flush()


class Checker:
    """Follows the table version by version."""

    def __init__(self, soak):
        self.soak, self.log, self.version = soak, soak.root / "bank/_delta_log", -1
        self.driver = subprocess.Popen([os.environ["LAKE_DRIVER"], str(soak.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.rows, self.states, self.seen, self.gone = collections.Counter(), {}, {}, set()
        self.operations = collections.Counter()

    def close(self):
        self.driver.stdin.close()
        self.driver.wait(60)
        self.driver.stdout.close()

    def ask(self, command):
        self.driver.stdin.write(json.dumps(command) + "\n")
        self.driver.stdin.flush()
        answer = json.loads(self.driver.stdout.readline())
        if "error" in answer:
            raise Wrong(f"{command}: {answer['message']}")
        return answer

    def read(self, source):
        return self.ask({"rows_of": f"SELECT * FROM {source}"})["found"]

    def bag(self, rows):
        return collections.Counter((row["kind"], row["k"], row["balance"], row["moves"]) for row in rows)

    def catch_up(self, until=float("inf")):
        """Until then, if writers are as fast."""
        while time.monotonic() < until and (self.log / f"{self.version + 1:020}.json").exists():
            self.version += 1
            self.step(self.version)
            self.soak.ledger.newest = self.version

    def step(self, version):
        actions = [json.loads(line) for line in (self.log / f"{version:020}.json").read_text().splitlines()]
        operation = next((action["commitInfo"]["operation"] for action in actions if "commitInfo" in action), "?")
        self.operations[operation] += 1
        before, after = self.rows, self.bag(self.read(f"delta('{self.soak.root}/bank', version => {version})"))
        where = f"version {version} ({operation})"
        if self.soak.has_feed and version > 0:
            self.feed(version, before, after, where)
        if operation == "RESTORE":
            (info,) = [action["commitInfo"] for action in actions if "commitInfo" in action]
            self.restored(after, int(info["operationParameters"]["version"]), where)
        elif version > self.soak.first:
            self.changed(before, after, operation, where)
        self.rows = self.states[version] = after

    def feed(self, version, before, after, where):
        balance = before.copy()
        for row in self.read(f"delta_changes('{self.soak.root}/bank', {version}, {version})"):
            sign = 1 if row["_change_type"] in ("insert", "update_postimage") else -1
            balance[(row["kind"], row["k"], row["balance"], row["moves"])] += sign
        if {row: n for row, n in balance.items() if n} != dict(after):
            raise Wrong(f"{where}: its change feed does not lead from the version before to it")

    def restored(self, after, to, where):
        if after != self.states[to]:
            raise Wrong(f"{where}: not the rows of version {to}")
        for op in self.soak.ledger.ops.values():
            if op.kind == "restore" and op.version == to and op.number not in self.seen and op.state != "failed":
                self.seen[op.number] = self.version
                return
        raise Wrong(f"{where}: nobody asked for version {to}")

    def changed(self, before, after, operation, where):
        come, gone = after - before, before - after
        markers = [k for kind, k, _, _ in come if kind == MARKER]
        if [row for row in gone if row[0] == MARKER] or len(markers) > 1:
            raise Wrong(f"{where}: markers {markers} came, {[row for row in gone if row[0] == MARKER]} went")
        if operation in NO_CHANGE and (come or gone):
            raise Wrong(f"{where}: {list(come)[:3]} came, {list(gone)[:3]} went")
        accounts = {k: (balance, moves) for kind, k, balance, moves in before if kind == ACCOUNT}
        if markers:
            self.see(markers[0], where, MARKED)
            self.soak.ledger.ops[markers[0]].apply(accounts)
        found = {k: (balance, moves) for kind, k, balance, moves in after if kind == ACCOUNT}
        if found != accounts or any(n != 1 for n in after.values()):
            odd = {k: (accounts.get(k), found.get(k)) for k in accounts.keys() | found.keys() if accounts.get(k) != found.get(k)}
            told = self.soak.ledger.ops[markers[0]].__dict__ if markers else "no operation"
            raise Wrong(f"{where}: {told}: expected and found {odd}; twice {[row for row, n in after.items() if n > 1][:3]}")
        self.appended({row for row in come if row[0] == APPENDED}, where)
        self.pruned({row for row in gone if row[0] == APPENDED}, where)

    def appended(self, rows, where):
        if not rows:
            return
        number = min(rows)[1] // 10
        op = self.see(number, where, {"append"})
        if rows != {(APPENDED, number * 10 + i, op.x, 0) for i in range(op.rows)}:
            raise Wrong(f"{where}: not the rows of append {number}: {rows}")

    def pruned(self, rows, where):
        if not rows:
            return
        number = min(rows)[1] // 10
        of = self.soak.ledger.ops[number]
        prunes = [op for op in self.soak.ledger.ops.values() if op.kind == "prune" and op.of is of]
        if len(prunes) != 1 or len(rows) != of.rows:
            raise Wrong(f"{where}: {len(rows)} of the {of.rows} rows of append {number} went, with {len(prunes)} prunes of it")
        self.see(prunes[0].number, where, {"prune"})

    def see(self, number, where, kinds):
        op = self.soak.ledger.ops.get(number)
        if op is None or op.kind not in kinds:
            raise Wrong(f"{where}: operation {number} was never begun")
        if number in self.seen:
            raise Wrong(f"{where}: operation {number} again, after version {self.seen[number]}")
        self.seen[number] = self.version
        return op

    def finish(self):
        """When nobody writes any more."""
        self.catch_up()
        restored = self.operations["RESTORE"] > 0
        for op in self.soak.ledger.ops.values():
            if op.state == "failed" and op.number in self.seen:
                raise Wrong(f"operation {op.number} ({op.kind}) was refused and is in version {self.seen[op.number]}")
            # A prune finds nothing where a restore took the rows away; a restore may find the table as it should be.
            certain = op.kind in MARKED or op.kind == "append" or (op.kind == "prune" and not restored)
            if op.state == "done" and certain and op.number not in self.seen:
                raise Wrong(f"operation {op.number} ({op.kind}) was acknowledged and is in no version")
        self.by_delta_rs()
        before = [self.bag(self.read(f"delta('{self.soak.root}/bank', version => {version})")) for version in range(self.version + 1)]
        if before != [self.states[version] for version in range(self.version + 1)]:
            raise Wrong("an old version has other rows than when it was new")

    def by_delta_rs(self):
        table = deltalake.DeltaTable(str(self.soak.root / "bank"))
        found = pyarrow.table(deltalake.QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all())
        if self.bag(found.to_pylist()) != self.rows:
            raise Wrong("delta-rs reads other rows")


class Soak:
    def __init__(self, options, folder):
        self.options, self.folder, self.root = options, folder, folder / "lake"
        self.root.mkdir()
        self.random = random.Random(options.seed)
        self.ledger, self.stopped, self.kills, self.checks = Ledger(), threading.Event(), 0, 0
        self.has_feed = self.random.random() < 0.5
        self.properties = {"delta.checkpointInterval": "10", "delta.enableDeletionVectors": self.choice(), "delta.enableChangeDataFeed": str(self.has_feed).lower(),
                           "delta.enableRowTracking": self.choice(), "delta.isolationLevel": self.random.choice(["Serializable", "WriteSerializable"]),
                           "delta.columnMapping.mode": self.random.choice(["none", "name"])}
        self.partitioned = self.random.random() < 0.3
        self.kinds = KINDS if not options.only else {kind: KINDS[kind] for kind in options.only.split(",")}
        self.first, self.checker, self.workers = 0, None, []

    def choice(self):
        return self.random.choice(["true", "false"])

    def run(self):
        self.checker = Checker(self)
        told = ", ".join(f"'{name}' = '{value}'" for name, value in self.properties.items())
        self.checker.ask({"sql": f"CREATE TABLE {TABLE} (kind INT, k BIGINT, balance BIGINT, moves BIGINT) {'PARTITIONED BY (kind)' if self.partitioned else ''} WITH ({told})"})
        for low in range(0, ACCOUNTS, 8):
            self.checker.ask({"sql": f"INSERT INTO {TABLE} SELECT CAST(0 AS INT), range, CAST(100 AS BIGINT), CAST(0 AS BIGINT) FROM range({low}, {low + 8})"})
            self.first += 1
        self.workers = [Worker(self, number) for number in range(self.options.processes)]
        for worker in self.workers:
            worker.start()
        end, next_check = time.monotonic() + self.options.seconds, time.monotonic() + 1
        while time.monotonic() < end:
            time.sleep(min(self.random.uniform(0.3, 3), max(0.0, end - time.monotonic())))
            self.alive()
            victim = self.random.choice(self.workers)
            if victim.process is not None and victim.process.poll() is None:
                victim.process.kill()
                self.kills += 1
            if time.monotonic() > next_check:
                self.checker.catch_up(min(end, time.monotonic() + 1))
                self.checks += 1
                next_check = time.monotonic() + 0.3
        self.stopped.set()
        for worker in self.workers:
            worker.join(120)
        self.alive()
        self.checker.finish()

    def alive(self):
        for worker in self.workers:
            if worker.wrong:
                raise Wrong(worker.wrong)

    def close(self):
        self.stopped.set()
        for worker in self.workers:
            if worker.process is not None and worker.process.poll() is None:
                worker.process.kill()
            worker.join(30)
        if self.checker:
            self.checker.close()


def report(options, soak, wrong):
    states = collections.Counter(op.state for op in soak.ledger.ops.values())
    done = collections.Counter(op.kind for op in soak.ledger.ops.values() if op.state == "done")
    checker = soak.checker
    return {"soak": "changes", "seed": options.seed, "seconds": options.seconds, "ok": wrong is None, "wrong": wrong, "properties": soak.properties, "partitioned": soak.partitioned,
            "newest_version": checker.version, "kills": soak.kills, "checks": soak.checks, "acknowledged": states["done"], "unknown": states["unknown"], "failed": states["failed"],
            "cut_off": states["open"], "by_kind": dict(done), "operations": dict(checker.operations), "reasons": dict(soak.ledger.reasons.most_common(10))}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1_000_000))
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--sessions", type=int, default=3)
    parser.add_argument("--faults", type=int, default=2)
    parser.add_argument("--only", help="kinds of operations, by commas")
    parser.add_argument("--keep", action="store_true", help="leave the folder when something is wrong")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lagoa-soak-"))
    soak, wrong = Soak(options, folder), None
    try:
        soak.run()
        if not any(op.state == "done" for op in soak.ledger.ops.values()):
            wrong = "no operation was acknowledged"
    except Wrong as found:
        wrong = str(found)
    finally:
        soak.close()
    line = json.dumps(report(options, soak, wrong))
    if wrong and options.keep:
        print(f"the table is in {folder}")
    else:
        shutil.rmtree(folder)
    print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
