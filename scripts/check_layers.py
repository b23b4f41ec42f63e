"""Holds the #include lines of one module to its DEPENDS in CMakeLists.txt.

usage: check_layers.py MODULE [ALLOWED_MODULE ...]      (run from the source root)

A module may include itself, the modules named, and never another module's impl/ folder.
DuckDB's headers may be included by engine and catalog only.
"""
import pathlib
import re
import sys

module, allowed = sys.argv[1], set(sys.argv[1:])
modules = {p.name for p in pathlib.Path("src").iterdir() if p.is_dir()}
include = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
faults = []
for path in sorted(pathlib.Path("src", module).rglob("*")):
    if path.suffix not in (".h", ".cc"):
        continue
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = include.match(line)
        if not match:
            continue
        kind, target = match.groups()
        head = target.split("/")[0]
        if kind == '"' and head in modules:
            if head not in allowed:
                faults.append(f"{path}:{number}: {module} may not include {target}: {head} is not in its DEPENDS")
            if head != module and "/impl/" in target:
                faults.append(f"{path}:{number}: {target} is private to {head}")
        if head.startswith("duckdb") and module not in ("engine", "catalog"):
            faults.append(f"{path}:{number}: DuckDB's headers stay in engine and catalog")
print("\n".join(faults) or f"{module}: arrows hold")
sys.exit(bool(faults))
