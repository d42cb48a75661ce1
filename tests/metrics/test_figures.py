"""The figures that dashboards and alerts stand on move when what they count happens, and say the truth."""

import grpc
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from harness.cluster import EskerCluster
from harness.esker import EskerBroker
from harness.native import compiled
from harness.paths import ROOT
from harness.wait import until
from queueing import Publishing, Receiving
from scraping import Scrape

RECORDS, SIZE = 400, 1_000
# A small tail, so that older records are read from the log; trimmed soon, so that they are then read from objects.
SETTINGS = {"limits.tail_bytes": 100_000, "archive.trim_delay_ms": 500, "metrics.per_partition": True}


@pytest.fixture
def broker(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("metrics of Esker")
    broker = EskerBroker(tmp_path / "broker", SETTINGS).start()
    yield broker
    broker.stop()
    assert not broker.panics()


@pytest.fixture
def three(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("metrics of Esker")
    cluster = EskerCluster(tmp_path / "three").start()
    yield cluster
    panics = cluster.panics()
    cluster.end()
    assert not panics


def create(bootstrap: str, name: str, partitions: int, replicas: int) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(name, partitions, replicas)]).values():
        future.result(30)


def produce(bootstrap: str, topic: str, records: int, partitions: int = 1, **settings) -> None:
    failed = []
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "batch.num.messages": 20, "enable.idempotence": True, **settings})
    for number in range(records):
        producer.produce(topic, b"%0*d" % (SIZE, number), partition=number % partitions,
                         on_delivery=lambda error, _: error and failed.append(error))
        producer.poll(0)
    assert producer.flush(60) == 0 and not failed, failed[:3]


def consume(bootstrap: str, topic: str, records: int, group: str) -> None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    found = 0
    while found < records:
        messages = consumer.consume(records - found, timeout=30)
        assert messages, f"{found} of {records} records"
        found += sum(message.error() is None for message in messages)
    consumer.commit(asynchronous=False)
    consumer.close()


def test_a_record_is_counted_on_its_way(broker):
    create(broker.bootstrap, "t", 1, 1)
    before = Scrape.of(broker)
    produce(broker.bootstrap, "t", RECORDS)
    consume(broker.bootstrap, "t", RECORDS, "first")
    now = Scrape.of(broker)

    assert now.sum("esker_ready") == now.sum("esker_controller") == now.sum("esker_metadata_connected") == 1
    assert now.sum("esker_wal_failed") == now.sum("esker_panics_total") == now.sum("esker_shards", state="ownerless") == 0
    assert now.sum("esker_topic_produced_records_total", topic="t") == RECORDS
    assert now.sum("esker_topic_produced_bytes_total", topic="t") > RECORDS * SIZE
    assert now.sum("esker_topic_fetched_records_total", topic="t") >= RECORDS
    assert now.sum("esker_topic_fetched_bytes_total", topic="t") >= now.sum("esker_topic_produced_bytes_total", topic="t")
    for api in ("Produce", "Fetch", "Metadata", "OffsetCommit"):
        assert now.sum("esker_kafka_requests_total", api=api) == now.sum("esker_kafka_request_seconds_count", api=api) > 0, api
    batches = now.sum("esker_produce_stage_seconds_count", stage="queue") - before.sum("esker_produce_stage_seconds_count", stage="queue")
    assert batches >= RECORDS / 20
    # Every batch that was queued came to its end: nothing is in flight any more.
    for stage in ("sync", "replication", "commit"):
        assert now.sum("esker_produce_stage_seconds_count", stage=stage) == now.sum("esker_produce_stage_seconds_count", stage="queue"), stage
    assert now.sum("esker_produce_stage_seconds_count", stage="response") == now.sum("esker_kafka_requests_total", api="Produce")
    assert now.sum("esker_wal_sync_seconds_count") > before.sum("esker_wal_sync_seconds_count")
    assert now.sum("esker_wal_written_bytes_total") - before.sum("esker_wal_written_bytes_total") > RECORDS * SIZE
    # The oldest records had left the tail.
    assert now.sum("esker_fetch_read_bytes_total", source="log") > 0 and now.sum("esker_fetch_read_bytes_total", source="memory") > 0
    assert now.sum("esker_fetch_read_bytes_total", source="archive") == 0
    assert now.sum("esker_archive_lag_records") >= RECORDS and now.sum("esker_archive_lag_seconds") > 0
    assert now.sum("esker_partition_log_end_offset", topic="t", partition="0") == RECORDS
    assert now.sum("esker_partition_high_watermark", topic="t", partition="0") == RECORDS
    assert now.sum("esker_partition_log_bytes", topic="t", partition="0") > RECORDS * SIZE
    assert now.all("esker_group_lag_records", group="first", topic="t") == [0]
    produce(broker.bootstrap, "t", 7)
    assert Scrape.of(broker).all("esker_group_lag_records", group="first", topic="t") == [7]

    broker.flush()
    until("old records are only in objects", lambda: Scrape.of(broker).sum("esker_partition_log_bytes", topic="t") == 0)
    consume(broker.bootstrap, "t", RECORDS + 7, "second")
    now = Scrape.of(broker)
    assert now.sum("esker_fetch_read_seconds_count", source="archive") > 0
    assert now.sum("esker_fetch_read_bytes_total", source="archive") > RECORDS * SIZE
    assert now.sum("esker_archive_lag_bytes", topic="t") == 0
    assert now.sum("esker_archive_uploads_total") > 0 and now.sum("esker_archive_uploaded_bytes_total") > RECORDS * SIZE
    for operation in ("put", "get"):
        count = now.sum("esker_object_store_requests_total", operation=operation)
        assert count == now.sum("esker_object_store_request_seconds_count", operation=operation) > 0
        assert now.sum("esker_object_store_request_bytes_total", operation=operation) > RECORDS * SIZE
    assert now.sum("esker_object_store_requests_total", outcome="error") == 0
    misses = now.sum("esker_cache_misses_total")
    assert misses > 0 and now.sum("esker_cache_bytes") > 0
    consume(broker.bootstrap, "t", RECORDS + 7, "third")
    again = Scrape.of(broker)
    assert again.sum("esker_cache_hits_total") > 0 and again.sum("esker_cache_misses_total") == misses


def test_errors_transactions_and_connections(broker):
    create(broker.bootstrap, "t", 1, 1)
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": "t"})
    producer.init_transactions(30)
    for end in (producer.commit_transaction, producer.abort_transaction, producer.commit_transaction):
        producer.begin_transaction()
        producer.produce("t", b"x")
        # What is not sent yet would just be dropped by an abort.
        producer.flush(30)
        end(30)
    # They end with the answer, or a moment later.
    until("two commits", lambda: Scrape.of(broker).sum("esker_transactions_committed_total") == 2)
    until("an abort", lambda: Scrape.of(broker).sum("esker_transactions_aborted_total") == 1)
    producer.begin_transaction()
    producer.produce("t", b"x")
    producer.flush(30)
    assert Scrape.of(broker).sum("esker_transactions_open") == 1
    producer.abort_transaction(30)

    # More than a topic takes.
    refused = []
    large = Producer({"bootstrap.servers": broker.bootstrap, "message.max.bytes": 8_000_000, "compression.type": "none"})
    large.produce("t", b"x" * 4_000_000, on_delivery=lambda error, _: refused.append(error))
    large.flush(30)
    assert refused[0] is not None
    now = Scrape.of(broker)
    assert now.sum("esker_kafka_request_errors_total", api="Produce", error="MESSAGE_TOO_LARGE") == 1
    assert now.sum("esker_kafka_connections_opened_total") >= now.sum("esker_kafka_connections") > 0
    for budget in now.labels("esker_budget_limit_bytes", "budget"):
        assert now.sum("esker_budget_used_bytes", budget=budget) <= now.sum("esker_budget_limit_bytes", budget=budget), budget
    assert now.sum("esker_budget_used_bytes", budget="groups") == 0 < now.sum("esker_budget_used_bytes", budget="transactions")
    assert 0 < now.sum("process_open_fds") < now.sum("process_max_fds")
    assert now.sum("process_resident_memory_bytes") > 1 << 20 and now.sum("process_cpu_seconds_total") > 0
    assert now.sum("process_start_time_seconds") > 1_600_000_000


def test_a_cluster_of_three(three):
    brokers = list(three.brokers.values())
    create(three.bootstrap, "t", 16, 3)
    produce(three.bootstrap, "t", RECORDS, partitions=16)
    consume(three.bootstrap, "t", RECORDS, "readers")
    now = Scrape.of(*brokers)
    assert now.all("esker_ready") == [1, 1, 1] and now.sum("esker_controller") == 1
    assert now.all("esker_brokers", state="live") == [3, 3, 3] and now.sum("esker_brokers", state="draining") == 0
    assert now.sum("esker_shards_led") == 16 and now.all("esker_shards", state="owned") == [16, 16, 16]
    assert now.sum("esker_shards", state="ownerless") == 0
    assert now.sum("esker_partitions_led") == max(now.all("esker_partitions"))
    assert now.all("esker_wal_copies", state="wanted") == [3, 3, 3] == now.all("esker_wal_copies", state="live")
    assert all(0 < left <= 60 for left in now.all("esker_lease_remaining_seconds"))
    assert now.all("esker_metadata_connected") == [1, 1, 1]
    until("leases are renewed", lambda: all(Scrape.of(*brokers).all("esker_metadata_requests_total", operation="keep_alive", outcome="ok")))
    assert now.sum("esker_topic_produced_records_total", topic="t") == RECORDS
    # Every byte is on three stores.
    assert now.sum("esker_wal_written_bytes_total") > 3 * RECORDS * SIZE
    # Most of the partitions have their leader away from the group's coordinator.
    produce(three.bootstrap, "t", 48, partitions=16)
    until("the coordinator has heard of all ends", lambda: Scrape.of(*brokers).all("esker_group_lag_records", group="readers") == [48], 60)


def test_the_page_says_what_is_there(broker):
    """Every name is documented, and every documented name is there."""
    create(broker.bootstrap, "t", 1, 1)
    produce(broker.bootstrap, "t", 1)
    consume(broker.bootstrap, "t", 1, "g")
    shown = {name for name in Scrape.of(broker).families}
    page = (ROOT / "docs" / "metrics.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `") and not line.startswith("| `queue") and "esker_" in line.split("|")[1] or line.startswith("| `process_")]
    told = {word for row in rows for word in row.replace("`", " ").replace(",", " ").split() if word.startswith(("esker_", "process_"))}
    told |= {"esker_produce_stage_seconds"}
    family = {name.removesuffix("_total").removesuffix("_info") for name in told}
    # Those that appear with what they count.
    late = {"esker_kafka_request_errors", "esker_share_records"}
    assert family - late <= shown, family - late - shown
    assert shown <= family, shown - family


def test_a_queue_and_its_dead_letters(broker):
    pb, services = compiled()["queues"]
    with grpc.insecure_channel(f"127.0.0.1:{broker.api_port}") as channel:
        stub = services.QueuesStub(channel)
        stub.CreateQueue(pb.CreateQueueRequest(name="q", partitions=1, dead_letter_topic="dlq.q"))
        Publishing(pb, stub, "q").publish(*(b"m" for _ in range(10)))
        receiver = Receiving(pb, stub, "q", messages=4)
        come = receiver.take(4)
        now = Scrape.of(broker)
        assert now.sum("esker_share_records", topic="q", state="acquired") == 4
        assert receiver.settle("REJECT", *come[:3]) == []
        until("three are buried", lambda: Scrape.of(broker).sum("esker_dead_letters_total") == 3)
        assert receiver.settle("ACK", come[3]) == []
        receiver.close()
    now = Scrape.of(broker)
    assert now.sum("esker_share_records", topic="q", state="acquired") == now.sum("esker_share_records", topic="q", state="dying") == 0
    assert now.sum("esker_topic_produced_records_total", topic="q") == 10
    assert now.sum("esker_topic_produced_records_total", topic="dlq.q") == 3
