#!/usr/bin/env python3
"""What a user waits for every day: `lagoa sql 'select 1'` and `lagoa run daily` on the simulated market.

usage: bench/everyday.py [--lagoa BINARY] [--runs 10] [--write NAME]

Wall and CPU seconds (user + system) of the whole process, min, median and max. The market runs beside, outside the figures.
--write keeps the result in bench/results/NAME.json.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import run as bench

ROOT = bench.ROOT


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lagoa", default=str(ROOT / "build/release/bin/lagoa"))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--write")
    options = parser.parse_args()
    binary = str(pathlib.Path(options.lagoa).resolve())
    with tempfile.TemporaryDirectory(prefix="lagoa-bench-") as folder:
        env_file = pathlib.Path(folder, "env")
        market = subprocess.Popen([binary, "sample", "serve", "--today", "2026-11-20", "--env-file", env_file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not env_file.exists():
                if market.poll() is not None:
                    raise SystemExit("the simulated market did not start")
                time.sleep(0.05)
            env = dict(line.removeprefix("export ").split("=", 1) for line in env_file.read_text().splitlines())
            env = {name: value.strip("'") for name, value in env.items()}
            figures = {"lagoa run daily, first run": [], "lagoa run daily, nothing new": [], "lagoa sql 'select 1'": []}
            for turn in range(options.runs + 1):
                project = pathlib.Path(folder, f"b3-{turn}")
                shutil.copytree(ROOT / "examples/b3", project, ignore=shutil.ignore_patterns("lake", ".lagoa"))
                for name, command in zip(figures, (["run", "daily"], ["run", "daily"], ["sql", "select 1"])):
                    values, _ = bench.measured([binary, "--project", project, *command], env)
                    if turn > 0:
                        figures[name].append(values)
                shutil.rmtree(project)
        finally:
            market.terminate()
            market.wait()
    report = bench.described({"what": "what a user waits for every day", "runs": options.runs, "command": "bench/everyday.py"}, figures)
    for name, program in report["programs"].items():
        print(f"{name:32} wall {program['wall_s'][1]:.3f} s   CPU {program['cpu_s'][1]:.3f} s   peak {program['peak_mb'][1]:.0f} MB   (medians of {options.runs})")
    bench.keep(report, options.write)


if __name__ == "__main__":
    main()
