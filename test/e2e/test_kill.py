"""Goal: `kill -9` of `lagoa run daily` at any moment loses and doubles nothing.
Method: ten kills at random moments (LAGOA_SEED replays them), then a clean run; the tables equal those of a run never killed."""
import json
import os
import random
import shutil
import signal
import subprocess
import time

import lakehouse


class Kill(lakehouse.LakehouseTest):
    def test_ten_random_moments(self):
        self.start_market()
        seed = int(os.environ.get("LAGOA_SEED", random.randrange(1 << 30)))
        print(f"seed {seed}: LAGOA_SEED={seed} replays it", flush=True)
        moments = random.Random(seed)

        killed = self.project
        self.project = self.folder / "untouched"
        shutil.copytree(killed, self.project)
        began = time.monotonic()
        self.lagoa("run", "daily")
        took = time.monotonic() - began
        expected = self.digest(reserved=False)

        self.project = killed
        ended = 0
        for _ in range(10):
            process = subprocess.Popen([lakehouse.LAGOA, "--project", str(self.project), "run", "daily"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, env=lakehouse.clean_environment(self.variables))
            try:
                process.wait(moments.uniform(0.02, took))
                ended += 1
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
            self.tables()  # readers work at once, and see a whole cut or none
        self.assertLess(ended, 10, "no run was killed: the moments came too late")
        self.lagoa("run", "daily")
        self.assertEqual(self.digest(reserved=False), expected)
        # A killed run is shown for what it is, and no lease of it is left.
        statuses = {r["status"] for r in json.loads(self.lagoa("runs", "ls", "--json").stdout)}
        self.assertTrue(statuses <= {"succeeded", "crashed"}, statuses)
        self.assertEqual(self.value("SELECT count(*) > 0 FROM ops.runs WHERE status = 'CRASHED'"), "crashed" in statuses)


if __name__ == "__main__":
    lakehouse.main()
