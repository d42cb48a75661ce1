"""Traces as an OpenTelemetry collector gets them, and log lines that name their request.

The collector is the protocol's own service, generated from OpenTelemetry's published definitions.
"""

import json
import subprocess
import threading
from concurrent import futures

import grpc
import pytest
from confluent_kafka import Consumer, Producer
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from harness.esker import EskerBroker, write_toml
from harness.paths import binary
from harness.process import free_port
from harness.wait import until


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Keeps every span with the attributes of its resource."""

    def __init__(self):
        self.spans, self.lock = [], threading.Lock()
        self.server = grpc.server(futures.ThreadPoolExecutor(2))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def Export(self, request, context):  # noqa: N802 (the service's name for it)
        with self.lock:
            for of_resource in request.resource_spans:
                resource = attributes(of_resource.resource)
                for scope in of_resource.scope_spans:
                    self.spans += [(resource, span) for span in scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()

    def named(self, name: str) -> list:
        with self.lock:
            return [(resource, span) for resource, span in self.spans if span.name == name]

    def stop(self):
        self.server.stop(None).wait()


def attributes(owner) -> dict:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in owner.attributes}


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.stop()


def broker_with(directory, settings):
    return EskerBroker(directory, {"log.format": "json", **settings})


def produce(broker, count=20):
    producer = Producer({"bootstrap.servers": broker.bootstrap, "client.id": "orders-service", "linger.ms": 0})
    for number in range(count):
        producer.produce("traced", f"value {number}")
        producer.flush(30)


def consume(broker, count=20):
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "g", "auto.offset.reset": "earliest"})
    consumer.subscribe(["traced"])
    got = []
    until("all records", lambda: got.extend(consumer.consume(100, 0.2)) or len(got) >= count)
    consumer.close()


@pytest.mark.timeout(120)
def test_requests_are_traced(broker_kind, tmp_path, collector):
    if broker_kind != "esker":
        pytest.skip("Esker's own")
    settings = {"traces.otlp_endpoint": f"http://127.0.0.1:{collector.port}", "traces.sample_ratio": 1.0, "node.id": 7,
                "traces.service_name": "events"}
    broker = broker_with(tmp_path, settings).start()
    produce(broker)
    consume(broker)
    # The last ones are sent when the broker stops.
    broker.stop()
    produced = collector.named("Produce")
    assert len(produced) >= 20, "every request"
    resource, span = produced[-1]
    assert (resource["service.name"], resource["service.instance.id"]) == ("events", "7")
    said = attributes(span)
    assert said["client_id"] == "orders-service" and said["client"].startswith("127.0.0.1:"), said
    assert said["correlation_id"] > 0 and span.kind == span.SPAN_KIND_SERVER
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 60e9
    for name in ["Fetch", "Metadata", "JoinGroup", "OffsetCommit"]:
        assert collector.named(name), f"no {name} among {sorted({span.name for _, span in collector.spans})}"
    roots = {span.trace_id for _, span in collector.spans if not span.parent_span_id}
    assert all(span.trace_id in roots for _, span in collector.spans), "each request is a trace of its own"


@pytest.mark.timeout(120)
def test_what_a_request_waits_for_in_the_object_store_is_in_its_trace(broker_kind, tmp_path, collector):
    if broker_kind != "esker":
        pytest.skip("Esker's own")
    settings = {"traces.otlp_endpoint": f"http://127.0.0.1:{collector.port}", "traces.sample_ratio": 1.0}
    broker = broker_with(tmp_path, settings).start()
    produce(broker)
    broker.stop()
    assert collector.named("offload"), "what stopping has uploaded"
    broker.forget_log()
    broker.start()
    consume(broker)
    broker.stop()
    by_id = {span.span_id: span for _, span in collector.spans}
    (_, read), *_ = [(span, parent) for _, span in collector.named("archive_read") if (parent := by_id.get(span.parent_span_id))]
    assert read.name == "Fetch", read

    def root(span):
        return root(by_id[span.parent_span_id]) if span.parent_span_id in by_id else span
    reads = [span for _, span in collector.named("object_store") if attributes(span)["operation"] == "get"]
    assert any(root(span).name == "Fetch" for span in reads), [root(span).name for span in reads]
    assert all(attributes(span)["path"] for span in reads)


@pytest.mark.timeout(120)
def test_a_share_of_requests_is_traced_and_nothing_without_an_endpoint(broker_kind, tmp_path, collector):
    if broker_kind != "esker":
        pytest.skip("Esker's own")
    settings = {"traces.otlp_endpoint": f"http://127.0.0.1:{collector.port}", "traces.sample_ratio": 0.1}
    broker = broker_with(tmp_path, settings).start()
    produce(broker, 300)
    broker.stop()
    # 30 of 300 on average; fewer than 3 or more than 120 once in 10^9 runs.
    assert 3 <= len(collector.named("Produce")) <= 120


@pytest.mark.timeout(120)
def test_a_collector_that_is_away_harms_nobody(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("Esker's own")
    settings = {"traces.otlp_endpoint": f"http://127.0.0.1:{free_port()}", "traces.sample_ratio": 1.0}
    broker = broker_with(tmp_path, settings).start()
    produce(broker)
    consume(broker)
    broker.stop()
    assert not broker.panics()


@pytest.mark.timeout(120)
def test_log_lines_name_their_request(broker_kind, tmp_path):
    if broker_kind != "esker":
        pytest.skip("Esker's own")
    broker = broker_with(tmp_path, {}).start()
    produce(broker, 1)
    broker.stop()
    lines = [json.loads(line) for line in broker.process.log_text().splitlines()]
    assert all({"timestamp", "level", "fields", "target"} <= set(line) for line in lines)
    created = [line for line in lines if line["fields"]["message"].startswith("topic created") and
               line["fields"].get("topic") == "traced"]
    assert len(created) == 1, "one line for one event"
    request = created[0]["span"]
    assert request["otel.name"] == "Metadata" and request["client_id"] == "orders-service", request
    assert request["client"].startswith("127.0.0.1:") and request["correlation_id"] > 0


@pytest.mark.parametrize(("settings", "named"), [
    ({"traces.otlp_endpoint": "collector:4317"}, "traces.otlp_endpoint"),
    ({"traces.sample_ratio": 1.5}, "traces.sample_ratio"),
    ({"traces.level": "esker=loud"}, "traces.level"),
    ({"log.level": "esker=loud"}, "log.level"),
    ({"log.format": "yaml"}, "log.format"),
    ({"traces.timeout_ms": 5}, "traces.timeout_ms"),
])
def test_wrong_settings_are_refused_by_name(broker_kind, tmp_path, settings, named):
    if broker_kind != "esker":
        pytest.skip("Esker's own")
    if named == "traces.level":
        settings = {**settings, "traces.otlp_endpoint": "http://127.0.0.1:1"}
    broker = broker_with(tmp_path, settings)
    broker.launch()
    until("it ends", lambda: not broker.process.alive())
    assert named in broker.process.log_text()
    checked = subprocess.run([binary("esker"), "broker", "--config", broker.config, "--check"], capture_output=True, text=True)
    assert (checked.returncode, named in checked.stderr) == (2, True), checked


@pytest.mark.parametrize(("settings", "code", "said"), [
    ({}, 0, "is fine"),
    ({"object_store.url": "ftp://bucket"}, 2, "object_store.url"),
    ({"object_store.urk": "s3://bucket"}, 2, "object_store.url"),
    ({"node.shards": 0}, 2, "node.shards"),
])
def test_a_configuration_is_checked_without_a_start(tmp_path, settings, code, said):
    broker = broker_with(tmp_path, {"object_store.url": "s3://bucket/prefix", "meta.url": "etcd://nowhere:2379/events", **settings})
    write_toml(broker.config, broker.settings)
    checked = subprocess.run([binary("esker"), "broker", "--config", broker.config, "--check"], capture_output=True, text=True)
    assert (checked.returncode, said in checked.stderr) == (code, True), checked
    assert not broker.data.exists(), "nothing is made"
