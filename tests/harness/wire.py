"""Just enough of the Kafka protocol to misuse it."""

import random
import socket
import struct

from kafka.record.default_records import DefaultRecordBatchBuilder

PRODUCE, FETCH, METADATA, API_VERSIONS = 0, 1, 3, 18


class Connection:
    """A raw connection. Reads time out after `patience` seconds."""

    def __init__(self, port: int, patience: float = 10.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data: bytes) -> "Connection":
        """Sends what the other side still takes; it may hang up on us at any moment."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def closed_by_peer(self) -> bool:
        """Whether the other side hangs up (answers before that are read and dropped) before the patience ends."""
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def answer(self) -> bytes:
        """The body of the next response."""
        length, = struct.unpack(">i", self._exactly(4))
        return self._exactly(length)[4:]

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            chunk = self.socket.recv(count - len(data))
            if not chunk:
                raise ConnectionError("closed by the broker")
            data += chunk
        return data


def frame(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


def request(api: int, version: int, body: bytes, flexible: bool = False, correlation: int = 7) -> bytes:
    """A whole request with its header."""
    return frame(struct.pack(">hhi", api, version, correlation) + string("hostile") + (b"\0" if flexible else b"") + body)


def string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def batch(values: list[bytes], codec: int = 0) -> bytearray:
    """A record batch as a client builds it."""
    builder = DefaultRecordBatchBuilder(2, codec, False, -1, -1, -1, 1 << 20)
    for offset, value in enumerate(values):
        builder.append(offset, 1_700_000_000_000, None, value, [])
    return bytearray(builder.build())


def produce(topic: str, partition: int, records: bytes) -> bytes:
    """Produce version 3, acks = all."""
    body = struct.pack(">h", -1) + struct.pack(">hi", -1, 5000) + struct.pack(">i", 1) + string(topic)
    return request(PRODUCE, 3, body + struct.pack(">iii", 1, partition, len(records)) + bytes(records))


def produce_error(answer: bytes, topic: str) -> int:
    """The error code of the one partition in a Produce version 3 response."""
    return struct.unpack_from(">h", answer, 4 + 2 + len(topic) + 4 + 4)[0]


def fetch(topic: str, partitions: int, max_bytes: int, correlation: int) -> bytes:
    """Fetch version 4 of every partition from offset 0."""
    body = struct.pack(">iiiib", -1, 100, 1, max_bytes, 0) + struct.pack(">i", 1) + string(topic) + struct.pack(">i", partitions)
    body += b"".join(struct.pack(">iqi", p, 0, max_bytes) for p in range(partitions))
    return request(FETCH, 4, body, correlation=correlation)


def lying_counts() -> list[bytes]:
    """Requests of many kinds whose first array says it has two billion elements (or bytes)."""
    huge, varint = struct.pack(">i", 0x7FFFFFFF), b"\xff\xff\xff\xff\x07"
    old = [
        (METADATA, 1, huge), (2, 1, struct.pack(">i", -1) + huge), (19, 2, huge), (20, 1, huge), (37, 0, huge), (21, 0, huge),
        (15, 0, huge), (42, 0, huge), (32, 1, huge), (33, 0, huge), (44, 0, huge), (9, 1, string("group") + huge),
        (PRODUCE, 3, struct.pack(">hhi", -1, -1, 5000) + huge), (FETCH, 4, struct.pack(">iiiib", -1, 1, 1, 1, 0) + huge),
        (8, 2, string("group") + struct.pack(">i", 1) + string("member") + struct.pack(">q", -1) + huge),
        (11, 0, string("group") + struct.pack(">i", 9000) + string("") + string("consumer") + huge),
        (14, 0, string("group") + struct.pack(">i", 1) + string("member") + huge),
        (PRODUCE, 3, struct.pack(">hhi", -1, -1, 5000) + struct.pack(">i", 1) + string("t") + struct.pack(">ii", 1, 0) + huge),
    ]
    flexible = [(METADATA, 12, varint), (19, 7, varint), (20, 6, varint), (8, 8, b"\x06group" + varint), (9, 8, varint),
                (PRODUCE, 9, b"\0" + struct.pack(">hi", -1, 5000) + varint), (API_VERSIONS, 3, varint), (16, 4, varint),
                (60, 0, b"\0" + varint), (75, 0, varint), (FETCH, 12, struct.pack(">iiiibii", -1, 1, 1, 1, 0, 0, -1) + varint)]
    tagged = [(api, version, b"\0" * 8 + varint * 3) for api, version, _ in flexible]
    return [request(*r) for r in old] + [request(*r, flexible=True) for r in flexible + tagged]


def nonsense(seed: int, count: int):
    """Well-framed requests whose contents are random."""
    rng = random.Random(seed)
    for _ in range(count):
        body = rng.randbytes(rng.choice((0, 1, 5, 20, 100, 1000)))
        yield request(rng.randrange(0, 93), rng.randrange(0, 19), body, flexible=rng.random() < 0.5)
