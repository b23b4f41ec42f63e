#!/usr/bin/env python3
"""Holds docs/delta-features.md to its word: a feature that Lagoa has names tests, and every test named exists.

A row's second cell says what Lagoa does: yes, part or no, with words after it. Its last cell names the tests in backticks:
`Suite.Test` of a *_test.cc, `Class.test_name` of a Python test, or a test of ctest.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/delta-features.md"


def known_tests():
    names = set()
    for file in [*ROOT.glob("src/**/*_test.cc"), *ROOT.glob("test/**/*.cc")]:
        names |= {f"{suite}.{test}" for suite, test in re.findall(r"^TEST(?:_[FP])?\((\w+), (\w+)\)", file.read_text(), re.M)}
    for file in ROOT.glob("test/**/test_*.py"):
        current = ""
        for kind, name in re.findall(r"^(class | +def )(\w+)", file.read_text(), re.M):
            current, names = (name, names) if kind == "class " else (current, names | {f"{current}.{name}"})
    cmake = (ROOT / "test/CMakeLists.txt").read_text()
    names |= set(re.findall(r"add_test\(NAME ([\w.]+) ", cmake))
    names |= {f"fuzz.{file.stem}" for file in ROOT.glob("test/fuzz/*.cc") if file.stem != "replay"}
    names |= {f"soak.delta.{store}" for store in ("local", "s3") if "soak.delta.${store}" in cmake}
    return names


def rows():
    """Line number and cells of every row of the document's tables, heads and rules left out."""
    lines = DOCUMENT.read_text().splitlines() + [""]
    for i, line in enumerate(lines):
        if line.startswith("|") and not line.startswith("|--") and not lines[i + 1].startswith("|--"):
            yield i + 1, [cell.strip() for cell in line.strip("|").split("|")]


def main():
    known, problems, features = known_tests(), [], 0
    for number, cells in rows():
        features += 1
        where = f"{DOCUMENT.relative_to(ROOT)}:{number}: {cells[0]}"
        if not re.match(r"(yes|part|no)\b", cells[1]):
            problems.append(f"{where}: says neither yes, part nor no")
        tests = re.findall(r"`([^`]+)`", cells[-1])
        problems += [f"{where}: there is no test {name}" for name in tests if name not in known]
        if not tests and not cells[1].startswith("no"):
            problems.append(f"{where}: names no test")
    if not features:
        problems.append("docs/delta-features.md has no feature")
    print("\n".join(problems) or f"{features} features, every test named exists")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
