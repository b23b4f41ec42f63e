"""Goal: whatever is broken outside gives a clear error, the documented exit code, a metric of the failure, and nothing half-visible.
Method: one broken thing a test against the shipped binary."""
import json
import os
import pathlib
import socket
import subprocess
import threading

import lakehouse

QUOTE = {"results": [{"symbol": "PETR4", "currency": "BRL", "longName": "Petrobras", "shortName": "PETROBRAS PN", "regularMarketPrice": 30.25,
                      "regularMarketTime": "2026-11-20T20:05:00.000Z"}], "requestedAt": "2026-11-20T20:06:00.000Z", "took": "3ms"}


class Answers:
    """A server on loopback that gives every connection one raw answer."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                self.asked.set()
                if self.answer is None:  # never answers
                    connection.settimeout(20)
                    try:
                        connection.recv(1)
                    except OSError:
                        pass
                    continue
                connection.sendall(self.answer)

    def close(self):
        self.socket.close()


def http(status, body, content_type="application/json", length=None):
    data = body if isinstance(body, bytes) else body.encode()
    return (f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {length or len(data)}\r\nConnection: close\r\n\r\n").encode() + data


class BadInput(lakehouse.LakehouseTest):
    def setUp(self):
        super().setUp()
        source = self.project / "sources/brapi_stocks.yaml"
        source.write_text("""kind: http
base_url: ${BRAPI_BASE_URL}
auth: {bearer: "${BRAPI_TOKEN:-}"}
limits: {timeout_s: 2, attempts: 2}
streams:
  - name: quote
    path: /api/quote/{items}
    items: [PETR4]
    answered: /results/*/symbol
    tables: [{table: bronze.stocks, records: /results/*}]
""")

    def ingest(self, answer, code):
        server = Answers(answer)
        self.addCleanup(server.close)
        done = self.lagoa("ingest", "brapi_stocks", code=code, BRAPI_BASE_URL=server.url, BRAPI_TOKEN="hunter2-secret")
        if code != 0:
            self.assertRegex(done.stderr, r"(?m)^lagoa: .*\n  Try: ", "what, where, why and what to try")
            self.assertNotIn("hunter2-secret", done.stderr + done.stdout)
            (row,) = self.rows("SELECT success, error_code, error FROM ops.ingests ORDER BY started_at DESC LIMIT 1")
            self.assertFalse(row["success"])
            self.assertEqual(list((self.project / "lake/landing").glob("*/_runs/*")), [], "a failed ingestion has no manifest")
        return done

    def test_statuses(self):
        for status, code in ((401, 7), (403, 7), (402, 4), (404, 1), (417, 2), (429, 4), (500, 4), (503, 4)):
            with self.subTest(status=status):
                done = self.ingest(http(status, json.dumps({"error": True, "message": "Não deu"})), code)
                self.assertIn(str(status), done.stderr)

    def test_bodies(self):
        body = json.dumps(QUOTE)
        for name, answer, code in (("truncated", http(200, body[:-20]), 1), ("cut on the wire", http(200, body, length=len(body) + 50), 4),
                                   ("not UTF-8", http(200, b'{"results":[{"symbol":"PETR4","longName":"Petr\xf3leo"}]}'), 1),
                                   ("a page", http(200, "<html>manutenção</html>", "text/html"), 1),
                                   ("nothing asked for", http(200, '{"results":[]}'), 1), ("no answer", None, 4)):
            with self.subTest(name):
                self.ingest(answer, code)

    def test_server_down(self):
        closed = socket.create_server(("127.0.0.1", 0))
        url = "http://127.0.0.1:%d" % closed.getsockname()[1]
        closed.close()
        done = self.lagoa("ingest", "brapi_stocks", code=4, BRAPI_BASE_URL=url)
        self.assertIn(url.removeprefix("http://"), done.stderr)

    def test_unknown_field_is_kept_in_landing_and_a_wrong_type_is_quarantined(self):
        answer = json.loads(json.dumps(QUOTE))
        answer["results"][0]["aNewField"] = {"x": 1}
        answer["results"].append({**answer["results"][0], "symbol": "VALE3", "regularMarketPrice": "trinta"})
        answer["results"].append({**answer["results"][0], "symbol": None})
        self.ingest(http(200, json.dumps(answer)), 0)
        result = json.loads(self.lagoa("job", "raw", "--param", "table=stocks", "--json").stdout)
        self.assertEqual((result["rows_in"], result["rows_out"], result["rows_quarantined"]), (3, 1, 2))
        listed = json.loads(self.lagoa("quarantine", "ls", "--json").stdout)
        self.assertEqual([(q["table"], q["rows"]) for q in listed], [("bronze.stocks", 2)])
        shown = json.loads(self.lagoa("quarantine", "show", "stocks", "--json").stdout)
        self.assertEqual({r["pointer"] for r in shown}, {"/results/1", "/results/2"})
        self.assertIn("regularMarketPrice", json.dumps(shown))
        landed = [p for p in (self.project / "lake/landing/brapi_stocks").rglob("*.json") if p.parent.name != "_runs"]
        self.assertIn("aNewField", landed[0].read_text())
        # The same manifests again: no row more in either table.
        again = json.loads(self.lagoa("job", "raw", "--param", "table=stocks", "--json").stdout)
        self.assertEqual((again["rows_in"], again["rows_out"], again["rows_quarantined"]), (0, 0, 0))

    def test_database_down(self):
        done = self.lagoa("ingest", "legacy", code=4, LEGACY_DSN="postgresql://lagoa:pw-canary@127.0.0.1:1/legacy")
        self.assertIn("127.0.0.1", done.stderr)
        self.assertNotIn("pw-canary", done.stderr)
        self.assertEqual(self.lagoa("ingest", "legacy", code=3, LEGACY_DSN="").returncode, 3)

    def test_a_pipeline_whose_sources_are_all_down_names_state_cause_and_advice(self):
        done = self.lagoa("run", "daily", code=4, BRAPI_BASE_URL="http://127.0.0.1:1", FII_BASE_URL="http://127.0.0.1:1",
                          LEGACY_DSN="postgresql://127.0.0.1:1/x", B3_COTAHIST_DIR="/nowhere")
        self.assertIn("NoSource", done.stderr)
        self.assertIn("Try:", done.stderr)
        (run,) = json.loads(self.lagoa("runs", "ls", "--json").stdout)
        self.assertEqual((run["status"], run["error"], run["failed_state"]), ("failed", "Lagoa.Unavailable", "NoSource"))
        self.assertEqual(self.value("SELECT count(*) FROM ops.runs WHERE NOT success"), 1)
        self.assertEqual({t for t in self.tables() if not t.startswith("ops.")}, set())

    def test_a_source_that_is_down_stops_no_other_and_is_named(self):
        done = self.lagoa("run", "daily", code=1, BRAPI_BASE_URL="http://127.0.0.1:1", FII_BASE_URL="http://127.0.0.1:1", LEGACY_DSN="",
                          B3_COTAHIST_DIR=str(lakehouse.SHARED / "data/b3"))
        self.assertIn("SourcesFailed", done.stderr)
        for source in ("brapi_stocks", "legacy", "fii_pages"):
            self.assertIn(source, done.stderr)
        self.assertEqual(self.value("SELECT count(*) FROM bronze.cotahist"), 7518)
        self.assertEqual(self.value("SELECT count(*) FROM silver.price_history"), 0)
        self.assertEqual(self.value("SELECT count(*) FROM ops.runs WHERE NOT success"), 1)

    def test_project_files(self):
        for file, text, words in (("lagoa.yaml", "name: b3\nlaek: x\n", ["lagoa.yaml:2", "laek"]),
                                  ("contracts/bronze.stocks.odcs.yaml", "apiVersion: v3.1.0\nkind: DataContract\nid: [\n", ["contracts/bronze.stocks.odcs.yaml"]),
                                  ("sources/brapi_stocks.yaml", "kind: gopher\nstreams:\n  - name: quote\n    tables: [{table: bronze.stocks, records: /results/*}]\n", ["sources/brapi_stocks.yaml:1", "kind"])):
            with self.subTest(file):
                original = (self.project / file).read_text()
                (self.project / file).write_text(text)
                done = self.lagoa("ingest", "brapi_stocks", code=3)
                for word in words:
                    self.assertIn(word, done.stderr)
                (self.project / file).write_text(original)

    def test_names_that_are_not_there(self):
        self.lagoa("ingest", "nothing", code=1)
        self.lagoa("job", "nothing", code=1)
        self.lagoa("run", "nothing", code=1)
        self.lagoa("table", "show", "silver.nothing", code=1)
        self.lagoa("runs", "show", "0000", code=1)
        self.lagoa("sql", "selec 1", code=2)
        self.lagoa("nothing", code=2)
        done = subprocess.run([lakehouse.LAGOA, "--project", "/", "sql", "select 1"], capture_output=True, text=True, env=lakehouse.clean_environment())
        self.assertEqual(done.returncode, 3)
        self.assertIn("lagoa init", done.stderr)

    def test_disk_full(self):
        """A lake on a full file system: the error names it, and nothing is half-visible afterwards."""
        disk = self.folder / "disk"
        disk.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "lagoa-test", str(disk)], capture_output=True).returncode != 0:
            self.skipTest("needs the right to mount a tmpfs of its own")
        self.addCleanup(subprocess.run, ["umount", str(disk)], check=True)
        config = self.project / "lagoa.yaml"
        config.write_text(config.read_text().replace("lake: ./lake", f"lake: {disk}/lake"))
        answer = json.dumps({**QUOTE, "padding": "x" * 400_000})
        server = Answers(http(200, answer))
        self.addCleanup(server.close)
        done = self.lagoa("ingest", "brapi_stocks", code=4, BRAPI_BASE_URL=server.url)
        self.assertIn("space", done.stderr.lower())
        self.assertEqual(list(pathlib.Path(disk).glob("lake/landing/*/_runs/*")), [])

    def test_second_writer_is_refused_with_the_holder_named(self):
        """Two ingestions of one source at once: one waits or is refused by name; nothing is doubled."""
        server = Answers(None)
        self.addCleanup(server.close)
        first = subprocess.Popen([lakehouse.LAGOA, "--project", str(self.project), "ingest", "brapi_stocks"], stderr=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, env=lakehouse.clean_environment({"BRAPI_BASE_URL": server.url}))
        try:
            self.assertTrue(server.asked.wait(30), "the first ingestion is under way")
            second = self.lagoa("ingest", "brapi_stocks", code=5, BRAPI_BASE_URL="http://127.0.0.1:1")
            self.assertIn(str(first.pid), second.stderr)
        finally:
            first.kill()
            first.wait()


if __name__ == "__main__":
    lakehouse.main()
