#include "state/impl/migrations.h"

#include <array>

namespace lagoa::state {
namespace {

// Instants are ISO 8601 text in UTC, so that the file reads well in any SQLite shell and sorts by time.
// run_events and pending_rows keep rowid order: they take the writes.
constexpr std::array<std::string_view, 2> kMigrations = {R"sql(
CREATE TABLE leases (
    name TEXT PRIMARY KEY, token TEXT NOT NULL, pid INTEGER NOT NULL, pid_started TEXT NOT NULL,
    purpose TEXT NOT NULL, taken TEXT NOT NULL);
CREATE TABLE runs (
    id TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL, status TEXT NOT NULL, started TEXT NOT NULL, ended TEXT,
    input TEXT NOT NULL, output TEXT, error TEXT, cause TEXT, failed_state TEXT,
    pid INTEGER NOT NULL, pid_started TEXT NOT NULL);
CREATE INDEX runs_by_pipeline ON runs (pipeline, started);
CREATE INDEX runs_running ON runs (status) WHERE status = 'running';
CREATE TABLE run_events (
    run TEXT NOT NULL, id INTEGER NOT NULL, previous_id INTEGER NOT NULL, time TEXT NOT NULL,
    type TEXT NOT NULL, state TEXT NOT NULL, details TEXT NOT NULL);
CREATE UNIQUE INDEX run_events_by_run ON run_events (run, id);
CREATE TABLE run_tables (
    run TEXT NOT NULL, table_name TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (run, table_name));
CREATE TABLE pending_rows (
    id INTEGER PRIMARY KEY AUTOINCREMENT, table_name TEXT NOT NULL, row_json TEXT NOT NULL);
)sql",
                                                         // Who counts pending_rows: a file made anew is another one.
                                                         R"sql(
CREATE TABLE identity (id TEXT NOT NULL);
INSERT INTO identity VALUES (lower(
    hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||
    substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))));
)sql"};

}  // namespace

std::span<const std::string_view> migrations() {
    return kMigrations;
}

}  // namespace lagoa::state
