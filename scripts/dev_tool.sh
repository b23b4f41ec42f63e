#!/usr/bin/env bash
# Prints the path of a pinned developer tool (clang-format), installing it under .deps/ when it is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$PWD/.deps/dev-tools
if [ ! -x "$folder/bin/$1" ]; then
    python3 -m venv "$folder" >&2
    "$folder/bin/pip" install -q --disable-pip-version-check -r scripts/requirements-dev.txt >&2
fi
echo "$folder/bin/$1"
