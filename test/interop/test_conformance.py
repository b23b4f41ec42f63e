"""Goal: the shipped binary passes every case of the Delta conformance tables beside the project: rows, time travel, change feeds, refusals.
Method: their own runner, one process a case. Without the tables the test is skipped (exit code 77)."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TABLES = pathlib.Path(__file__).resolve().parents[3] / "shared/delta"


def main():
    runner = TABLES / "run_conformance.py"
    if not runner.exists():
        print(f"skipped: there is no {runner}")
        return 77
    with tempfile.TemporaryDirectory(prefix="lagoa-conformance-") as folder:
        pathlib.Path(folder, "lagoa.yaml").write_text("name: conformance\ntime_zone: UTC\nlake: ./lake\n")
        sql = f"'{os.environ['LAGOA']}' --project {folder} sql --format parquet --output {{out}}"
        report = pathlib.Path(folder, "report.json")
        done = subprocess.run(
            [sys.executable, str(runner), "-j", "2", "--json", str(report),
             f"""{sql} "select * from delta('{{path}}')" """,
             "--cmd-version", f"""{sql} "select * from delta('{{path}}', version => {{version}})" """,
             "--cmd-cdf", f"""end='{{end}}'; {sql} "select * from delta_changes('{{path}}', {{start}}${{end:+, $end}})" """],
            capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr)
        cases = json.loads(report.read_text())
    missed = [case["id"] for case in cases if case["status"] != "pass"]
    print(f"{len(cases) - len(missed)} of {len(cases)} passed")
    return 1 if missed or not cases or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
