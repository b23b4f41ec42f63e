"""Runs CLI transcripts: test/golden/cli/*.cli.test, what a user types and what is answered.

usage: run_cli.py FILE ...      LAGOA names the binary; LAGOA_UPDATE=1 rewrites the files with what was answered

    # why this transcript                 a comment
    $ lagoa version                       a command, run by sh in a project that `lagoa init demo` made
    lagoa 0.1.0                           its stdout; `<*>` stands for any text within a line
    ! lagoa: no such table                its stderr, each line after `! `
    ? 1                                   its exit code; every command ends with one
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAGOA = pathlib.Path(os.environ.get("LAGOA", ROOT / "build/dev/bin/lagoa")).resolve()


def matches(expected, got):
    pattern = ".*".join(re.escape(part) for part in expected.split("<*>"))
    return re.fullmatch(pattern, got) is not None


def same(expected, got):
    return len(expected) == len(got) and all(matches(e, g) for e, g in zip(expected, got))


def blocks(text):
    """(lines before, command, stdout, stderr, exit code) of each command; the code ends it."""
    before, command, out, err = [], None, [], []
    for line in text.splitlines():
        if line.startswith("$ "):
            command = line[2:]
        elif command is None:
            before.append(line)
        elif line.startswith("? "):
            yield before, command, out, err, int(line[2:])
            before, command, out, err = [], None, [], []
        elif line.startswith("! "):
            err.append(line[2:])
        else:
            out.append(line)
    if command is not None:
        raise SystemExit(f"the command {command!r} has no line `? CODE`")
    yield before, None, out, err, 0


def run(path):
    faults, written = [], []
    with tempfile.TemporaryDirectory(prefix="lagoa-golden-") as folder:
        names = ("BRAPI_", "FII_", "LEGACY_", "B3_", "LAGOA_")
        env = {k: v for k, v in os.environ.items() if not k.startswith(names)}
        env["PATH"] = f"{LAGOA.parent}:{env['PATH']}"
        subprocess.run(["lagoa", "init", "demo"], cwd=folder, env=env, check=True, capture_output=True)
        for before, command, out, err, code in blocks(path.read_text()):
            written += before
            if command is None:
                continue
            done = subprocess.run(["sh", "-c", command], cwd=f"{folder}/demo", env=env, capture_output=True, text=True, timeout=120)
            got_out, got_err = done.stdout.splitlines(), done.stderr.splitlines()
            if not (same(out, got_out) and same(err, got_err) and code == done.returncode):
                faults.append("\n".join([f"{path.name}: $ {command}", "expected:", *out, *("! " + e for e in err), f"? {code}",
                                         "got:", *got_out, *("! " + e for e in got_err), f"? {done.returncode}"]))
                out, err, code = got_out, got_err, done.returncode
            written += [f"$ {command}", *out, *("! " + e for e in err), f"? {code}"]
    if faults and os.environ.get("LAGOA_UPDATE"):
        path.write_text("\n".join(written) + "\n")
        return []
    return faults


failed = [fault for name in sys.argv[1:] for fault in run(pathlib.Path(name))]
print("\n\n".join(failed) or f"{len(sys.argv) - 1} transcripts agree")
sys.exit(bool(failed))
