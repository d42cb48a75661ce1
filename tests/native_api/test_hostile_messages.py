"""Nonsense, too much, and too many on the native API's port: a well-behaved client does not notice."""

import contextlib
import random
import socket
import threading
import uuid

import grpc
import pytest
from streams import Consuming, Producing, reason

from harness.esker import EskerBroker

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MEGABYTE = 1 << 20


@pytest.fixture
def broker(broker_kind, tmp_path):
    """A broker with little memory for this API."""
    if broker_kind != "esker":
        pytest.skip("only Esker has this API")
    broker = EskerBroker(tmp_path / "esker", {"limits.api_message_bytes": MEGABYTE, "limits.api_request_bytes_total": 2 * MEGABYTE,
                                              "limits.api_stream_bytes_total": 3 * MEGABYTE}).start()
    yield broker
    broker.stop()
    assert not broker.panics()
    broker.remove()


@pytest.fixture
def topic(broker):
    name = f"hostile-{uuid.uuid4().hex[:8]}"
    broker.cli("topic", "create", name, "--partitions", 2, "--bootstrap", broker.bootstrap)
    return name


def works(pb, stub, topic: str) -> None:
    stream = Producing(pb, stub)
    ack = stream.write(topic, [b"fine"], partition=1)
    assert ack.HasField("written"), ack
    stream.close()
    where = [pb.PartitionPosition(partition=1, start=pb.Position(offset=ack.written.first_offset))]
    assert Consuming(pb, stub, topic, partitions=where, until_end=True, message_bytes=1000).rest()[0][2] == b"fine"


def test_bytes_that_are_no_request(broker, client, stubs, topic):
    rng = random.Random(7)
    settings = b"\0\0\0\4\0\0\0\0\0"
    noise = [rng.randbytes(rng.choice((1, 9, 100, 5000))) for _ in range(100)]
    starts = [b"", PREFACE, PREFACE + settings, b"GET / HTTP/1.1\r\n\r\n", PREFACE + settings + b"\xff\xff\xff\1\4\0\0\0\1"]
    for number, junk in enumerate(noise):
        with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", broker.api_port), timeout=10) as connection:
            connection.sendall(starts[number % len(starts)] + junk)
    works(stubs[0], client(broker), topic)


def raw(channel, method: str, messages: list[bytes]):
    """A call of bytes that need be no message."""
    call = channel.stream_stream(f"/esker.v1.Streams/{method}", request_serializer=bytes, response_deserializer=bytes)
    with pytest.raises(grpc.RpcError) as caught:
        list(call(iter(messages), timeout=30))
    return caught.value.code()


def test_messages_that_are_none(broker, client, stubs, topic):
    rng = random.Random(8)
    codes = set()
    with grpc.insecure_channel(f"127.0.0.1:{broker.api_port}") as channel:
        for _ in range(200):
            junk = [rng.randbytes(rng.choice((0, 1, 10, 1000))) for _ in range(rng.randrange(1, 4))]
            codes.add(raw(channel, rng.choice(["Produce", "Consume"]), junk))
        codes.add(raw(channel, "Nothing", [b""]))
    expected = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED}
    assert grpc.StatusCode.UNIMPLEMENTED in codes and codes <= expected, codes
    works(stubs[0], client(broker), topic)


def test_too_much_is_refused_and_counted(broker, client, stubs, topic):
    pb, stub = stubs[0], client(broker)
    stream = Producing(pb, stub)
    stream.send(1, topic, [b"x" * MEGABYTE], partition=0)
    with pytest.raises(grpc.RpcError) as caught:
        stream.ack()
    assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    works(pb, stub, topic)


def test_readers_that_take_nothing_leave_room_for_others(broker, client, stubs, topic):
    pb, stub = stubs[0], client(broker)
    stream = Producing(pb, stub)
    for _ in range(30):
        assert stream.write(topic, [b"x" * 1000] * 500, partition=0).HasField("written")
    stream.close()
    # They give credit for all of it, ask for more at once than there is memory for, and read no further than the opening.
    begin = {"start": pb.Position(earliest=pb.Unit()), "message_bytes": MEGABYTE}
    lazy = [Consuming(pb, client(broker), topic, **begin) for _ in range(10)]
    works(pb, stub, topic)
    assert broker.metric("process_resident_memory_bytes") < 600 * MEGABYTE
    for stream in lazy[1:]:
        stream.cancel()
    assert len(lazy[0].take(15_000)) >= 15_000, "all of it, once it does read"
    lazy[0].cancel()


def test_many_large_writers_stay_inside_the_budget(broker, client, stubs, topic):
    pb = stubs[0]
    outcomes, lock = [], threading.Lock()

    def write(number: int) -> None:
        stub = client(broker)
        try:
            stream = Producing(pb, stub)
            for part in range(10):
                ack = stream.write(topic, [b"x" * 900_000], partition=number % 2)
                outcome = "written" if ack.HasField("written") else reason(ack.error)
                with lock:
                    outcomes.append(outcome)
            stream.close()
        except grpc.RpcError as error:
            with lock:
                outcomes.append(reason(error))
    threads = [threading.Thread(target=write, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    assert outcomes.count("written") > 0 and set(outcomes) <= {"written", "BROKER_BUSY"}, outcomes
    assert broker.metric("process_resident_memory_bytes") < 600 * MEGABYTE
    works(pb, client(broker), topic)


def test_streams_that_say_nothing_hold_nothing(broker, client, stubs, topic):
    pb = stubs[0]
    channels = [grpc.insecure_channel(f"127.0.0.1:{broker.api_port}", options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(20)]
    silent = threading.Event()

    def nothing():
        silent.wait(60)
        return
        yield
    calls = [stubs[1].StreamsStub(channel).Produce(nothing()) for channel in channels for _ in range(50)]
    works(pb, client(broker), topic)
    for call in calls:
        call.cancel()
    silent.set()
    for channel in channels:
        channel.close()
