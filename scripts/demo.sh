#!/usr/bin/env bash
# The main job on the simulated market: every source to bronze and silver, published, queried; then once more, which
# must change no row. Ends by itself; the tables stay in examples/b3/lake for `./dev run sql …`.
set -euo pipefail
lagoa=$(realpath "${1:?usage: demo.sh PATH_TO_LAGOA}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
project=$PWD/examples/b3
scratch=$(mktemp -d)
market=
finish() {
    [ -z "$market" ] || { kill -TERM "$market" 2>/dev/null || true; wait "$market" 2>/dev/null || true; }
    rm -rf "$scratch"
}
trap finish EXIT
title() { printf '\n\033[1m%s\033[0m\n' "$*"; }
lagoa() { "$lagoa" --project "$project" "$@"; }

title 'The simulated market: brapi-like API, FII site, legacy PostgreSQL, B3 file'
# A fixed day: the demo shows the same figures whenever it runs.
"$lagoa" sample serve --today 2026-11-20 --env-file "$scratch/env" >"$scratch/market.log" 2>&1 &
market=$!
for _ in $(seq 600); do
    [ -e "$scratch/env" ] && break
    kill -0 "$market" 2>/dev/null || { cat "$scratch/market.log" >&2; exit 4; }
    sleep 0.1
done
[ -e "$scratch/env" ] || { echo 'the simulated market did not come up in 60 s' >&2; exit 4; }
cat "$scratch/env"
# shellcheck disable=SC1091
source "$scratch/env"

title 'lagoa run daily'
time lagoa run daily

title 'Tables'
lagoa table ls

for table in $(lagoa sql "SELECT table_schema || '.' || table_name FROM information_schema.tables
    WHERE table_catalog = 'lake' AND table_schema IN ('bronze', 'silver') AND table_type = 'BASE TABLE' ORDER BY ALL" --format csv | tail -n +2); do
    title "$table"
    lagoa sql "SELECT * FROM $table LIMIT 3" | cut -c -200
done

# One line a table: rows and a digest of all of them, whatever their order.
digest() {
    lagoa table ls --json | python3 -c 'import json, sys
for t in json.load(sys.stdin):
    if not t["table"].startswith("ops."): print(t["table"])' | while read -r table; do
        printf '%s ' "$table"
        lagoa sql "SELECT count(*) AS rows, coalesce(sum(hash(t)), 0) AS digest FROM $table t" --format csv | tail -n 1
    done
}
title 'lagoa run daily, once more: the same answers change no row'
digest >"$scratch/before"
lagoa run daily
digest >"$scratch/after"
diff "$scratch/before" "$scratch/after" && echo "$(wc -l <"$scratch/after") tables, not one row changed"

title 'What it cost: ops.ingests and ops.jobs'
lagoa sql "SELECT source, seconds, objects, size_bytes, records, success FROM ops.ingests ORDER BY started_at DESC LIMIT 7"
lagoa sql "SELECT job, table_name, seconds, rows_in, rows_out, rows_duplicate, rows_quarantined, success FROM ops.jobs ORDER BY started_at DESC LIMIT 17"

title 'Try it'
echo './dev run sql "select * from silver.historical_dividend where is_ex_date limit 5"'
