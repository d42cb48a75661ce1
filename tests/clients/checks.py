"""The checks every client program knows by name, and which client leaves which out, and why.

The programs are the same for every broker. Where Esker and Kafka differ, Esker is wrong unless a decision record says otherwise.
"""

from harness.paths import JAVA_CLIENTS, NODE_CLIENTS, TESTS

CHECKS = {
    "round_trip": "keys, null and empty keys and values, repeated and null headers, timestamps; offsets in acks",
    "codec_none": "500 uncompressed records",
    "codec_gzip": "500 gzip records, really sent compressed",
    "codec_snappy": "500 snappy records, really sent compressed",
    "codec_lz4": "500 lz4 records, really sent compressed",
    "codec_zstd": "500 zstd records, really sent compressed",
    "idempotent_order": "idempotent producer, many small batches in flight: complete, in order per key, no duplicate",
    "acks_levels": "acks 0, 1 and all",
    "large_message": "1 MB fits, 3 MB is refused as too large, and fits once max.message.bytes allows it",
    "auto_create": "producing to an unknown topic creates it",
    "log_append_time": "LogAppendTime replaces the producer's timestamp, and the CRC still holds",
    "small_fetches": "fetch limits below one batch still make progress",
    "group_eager": "1, 2, 3, 2 members with the range assignor; every record read once",
    "group_cooperative": "the same with cooperative-sticky; only what moves is revoked",
    "group_static": "a static member returns to its partitions without a rebalance; equal instance ids are fenced",
    "group_takeover": "a member that vanishes loses its partitions",
    "commit_resume": "a committed offset with metadata is where the next consumer starts",
    "seek": "seek by offset and by time, beginning and end, out of range",
    "list_offsets": "earliest, latest, largest timestamp, by timestamp with out-of-order timestamps",
    "delete_records": "log start moves, reads begin there, beyond the end is refused",
    "read_committed": "without transactions it reads everything",
    "admin_topics": "create, refuse (exists, bad name, bad replication factor), dry run, describe, delete, create again",
    "admin_partitions": "more partitions; fewer are refused",
    "admin_configs": "describe, set, append, reset; bad values and unknown keys are refused",
    "admin_groups": "describe, list, refuse to delete while in use, delete",
    "admin_offsets": "set, list and delete the offsets of a group",
    "describe_cluster": "cluster id, controller, the advertised address",
    "txn_commit_abort": "committed records are read, aborted ones are not; an open transaction hides what follows it",
    "txn_many": "60 short transactions over 4 partitions, every third aborted: exactly the others, in order",
    "txn_offsets": "offsets committed in a transaction move iff it commits",
    "txn_fencing": "a second producer with the same transactional id replaces the first, whose transaction is aborted",
    "txn_timeout": "a transaction that takes too long is aborted; the id goes on",
    "txn_admin": "list and describe transactions and a partition's producers; a hanging transaction is ended",
}

_PYTHON = [TESTS.parent / ".tools" / "venv" / "bin" / "python"]

CLIENTS = {
    "java": ["java", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-XX:TieredStopAtLevel=1", "-cp",
             f"{JAVA_CLIENTS}/clients-1.jar:{JAVA_CLIENTS}/libs/*", "esker.clients.Checks"],
    "confluent": [*_PYTHON, TESTS / "clients/python/confluent_checks.py"],
    "kafka-python": [*_PYTHON, TESTS / "clients/python/kafka_python_checks.py"],
    "aiokafka": [*_PYTHON, TESTS / "clients/python/aiokafka_checks.py"],
    "kafkajs": ["node", NODE_CLIENTS / "checks.js"],
    "kcat": [*_PYTHON, TESTS / "clients/python/kcat_checks.py"],
}

_NOT_IN_KCAT = dict.fromkeys(
    ["log_append_time", "small_fetches", "group_eager", "group_cooperative", "group_static", "group_takeover", "list_offsets",
     "delete_records", "read_committed", "admin_topics", "admin_partitions", "admin_configs", "admin_groups", "admin_offsets"],
    "kcat's command line has no way to ask for it")
_NO_TRANSACTIONS = dict.fromkeys(
    ["txn_commit_abort", "txn_many", "txn_offsets", "txn_fencing", "txn_timeout", "txn_admin"],
    "java and confluent cover both protocols of transactions")
_SAME_AS_KAFKA_PYTHON = dict.fromkeys(
    ["acks_levels", "auto_create", "log_append_time", "small_fetches", "group_takeover", "list_offsets", "delete_records",
     "read_committed", "admin_topics", "admin_partitions", "admin_configs", "admin_groups", "admin_offsets", "describe_cluster"],
    "shares its ancestor's code; kafka-python covers it")

LEFT_OUT = {
    "java": {},
    "confluent": {
        "txn_admin": "its admin client knows nothing of transactions",
    },
    "kafka-python": {
        **_NO_TRANSACTIONS,
        "group_takeover": "its members answer heartbeats from a thread of their own, so none vanishes without being killed",
    },
    "aiokafka": {
        **_NO_TRANSACTIONS,
        **_SAME_AS_KAFKA_PYTHON,
        "group_cooperative": "it has no cooperative assignor",
        "group_static": "covered by the other clients",
    },
    "kafkajs": {
        **_NO_TRANSACTIONS,
        "codec_lz4": "needs a native module outside kafkajs",
        "codec_zstd": "needs a native module outside kafkajs",
        "log_append_time": "it does not expose the timestamp type",
        "group_cooperative": "it has no cooperative assignor",
        "group_static": "it has no static membership",
        "group_takeover": "its members cannot stop their heartbeats short of being killed",
        "list_offsets": "its admin client has no other lookups than `seek` uses",
    },
    "kcat": {**_NOT_IN_KCAT, **_NO_TRANSACTIONS},
}


def checks_of(client: str) -> list[str]:
    """The checks this client runs."""
    return [check for check in CHECKS if check not in LEFT_OUT[client]]
