"""Holds examples, `lagoa init`'s project and the documents' examples to the JSON Schemas of project files.

usage: check_schemas.py      (run from the source root, by the tests' own Python: it has jsonschema and PyYAML)

A file that no schema knows how to read is not its business: contracts follow ODCS, pipelines ASL; the program checks both.
"""
import json
import pathlib
import re
import sys
import textwrap

import jsonschema
import yaml

SCHEMAS = pathlib.Path("docs/reference/schemas")


class Loader(yaml.SafeLoader):
    """YAML 1.2's JSON schema, as the program reads it: no dates, no `yes`, no octal."""


Loader.yaml_implicit_resolvers = {}
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(null|)$"), list("n") + [""])
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(0|[1-9][0-9]*)$"), list("-0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?$"), list("-0123456789"))


def schema_of(path):
    """The schema's name for a path inside a project; None for a file of another kind."""
    if path == "lagoa.yaml":
        return "lagoa"
    folder, _, name = path.rpartition("/")
    if folder.endswith("sources") and name.endswith(".yaml"):
        return "source"
    if folder.endswith("jobs") and name.endswith((".yaml", ".sql")):
        return "job" if name.endswith(".yaml") else "sql-job-header"
    return None


def project_files():
    """(where, path inside a project, text) of every file and example that is to be checked."""
    for root in sorted(path.parent for path in pathlib.Path("examples").rglob("lagoa.yaml")):
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            inside = path.relative_to(root).as_posix()
            if not inside.startswith(("lake/", ".lagoa/")) and schema_of(inside):
                yield str(path), inside, path.read_text(encoding="utf-8")
    init = pathlib.Path("src/app/init_project.cc")
    for path, text in re.findall(r'TemplateFile\{"([^"]+)", R"text\((.*?)\)text"\}', init.read_text(encoding="utf-8"), re.S):
        if schema_of(path):
            yield f"{init} ({path})", path, text.replace("@NAME@", "example")
    for document in sorted(pathlib.Path("docs").rglob("*.md")):
        fences = re.findall(r"^ *```(?:yaml|sql)\n(.*?)^ *```", document.read_text(encoding="utf-8"), re.S | re.M)
        for number, text in enumerate(map(textwrap.dedent, fences), 1):
            named = re.match(r"# (lagoa\.yaml|(?:sources|jobs)/\w+\.yaml)$", text.split("\n", 1)[0])
            if named or text.startswith("/* lagoa"):
                yield f"{document} (example {number})", named[1] if named else "jobs/example.sql", text


validators = {}
for file in SCHEMAS.glob("*.schema.json"):
    schema = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validators[file.name.removesuffix(".schema.json")] = jsonschema.Draft202012Validator(schema)

faults, checked = [], 0
for where, path, text in project_files():
    if path.endswith(".sql"):
        text = text.partition("/* lagoa")[2].partition("*/")[0]
    checked += 1
    for fault in validators[schema_of(path)].iter_errors(yaml.load(text, Loader)):
        best = jsonschema.exceptions.best_match([fault])
        faults.append(f"{where}: {best.json_path}: {best.message}")
print("\n".join(faults) or f"{checked} files and examples hold to {len(validators)} schemas")
sys.exit(bool(faults) or not checked)
