#!/usr/bin/env python3
"""Landing -> bronze -> silver beside Polars + delta-rs and plain DuckDB, in one run, side by side.

usage: bench/run.py [--lagoa BINARY] [--size small] [--runs 5] [--write NAME]

The peers' programs and the generator of the input are ../shared/bench; the peers' Python packages are those of
scripts/requirements-bench.txt. Every program runs once uncounted, then --runs times in turn (A B C A B C ...). CPU is user +
system time of the whole process tree. All must agree on rows and sums. --write keeps the result in bench/results/NAME.json.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
PEERS = ROOT.parent / "shared" / "bench"
WORK = ROOT / "bench" / "work"
PYTHON = WORK / "venv" / "bin" / "python"
SIZES = {"small": (10_000, 10, 10), "medium": (1_000_000, 400, 40)}


def prepare(size):
    rows, symbols, files = SIZES[size]
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", WORK / "venv"], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "-r", ROOT / "scripts/requirements-bench.txt"], check=True)
    data = WORK / "data" / size
    if not (data / "manifest.json").exists():
        subprocess.run([PYTHON, PEERS / "gen_landing.py", data, "--rows", str(rows), "--symbols", str(symbols), "--files", str(files)],
                       check=True, stdout=subprocess.DEVNULL)
    return data


def land(data, project):
    """Lands the generated documents as an ingestion would have: one object a document, then the manifest."""
    import hashlib
    now = "2026-11-20T20:00:00.000000Z"
    folder = project / "lake/landing/quotes/date_ingestion=20261120/bench"
    folder.mkdir(parents=True)
    objects = []
    for part in sorted((data / "quotes").glob("*.json")):
        for number, line in enumerate(part.read_bytes().splitlines()):
            name = f"quote-{part.stem}-{number:05}.json"
            (folder / name).write_bytes(line)
            objects.append({"key": f"quotes/date_ingestion=20261120/bench/{name}", "stream": "quote", "item": "all", "format": "json", "records_of": "",
                            "sha256": hashlib.sha256(line).hexdigest(), "size_bytes": len(line), "records": 0, "fetched": now, "request": {}, "response": {}})
    manifest = {"format": 1, "source": "quotes", "sequence": 1, "run": "bench", "started": now, "finished": now,
                "objects": objects, "failures": [], "cursor": None}
    runs = project / "lake/landing/quotes/_runs"
    runs.mkdir()
    (runs / f"{1:020}.json").write_text(json.dumps(manifest))


def lagoa_project(data, variant):
    project = WORK / "project" / variant
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(ROOT / "bench/project", project)
    contract = project / "contracts/bronze.stocks.odcs.yaml"
    text = contract.read_text()
    exact = variant == "exact"
    text = re.sub(r"@TYPE:(\d+,\d+)@", r"DECIMAL(\1)" if exact else "DOUBLE", text.split("\n", 1)[1])
    contract.write_text(text.replace("@REQUIRED@", ", required: true" if exact else ""))
    job = project / "jobs/historical_dividend.sql"
    job.write_text(job.read_text().replace("@DATA@", str(data)))
    land(data, project)
    return project


def measured(command, env=None):
    """(wall, cpu, peak MB) of `command` and its stdout. CPU counts every process that it waited for."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(env or {})})
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command}: {err.decode()[-2000:]}")
    return (time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), out.decode()


class Lagoa:
    def __init__(self, binary, data, variant):
        self.binary, self.data, self.variant = binary, data, variant

    def run(self):
        project = lagoa_project(self.data, self.variant)
        figures, _ = measured([self.binary, "--project", project, "run", "bench"])
        out = subprocess.run([self.binary, "--project", project, "sql", "--at", "head", "--format", "json",
                              "SELECT count(*) AS rows, CAST(sum(volume) AS BIGINT) AS vol, CAST(round(sum(change), 2) AS DOUBLE) AS chg, "
                              "(SELECT count(*) FROM silver.historical_dividend) AS hist FROM silver.stocks_refined"],
                             check=True, capture_output=True, text=True).stdout
        return figures, json.loads(out)[0]


class Peer:
    def __init__(self, data, script, env=None):
        self.data, self.script, self.env = data, script, env

    def run(self):
        figures, out = measured([str(PYTHON), str(PEERS / self.script), str(self.data), str(WORK / "out" / self.script)], self.env)
        result = json.loads([line for line in out.splitlines() if line.startswith("RESULT ")][-1][7:])
        return figures, {key: result[key] for key in ("rows", "vol", "chg", "hist")}


def row(values):
    return [round(f(values), 3 if f(values) >= 0.1 else 6) for f in (min, statistics.median, max)]


def described(report, figures):
    """`report` with the machine, the commit and the figures of each program as [min, median, max]."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return {**report, "commit": commit, "date": datetime.date.today().isoformat(), "machine": f"{cpu}, {os.cpu_count()} cores",
            "columns": ["min", "median", "max"],
            "programs": {name: {"wall_s": row([v[0] for v in values]), "cpu_s": row([v[1] for v in values]), "peak_mb": row([v[2] for v in values])}
                         for name, values in figures.items()}}


def keep(report, name):
    if name:
        (ROOT / "bench/results").mkdir(exist_ok=True)
        (ROOT / f"bench/results/{name}.json").write_text(json.dumps(report, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lagoa", default=str(ROOT / "build/release/bin/lagoa"))
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write")
    options = parser.parse_args()
    data = prepare(options.size)
    binary = str(pathlib.Path(options.lagoa).resolve())
    programs = {"lagoa": Lagoa(binary, data, "exact"), "lagoa, doubles and fewer promises": Lagoa(binary, data, "loose"),
                "Polars + delta-rs": Peer(data, "job_polars.py", {"POLARS_MAX_THREADS": "2"}), "DuckDB to Parquet": Peer(data, "job_duckdb.py"),
                "DuckDB to delta-rs": Peer(data, "job_duckdb.py", {"OUTFMT": "delta"})}
    figures = {name: [] for name in programs}
    sums = {}
    for turn in range(options.runs + 1):
        for name, program in programs.items():
            values, sums[name] = program.run()
            if turn > 0:
                figures[name].append(values)
    reference = sums["DuckDB to Parquet"]
    for name, result in sums.items():
        same = all(result[k] == reference[k] for k in ("rows", "vol", "hist")) and abs(result["chg"] - reference["chg"]) < 0.02
        if not same:
            raise SystemExit(f"{name} made other rows: {result}, DuckDB made {reference}")
    report = described({"what": "landing to bronze to silver", "size": options.size, "rows": SIZES[options.size][0], "runs": options.runs,
                        "command": "./dev bench --size " + options.size, "sums": reference}, figures)
    base = report["programs"]["DuckDB to Parquet"]["cpu_s"][1]
    print(f"{'program':36} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'CPU / DuckDB':>13}   (medians of {options.runs})")
    for name, program in report["programs"].items():
        print(f"{name:36} {program['cpu_s'][1]:8.3f} {program['wall_s'][1]:8.3f} {program['peak_mb'][1]:8.0f} {program['cpu_s'][1] / base:13.2f}")
    keep(report, options.write)


if __name__ == "__main__":
    main()
