"""Random sequences of operations on Delta tables: our rows are those of a plain DuckDB table, of Spark and of delta-rs, at every version.

usage: soak_operations.py [--seconds N] [--seed S] [--steps 24] [--sequences N] [--no-spark]

Each sequence has a seed: a table with properties, partitions and rules of its own, then steps: inserts, updates, deletes, merges,
transactions, optimize, z-order, purge, restore, alterations, checkpoints, vacuum; now and then by Spark. The model is a temporary
table of the same session, which the same statement changes. After each step: rows are the model's, and the change feed leads from
one version to the next. After a few, and at the end: Spark and delta-rs (where it can) read the same rows, now and at an older
version. What fails prints its seed and its statements; `--seed S --sequences 1` does it again. LAGOA, LAKE_DRIVER, SPARK_JARS as for
test/interop.
"""
import argparse
import json
import pathlib
import random
import shutil
import sys
import tempfile
import time

import pyarrow.parquet

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import engines  # noqa: E402

CHECK_EVERY = 8  # steps
SOURCE = "SELECT k, CAST(k % 5 AS INT) AS p, concat('{}', k % 17) AS v, CASE WHEN k % 6 = 0 THEN NULL ELSE CAST(k AS DECIMAL(12,2)) END AS n, CAST(DATE'2026-01-01' + CAST(k % 40 AS INT) AS DATE) AS d FROM range({}, {}, {}) AS r(k)"


class Wrong(Exception):
    """Two readers, or a reader and the model, differ."""


class Sequence:
    def __init__(self, seed, folder, spark, delta_rs):
        self.random, self.seed, self.spark = random.Random(seed), seed, spark
        self.folder = folder
        self.lagoa = engines.Lagoa(folder / "lake", folder)
        self.table = f"t{seed}"
        self.path = folder / "lake" / self.table
        self.states, self.columns = {}, {}  # of each version: its rows, as the model had them, and its columns
        self.version, self.added, self.done = -1, 0, []
        self.fresh = 0  # keys below are taken
        pick = lambda *choices: self.random.choice(choices)
        self.properties = {"delta.checkpointInterval": pick("3", "10"), "delta.enableDeletionVectors": pick("true", "false"), "delta.enableChangeDataFeed": pick("true", "false"),
                           "delta.columnMapping.mode": pick("none", "name", "name", "id"), "delta.enableRowTracking": pick("true", "false", "false"),
                           "delta.checkpointPolicy": pick("classic", "classic", "v2"), "delta.enableInCommitTimestamps": pick("true", "false", "false")}
        self.partitioned = pick("", "", "p", "p, d", "v")
        self.checked = pick(True, False)
        self.mapped = self.properties["delta.columnMapping.mode"] != "none"
        self.feed = self.properties["delta.enableChangeDataFeed"] == "true"
        lacks = ("delta.enableRowTracking", "delta.enableInCommitTimestamps")
        self.delta_rs = None if any(self.properties[name] == "true" for name in lacks) else delta_rs

    # Both, or one of them.

    def both(self, statement):
        """On the model first: what it refuses is no statement of this test."""
        statements = statement if isinstance(statement, list) else [statement]
        for one in statements:
            self.lagoa.sql(one.replace("{t}", "temp.model"))
        if isinstance(statement, list):
            self.done.append(f"BEGIN; {'; '.join(statement)}; COMMIT")
            self.lagoa.transaction(one.replace("{t}", f"silver.{self.table}") for one in statement)
        elif self.spark and self.random.random() < 0.1:
            self.done.append(f"(Spark) {statement}")
            self.spark.sql(statement.replace("{t}", f"delta.`{self.path}`"))
        else:
            self.lake(statement)

    def lake(self, statement):
        self.done.append(statement)
        self.lagoa.sql(statement.replace("{t}", f"silver.{self.table}"))

    def arrow(self, source):
        out = self.folder / "rows.parquet"
        self.lagoa.sql(f"COPY (SELECT * FROM {source}) TO '{out}' (FORMAT parquet)")
        return pyarrow.parquet.ParquetFile(out).read()

    # A sequence.

    def run(self, steps):
        options = ", ".join(f"'{name}' = '{value}'" for name, value in self.properties.items())
        columns = "k BIGINT, p INT, v VARCHAR, n DECIMAL(12,2), d DATE"
        self.lake(f"CREATE TABLE {{t}} ({columns}){f' PARTITIONED BY ({self.partitioned})' if self.partitioned else ''} WITH ({options})")
        self.lagoa.sql(f"CREATE OR REPLACE TEMP TABLE model ({columns})")
        self.names = {name: name for name in ("k", "p", "v", "n", "d")}  # role → its name now; roles that are dropped are gone
        self.note()
        if self.checked:
            self.lake("ALTER TABLE {t} ADD CONSTRAINT keyed CHECK (k >= 0)")
            self.note()
        for _ in range(2):
            self.insert()
            self.note()
        for step in range(steps):
            self.step()
            self.note()
            if step % CHECK_EVERY == CHECK_EVERY - 1:
                self.check(self.random.randrange(self.version + 1))
        for version in self.states:
            self.same(self.states[version], self.arrow(f"delta('{self.path}', version => {version})"), f"version {version} in the end")
        self.check(max(0, self.version - 1))

    KINDS = {"insert": 6, "update": 8, "delete": 6, "merge": 10, "transaction": 3, "optimize": 2, "z_order": 1, "purge": 1, "restore": 1, "add_column": 1, "rename_column": 1, "drop_column": 0.7,
             "checkpoint": 1, "vacuum": 0.7, "nothing": 1}

    def step(self):
        kind = self.random.choices(list(self.KINDS), list(self.KINDS.values()))[0]
        getattr(self, kind)()

    def note(self):
        """Holds the rows against the model; keeps them for each version that the step made."""
        model = self.arrow("temp.model")
        self.same(model, self.arrow(f"silver.{self.table}"), "the model and the table")
        newest = max(int(p.stem) for p in (self.path / "_delta_log").glob("*.json") if p.stem.isdigit())
        for version in range(self.version + 1, newest + 1):
            self.states[version] = model
            self.lagoa.sql(f"CREATE OR REPLACE TEMP TABLE at_{version} AS SELECT * FROM temp.model")
            if self.feed and version > 0 and self.states[version].column_names == self.states[version - 1].column_names:
                self.feed_leads_to(version)
        self.version = newest

    def feed_leads_to(self, version):
        names = self.states[version].column_names
        changes = self.arrow(f"delta_changes('{self.path}', {version}, {version})")
        kinds = changes.column("_change_type").to_pylist()
        expected = engines.rows(self.states[version])
        found = engines.rows(self.states[version - 1])
        for row, kind in zip(zip(*(engines.canonical(changes.column(name)) for name in names)), kinds):
            found[repr(row)] += 1 if kind in ("insert", "update_postimage") else -1
        if {row: n for row, n in found.items() if n} != dict(expected):
            raise Wrong(f"the change feed of version {version} does not lead to it from the version before")

    def check(self, older):
        for version in (None, older):
            expected = self.states[self.version if version is None else version]
            readers = {"Spark": self.spark, "delta-rs": self.delta_rs}
            for name, reader in readers.items():
                if reader:
                    self.same(expected, reader.read(self.path, version), f"{name} at version {version}")
            self.same(expected, self.arrow(f"delta('{self.path}', version => {self.version if version is None else version})"), f"version {version}")

    def same(self, a, b, what):
        problem = engines.difference(a, b)
        if problem:
            raise Wrong(f"{what}: {problem}")

    # Steps.

    def name(self, role):
        return self.names[role]

    def condition(self, prefix=""):
        r, n = self.random.randrange, lambda role: prefix + self.names[role]
        choices = [lambda: f"{n('k')} % {r(2, 9)} = {r(2)}", lambda: f"{n('k')} BETWEEN {(low := r(self.fresh + 1))} AND {low + r(60)}", lambda: f"{n('p')} = {r(6)}", lambda: f"{n('p')} IN ({r(6)}, {r(6)})",
                   lambda: f"{n('k')} = {r(self.fresh + 1)}"]
        if "n" in self.names:
            choices += [lambda: f"{n('n')} > {r(200)}", lambda: f"{n('n')} IS NULL", lambda: f"({n('n')} < {r(50)} OR {n('p')} = {r(5)})"]
        if "v" in self.names:
            choices += [lambda: f"{n('v')} LIKE '{self.random.choice('abcm')}%'", lambda: f"{n('v')} IS NULL"]
        if "d" in self.names:
            choices.append(lambda: f"{n('d')} >= DATE'2026-01-{r(1, 29):02}'")
        for role in self.names:
            if role.startswith("a"):
                choices.append(lambda role=role: f"{n(role)} IS NULL")
        first = self.random.choice(choices)()
        return first if self.random.random() < 0.6 else f"{first} AND {self.random.choice(choices)()}"

    def assignments(self, prefix=""):
        r, n = self.random.randrange, lambda role: prefix + self.names[role]
        choices = {"p": f"{r(6)}", "v": self.random.choice([f"'u{r(9)}'", "NULL"]), "n": self.random.choice([f"{n('n')} + 1", "NULL", f"{r(99)}"]) if "n" in self.names else "",
                   "d": f"DATE'2026-02-{r(1, 29):02}'"}
        choices |= {role: f"{r(1000)}" for role in self.names if role.startswith("a")}
        roles = [role for role in choices if role in self.names]
        return ", ".join(f"{self.names[role]} = {choices[role]}" for role in self.random.sample(roles, self.random.randrange(1, min(3, len(roles)) + 1)))

    def source(self, low, high, step=1):
        """Rows of every column that a source gives, by the table's names."""
        roles = [role for role in ("k", "p", "v", "n", "d") if role in self.names]
        wanted = ", ".join(f"{role} AS {self.names[role]}" for role in roles)
        return [self.names[role] for role in roles], f"SELECT {wanted} FROM ({SOURCE.format(self.random.choice('abcm'), low, high, step)}) AS q"

    def insertion(self):
        high = self.fresh + self.random.randrange(1, 60)
        names, select = self.source(self.fresh, high)
        self.fresh = high
        return f"INSERT INTO {{t}} ({', '.join(names)}) {select}"

    def insert(self):
        self.both(self.insertion())

    def update(self):
        self.both(f"UPDATE {{t}} SET {self.assignments()} WHERE {self.condition()}")

    def delete(self):
        self.both(f"DELETE FROM {{t}} WHERE {self.condition()}" if self.random.random() < 0.97 else "DELETE FROM {t}")

    def merge(self):
        low = self.random.randrange(self.fresh + 1)
        names, select = self.source(low, low + self.random.randrange(1, 120), self.random.randrange(1, 4))
        k = self.names["k"]
        s = lambda: self.random.random() < 0.5
        clauses = []
        if s():
            clauses.append(f"WHEN MATCHED AND {self.condition('t.')} THEN DELETE")
        if s():
            clauses.append(f"WHEN MATCHED AND {self.condition('s.' if self.only_source_roles() else 't.')} THEN UPDATE SET {', '.join(f'{name} = s.{name}' for name in names[1:])}")
        if s():
            clauses.append(f"WHEN MATCHED THEN UPDATE SET {self.assignments('t.')}")
        if s():
            clauses.append(f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) VALUES ({', '.join(f's.{name}' for name in names)})")
        if s() and s():
            clauses.append(f"WHEN NOT MATCHED BY SOURCE AND {self.condition('t.')} THEN UPDATE SET {self.assignments('t.')}")
        if s() and s():
            clauses.append(f"WHEN NOT MATCHED BY SOURCE AND {self.condition('t.')} THEN DELETE")
        if not clauses:
            clauses.append("WHEN MATCHED THEN DELETE")
        self.both(f"MERGE INTO {{t}} AS t USING ({select}) AS s ON t.{k} = s.{k} {' '.join(clauses)}")
        self.fresh = max(self.fresh, low + 120)

    def only_source_roles(self):
        return not any(role.startswith("a") for role in self.names)

    def transaction(self):
        statements = [f"DELETE FROM {{t}} WHERE {self.condition()}", self.insertion(), f"UPDATE {{t}} SET {self.assignments()} WHERE {self.condition()}"]
        # With a change data feed a row that the transaction wrote may not go again.
        chosen = self.random.sample(statements, 2) if not self.feed else [statements[0], statements[1]]
        self.both(chosen)

    def optimize(self):
        self.lake("OPTIMIZE {t}")

    def z_order(self):
        columns = [self.names[role] for role in ("k", "n") if role in self.names and self.names[role] not in self.partitioned.split(", ")]
        self.lake(f"OPTIMIZE {{t}} ZORDER BY ({', '.join(columns)})")

    def purge(self):
        self.lake("REORG TABLE {t} APPLY (PURGE)")

    def restore(self):
        to = self.random.randrange(max(1, self.version - 6), self.version + 1)
        if self.checked and to < 2:
            return
        self.lake(f"RESTORE TABLE {{t}} TO VERSION AS OF {to}")
        self.lagoa.sql(f"CREATE OR REPLACE TEMP TABLE model AS SELECT * FROM temp.at_{to}")
        self.names = dict(self.columns_at(to))

    def columns_at(self, version):
        return self.columns[max(v for v in self.columns if v <= version)] if self.columns else self.names

    def add_column(self):
        if self.added < 3:
            role = f"a{self.added}"
            self.added += 1
            self.alter(f"ALTER TABLE {{t}} ADD COLUMN {role} INT", {**self.names, role: role})

    def rename_column(self):
        role = self.random.choice([role for role in self.names if role != "k"])
        if self.mapped and self.names[role] not in self.partitioned.split(", "):
            name = f"{role}{self.version}x"
            self.alter(f"ALTER TABLE {{t}} RENAME COLUMN {self.names[role]} TO {name}", {**self.names, role: name})

    def drop_column(self):
        role = self.random.choice(["v", "n", "d"])
        if self.mapped and role in self.names and self.names[role] not in self.partitioned.split(", ") and len(self.names) > 3:
            self.alter(f"ALTER TABLE {{t}} DROP COLUMN {self.names[role]}", {other: name for other, name in self.names.items() if other != role})

    def alter(self, statement, names):
        self.columns.setdefault(-1, self.names)
        self.lagoa.sql(statement.replace("{t}", "temp.model"))
        self.lake(statement)
        self.names = names
        self.columns[self.version + 1] = names

    def checkpoint(self):
        self.done.append("checkpoint")
        self.lagoa.checkpoint(self.table)

    def vacuum(self):
        self.lake("VACUUM {t}")  # takes nothing that is younger than a week

    def nothing(self):
        """What matches no row changes none."""
        self.both(f"DELETE FROM {{t}} WHERE {self.names['k']} < 0")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1, 1_000_000))
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--sequences", type=int, help="as many, however long they take")
    parser.add_argument("--no-spark", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the folder when something is wrong")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lagoa-operations-"))
    (folder / "lake").mkdir()
    spark = None if options.no_spark else engines.Spark(folder)
    began, sequences, operations, wrong = time.monotonic(), 0, 0, None
    while wrong is None and (sequences < options.sequences if options.sequences else time.monotonic() - began < options.seconds):
        sequence = Sequence(options.seed + sequences, folder, spark, engines.DeltaRs())
        try:
            sequence.run(options.steps)
        except (Wrong, engines.Refused, AssertionError) as found:
            wrong = f"sequence {sequence.seed}: {found}"
            print(f"{sequence.properties}\n" + "\n".join(sequence.done))
        sequence.lagoa.close()
        sequences, operations = sequences + 1, operations + len(sequence.done)
        if wrong is None:
            shutil.rmtree(sequence.path)
    if spark:
        spark.close()
    if wrong and options.keep:
        print(f"the tables are in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"soak": "operations", "seed": options.seed, "ok": wrong is None, "wrong": wrong, "sequences": sequences, "statements": operations,
                      "seconds": round(time.monotonic() - began, 1)}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
