"""Messages on their way to a producer, and what a partition of them hashes to.

Spool file, big endian: per message i32 partition, i64 timestamp (ms), key, value, i32 header count, then name and value of each
header; a byte string is an i32 length (-1 = null) and the bytes. A partition's digest is SHA-256 over, per message in offset
order, key, value, header count and headers as above, then the i64 timestamp; the content digest leaves the timestamp out.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class Message:
    partition: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[bytes, bytes], ...]


def encode(key: bytes | None, value: bytes | None, headers) -> bytes:
    """The part of a message that both digests and the file share."""
    parts = [_bytes(key), _bytes(value), struct.pack(">i", len(headers))]
    for name, content in headers:
        parts += (_bytes(name), _bytes(content))
    return b"".join(parts)


def _bytes(data: bytes | None) -> bytes:
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


@dataclass
class Digest:
    """Running digests of one partition."""

    count: int = 0
    whole: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    content: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, encoded: bytes, timestamp: int) -> None:
        self.count += 1
        self.content.update(encoded)
        self.whole.update(encoded + struct.pack(">q", timestamp))

    def result(self) -> "Result":
        return Result(self.count, self.whole.hexdigest(), self.content.hexdigest())


@dataclass(frozen=True)
class Result:
    """Digests of one partition: with and without timestamps."""

    count: int
    whole: str
    content: str


def write(file: BinaryIO, message: Message, encoded: bytes) -> None:
    file.write(struct.pack(">iq", message.partition, message.timestamp) + encoded)


def read(path: Path) -> Iterator[Message]:
    """The messages of a spool file, in order."""
    with open(path, "rb", buffering=1 << 20) as file:

        def data() -> bytes | None:
            length, = struct.unpack(">i", file.read(4))
            return None if length < 0 else file.read(length)

        while prefix := file.read(12):
            partition, timestamp = struct.unpack(">iq", prefix)
            key, value = data(), data()
            count, = struct.unpack(">i", file.read(4))
            yield Message(partition, timestamp, key, value, tuple((data(), data()) for _ in range(count)))
