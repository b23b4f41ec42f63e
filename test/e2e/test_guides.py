"""Goal: what a guide tells its readers to type works. Method: the `sh` blocks of docs/guide/change-tables.md, line by line in a
project that `lagoa init` made, and what its tables hold at the end."""
import json
import re
import subprocess
import tempfile
import unittest

import lakehouse


class ChangeTables(unittest.TestCase):
    def test_every_command(self):
        guide = (lakehouse.ROOT / "docs/guide/change-tables.md").read_text()
        commands = [line for block in re.findall(r"```sh\n(.*?)```", guide, re.S) for line in block.splitlines()]
        self.assertGreater(len(commands), 10)
        with tempfile.TemporaryDirectory(prefix="lagoa-guide-") as folder:
            environment = lakehouse.clean_environment()
            environment["PATH"] = f"{lakehouse.pathlib.Path(lakehouse.LAGOA).resolve().parent}:{environment['PATH']}"

            def run(command, where=f"{folder}/demo"):
                done = subprocess.run(["sh", "-c", command], cwd=where, env=environment, capture_output=True, text=True, timeout=120)
                self.assertEqual(done.returncode, 0, f"$ {command}\n{done.stdout}{done.stderr}")
                return done.stdout

            run("lagoa init demo", folder)
            for command in commands:
                run(command)
            rows = json.loads(run("lagoa sql 'SELECT ticker, price FROM silver.trades ORDER BY ALL' --at head --format json"))
            self.assertEqual([(row["ticker"], float(row["price"])) for row in rows], [("PETR4", 38.2), ("PETR4", 38.5), ("VALE3", 61.1)])
            kept = json.loads(run("lagoa sql 'SELECT count(*) AS n FROM silver.trades@v4' --at head --format json"))
            self.assertEqual(kept[0]["n"], 6, "the bad load stays in the history")


if __name__ == "__main__":
    lakehouse.main()
