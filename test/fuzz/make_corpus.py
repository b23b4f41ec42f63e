"""Writes the corpora of the fuzz targets: small inputs of our own that reach every branch worth mutating.

usage: LAKE_DRIVER=build/dev/test/lake_driver test/fuzz/make_corpus.py    (only checkpoint_parquet needs the driver)
"""
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent / "corpus"
PROTOCOL = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
FEATURES = {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors", "columnMapping", "v2Checkpoint"],
                         "writerFeatures": ["deletionVectors", "columnMapping", "v2Checkpoint", "inCommitTimestamp"]}}


def field(name, kind, nullable=True, **metadata):
    return {"name": name, "type": kind, "nullable": nullable, "metadata": metadata}


def mapped(name, kind, number):
    return field(name, kind, **{"delta.columnMapping.id": number, "delta.columnMapping.physicalName": f"col-{number}"})


def struct_of(*fields):
    return {"type": "struct", "fields": list(fields)}


def array_of(kind):
    return {"type": "array", "elementType": kind, "containsNull": True}


def map_of(key, value):
    return {"type": "map", "keyType": key, "valueType": value, "valueContainsNull": True}


FLAT = struct_of(field("k", "long", False), field("s", "string", comment="é"), field("p", "date"))
NESTED = struct_of(field("k", "decimal(38,10)"), field("st", struct_of(field("a", "integer"), field("b", array_of(struct_of(field("c", "timestamp_ntz")))))),
                   field("m", map_of("string", array_of("binary"))), field("v", "variant"), field("n", "void"))
MAPPED = struct_of(mapped("k", "long", 1), mapped("p", "string", 2),
                   field("w", "long", **{"delta.columnMapping.id": 3, "delta.columnMapping.physicalName": "w",
                                         "delta.typeChanges": [{"fromType": "short", "toType": "long", "fieldPath": "element"}]}))
SIMPLE_TYPES = struct_of(*(field(t.replace("(", "").replace(",", "").replace(")", ""), t) for t in
                           ("string", "long", "integer", "short", "byte", "float", "double", "decimal(1,0)", "boolean", "binary", "date", "timestamp")))


def metadata(schema, partitions=(), **configuration):
    return {"metaData": {"id": "0b6f1b1e-5a3c-4a53-8f0e-3f4f0a0c9d11", "format": {"provider": "parquet", "options": {}}, "schemaString": json.dumps(schema),
                         "partitionColumns": list(partitions), "configuration": configuration, "createdTime": 1700000000000}}


def add(path, partition_values=None, **more):
    return {"add": {"path": path, "partitionValues": partition_values or {}, "size": 100, "modificationTime": 1700000000000, "dataChange": True,
                    "stats": json.dumps({"numRecords": 2, "minValues": {"k": 1}, "maxValues": {"k": 9}, "nullCount": {"k": 0}}), **more}}


def remove(path, **more):
    return {"remove": {"path": path, "deletionTimestamp": 1700000000000, "dataChange": True, "extendedFileMetadata": True, "partitionValues": {}, "size": 100, **more}}


def vector(kind, where, **more):
    return {"deletionVector": {"storageType": kind, "pathOrInlineDv": where, "sizeInBytes": 44, "cardinality": 6, **more}}


def commit(*actions):
    return "".join(json.dumps(action) + "\n" for action in actions)


INFO = {"commitInfo": {"timestamp": 1700000000000, "inCommitTimestamp": 1700000000001, "operation": "WRITE", "operationParameters": {"mode": "Append", "partitionBy": "[]"},
                       "operationMetrics": {"numFiles": "1"}, "txnId": "u", "isBlindAppend": True}}
CREATION = commit(INFO, PROTOCOL, metadata(FLAT, ["p"]))
MAPPED_CREATION = commit(INFO, FEATURES, metadata(MAPPED, ["p"], **{"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "3",
                                                                    "delta.enableDeletionVectors": "true", "delta.enableInCommitTimestamps": "true"}))
OTHERS = commit({"txn": {"appId": "loader", "version": 3, "lastUpdated": 1700000000000}}, {"domainMetadata": {"domain": "delta.clustering", "configuration": "{}", "removed": False}},
                {"cdc": {"path": "_change_data/c", "partitionValues": {"p": None}, "size": 9, "dataChange": False}}, {"unknown": {"a": [1, None]}})
COMMITS = {"creation": CREATION, "mapped": MAPPED_CREATION, "nested": commit(PROTOCOL, metadata(NESTED)), "others": OTHERS,
           "files": commit(add("p=2026-01-01/a%20b%2Fc", {"p": "2026-01-01"}, tags={"t": "v"}, baseRowId=0, defaultRowCommitVersion=0), add("/absolute/x", {"p": None}),
                           remove("file:/absolute/y"), add("b", **vector("u", "ab^-aqEH.-t@S}K{vb[*k^", offset=1)))}
TABLES = {"plain": [CREATION, commit(add("a", {"p": "2026-01-01"})), commit(remove("a"), add("b", {"p": None})), OTHERS],
          "vectors": [MAPPED_CREATION, commit(add("a", {"col-2": "x"})), commit(add("a", {"col-2": "x"}, **vector("i", "0rr910rr91")), remove("a"))],
          "renamed": [MAPPED_CREATION, commit(metadata(FLAT, ["p"])), commit(PROTOCOL, metadata(NESTED))],
          "spellings": [CREATION, commit(add("/a b"), add("c%41")), commit(remove("file:///a%20b"), remove("cA"))]}


def bitmap(*rows):
    """The 64-bit Roaring form of rows below 2^16, as the protocol has it, without length and checksum."""
    return struct.pack("<IqI", 1681511377, 1, 0) + struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16) + struct.pack(f"<{len(rows)}H", *rows)


def vector_file(data):
    return b"\x01" + struct.pack(">I", len(data)) + data + struct.pack(">I", zlib.crc32(data))


def z85(data):
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    words = struct.unpack(f">{len(data) // 4}I", data)
    return "".join(digits[word // 85**power % 85] for word in words for power in (4, 3, 2, 1, 0))


ROWS = bitmap(0, 1, 5, 77, 4096, 65535)
RUNS = struct.pack("<IqI", 1681511377, 1, 0) + struct.pack("<I", 12347) + b"\x01" + struct.pack("<HH", 0, 5) + struct.pack("<HHH", 1, 10, 5)
TWO = struct.pack("<IqI", 1681511377, 2, 0) + bitmap(1, 2)[16:] + struct.pack("<I", 7) + bitmap(3)[16:]
VECTORS = {"rows": ROWS, "runs": RUNS, "two_words": TWO, "file": vector_file(ROWS), "file_of_runs": vector_file(RUNS), "inline": z85(ROWS).encode(), "empty": struct.pack("<Iq", 1681511377, 0)}
CHECKPOINTS = {"embedded": commit({"checkpointMetadata": {"version": 2}}, PROTOCOL, metadata(FLAT, ["p"]), add("a"), add("b"), remove("z")),
               "sidecars": commit({"checkpointMetadata": {"version": 2}}, PROTOCOL, metadata(FLAT, ["p"]),
                                  {"sidecar": {"path": "016ae953-37a9-438e-8683-9a9a4a79a395.parquet", "sizeInBytes": 100, "modificationTime": 1700000000000}}),
               "no_name": commit({"checkpointMetadata": {"version": 2}}, PROTOCOL, metadata(FLAT, ["p"]), *({"sidecar": {"path": name, "sizeInBytes": 1, "modificationTime": 0}} for name in ("a\0b", "..", "")))}
HINTS = {"classic": '{"version":2,"size":4,"sizeInBytes":900,"numOfAddFiles":2}', "parts": '{"version":2,"size":4,"parts":3}', "future": '{"version":99,"size":4}',
         "v2": '{"version":2,"size":4,"v2Checkpoint":{"path":"00000000000000000002.checkpoint.u.json","sidecarFiles":[]},"checksum":"x"}', "negative": '{"version":-1}', "empty": "", "text": "2"}
VALUES = ["", "true", "-128", "9223372036854775807", "1.5e300", "NaN", "-Infinity", "2026-01-02", "+10000-01-01", "-0001-01-01", "2026-01-02 13:00:00.123456", "2026-01-02T13:00:00.123456Z",
          "1970-01-01 00:00:00-03:00", "99999999999999.9999", "\\u0001é", "\x00\xff"]
ENTRY = {"format": "lagoa.lake.version/1", "version": 1, "id": "u", "time": "2026-11-20T21:00:04.218110Z", "run": "r",
         "tables": {"bronze.stocks": {"location": "bronze/stocks", "version": 3}}, "views": {"gold.v": "SELECT 1"}, "tags": {"x": 1}, "dropped": {"gold.t": {"location": "gold/t", "version": 0}}}


def save(target, files):
    (HERE / target).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (HERE / target / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def parquet_checkpoints():
    """Checkpoints of our own writer: statistics, partitions, tombstones; classic and v2 with a sidecar."""
    with tempfile.TemporaryDirectory() as folder:
        commands = []
        for table, policy in (("classic", "classic"), ("v2", "v2")):
            for i in range(3):
                commands.append({"write": {"table": table, "select": f"SELECT {i}::BIGINT AS k, 'p{i}' AS p, {{'a': [{i}]}} AS st", "partition_by": ["p"],
                                           "mode": "overwrite_partitions" if i == 2 else "append", "properties": {"delta.checkpointPolicy": policy} if policy == "v2" else {}}})
            commands.append({"checkpoint": table})
        answers = subprocess.run([os.environ["LAKE_DRIVER"], folder], input="\n".join(map(json.dumps, commands)), capture_output=True, text=True, check=True).stdout
        assert "error" not in answers, answers
        return {"-".join(path.relative_to(folder).parts).replace("_delta_log-", ""): path.read_bytes()
                for path in pathlib.Path(folder).rglob("_delta_log/**/*.parquet")}


def main():
    save("delta_log", COMMITS)
    save("delta_table", {name: "---\n".join(commits) for name, commits in TABLES.items()})
    save("delta_schema", {"flat": json.dumps(FLAT), "nested": json.dumps(NESTED), "mapped": json.dumps(MAPPED), "simple": json.dumps(SIMPLE_TYPES)})
    save("delta_last_checkpoint", HINTS)
    save("delta_checkpoint_json", CHECKPOINTS)
    save("deletion_vector", VECTORS)
    save("partition_value", {f"{i:02}": value.encode("latin-1") if "\xff" in value else value for i, value in enumerate(VALUES)})
    save("lake_log", {"whole": json.dumps(ENTRY), "first": json.dumps({**ENTRY, "tables": {}, "views": {}, "tags": {}}), "other_format": json.dumps({**ENTRY, "format": "lagoa.lake.version/9"})})
    if "LAKE_DRIVER" in os.environ:
        save("delta_checkpoint_parquet", parquet_checkpoints())


if __name__ == "__main__":
    main()
