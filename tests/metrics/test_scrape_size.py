"""A node with 10,000 partitions at default settings: a scrape takes at most 100 ms and 1 MB."""

import statistics
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from harness.esker import EskerBroker
from scraping import Scrape

# More topics than have figures of their own.
TOPICS, PARTITIONS = 1_250, 8
OWN = 1_000
SCRAPES = 20
MOST_BYTES, MOST_SECONDS = 1_000_000, 0.1


@pytest.fixture
def node(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("metrics of Esker")
    broker = EskerBroker(tmp_path / "node", tuned=False).start()
    yield broker
    broker.stop()
    assert not broker.panics()


def test_a_scrape_of_ten_thousand_partitions(node):
    names = [f"orders-of-a-region-{number:05}" for number in range(TOPICS)]
    admin = AdminClient({"bootstrap.servers": node.bootstrap})
    for first in range(0, TOPICS, 250):
        made = admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names[first:first + 250]], request_timeout=60)
        for future in made.values():
            future.result(60)
    failed = []
    producer = Producer({"bootstrap.servers": node.bootstrap, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000})
    for name in names:
        for partition in range(PARTITIONS):
            producer.produce(name, b"x" * 100, partition=partition, on_delivery=lambda error, _: error and failed.append(error))
        producer.poll(0)
    assert producer.flush(120) == 0 and not failed, failed[:3]
    # A group with a place in every one of them.
    consumer = Consumer({"bootstrap.servers": node.bootstrap, "group.id": "readers", "enable.auto.commit": False})
    places = [TopicPartition(name, partition, 1) for name in names for partition in range(PARTITIONS)]
    for first in range(0, len(places), 1000):
        consumer.commit(offsets=places[first:first + 1000], asynchronous=False)
    consumer.close()

    took, page = [], ""
    for _ in range(SCRAPES):
        begun = time.monotonic()
        page = node.http("/metrics")
        took.append(time.monotonic() - begun)
    size, best = len(page.encode()), min(took)
    print(f"{TOPICS * PARTITIONS} partitions: {size} bytes, median {statistics.median(took) * 1000:.1f} ms, "
          f"best {best * 1000:.1f} ms of {SCRAPES} scrapes", flush=True)
    scrape = Scrape(page)
    # Those of the group coordinator's topic too.
    assert scrape.sum("esker_partitions") == scrape.sum("esker_partitions_led") >= TOPICS * PARTITIONS
    assert scrape.sum("esker_partition_rows") >= TOPICS * PARTITIONS
    topics = scrape.labels("esker_topic_produced_records_total", "topic")
    assert len(topics) == OWN + 1 and "(other)" in topics
    # Nothing is lost by that, and the coordinator's own topic is no client's.
    mine = (scrape.sum("esker_topic_produced_records_total") - scrape.sum("esker_topic_produced_records_total", topic="__consumer_offsets"))
    assert mine >= TOPICS * PARTITIONS
    assert len(scrape.all("esker_group_lag_records", group="readers")) == OWN
    assert scrape.sum("esker_group_lag_records") == 0
    assert "esker_partition_log_end_offset" not in scrape.families
    assert size <= MOST_BYTES
    assert best <= MOST_SECONDS
