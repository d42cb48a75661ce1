"""Real input: the files this machine happens to have, one message per line or per chunk of a file."""

import itertools
import os
import random
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spool import Digest, Message, Result, encode, write

PARTITIONS = 4
MEGABYTE = 1_000_000
# kcat takes key and line apart at this byte; lines that contain it are left to the other clients.
KCAT_SEPARATOR = b"\x1f"


def roots() -> list[Path]:
    """Places worth reading, most telling first; what does not exist here is skipped."""
    cargo = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    places = [Path("/var/lib/apt/lists"), cargo / "registry", Path(sysconfig.get_path("stdlib")), Path("/usr/share/doc"),
              Path("/var/log"), Path("/usr/include"), Path("/usr/share")]
    try:
        places.append(Path(subprocess.check_output(["rustc", "--print", "sysroot"], text=True).strip()))
    except (OSError, subprocess.CalledProcessError):
        pass
    return [place for place in [*places, Path("/usr/lib")] if place.is_dir()]


def files() -> Iterator[Path]:
    """Readable regular files, taken in turn from every root, so that a small job too has some of each kind."""
    walks = [_walk(root) for root in roots()]
    while walks:
        for walk in list(walks):
            chosen = list(itertools.islice(walk, 20))
            yield from chosen
            if not chosen:
                walks.remove(walk)


def _walk(root: Path) -> Iterator[Path]:
    for directory, subdirectories, names in os.walk(root):
        subdirectories.sort()
        for name in sorted(names):
            path = Path(directory, name)
            if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK) and path.stat().st_size:
                yield path


@dataclass(frozen=True)
class Lot:
    """What one client sends to one topic: a spool file (and, for kcat, files by partition), and what it must come back as."""

    client: str
    codec: str
    path: Path
    size: int
    expected: list[Result]

    @property
    def topic(self) -> str:
        return f"{self.client}-{self.codec}"


def collect(source: Iterator[Path], client: str, codec: str, size: int, line_share: float, directory: Path) -> Lot:
    """Takes files from `source` until there are `size` bytes of values, about `line_share` of them as lines."""
    rng = random.Random(f"{client}-{codec}")
    digests = [Digest() for _ in range(PARTITIONS)]
    base = int(time.time() * 1000) - 3_600_000
    path = directory / f"{client}-{codec}"
    as_lines = as_chunks = 0
    with open(path, "wb", buffering=1 << 20) as spool:
        for number, file in enumerate(source):
            lines = as_lines <= line_share * (as_lines + as_chunks) and _is_text(file)
            room = size - as_lines - as_chunks
            enough = room - size // 20  # no file fills more than a twentieth
            for key, value, headers in _messages(file, lines, rng):
                partition = rng.randrange(PARTITIONS)
                message = Message(partition, base + number, key, value, headers)
                encoded = encode(key, value, headers)
                digests[partition].add(encoded, message.timestamp)
                write(spool, message, encoded)
                room -= len(value or b"")
                if lines:
                    as_lines += len(value or b"")
                else:
                    as_chunks += len(value or b"")
                if room <= 0:
                    return Lot(client, codec, path, size - room, [d.result() for d in digests])
                if room <= enough:
                    break
    raise RuntimeError(f"this machine has too few files: {as_lines + as_chunks} of {size} bytes")


def _is_text(file: Path) -> bool:
    with open(file, "rb") as content:
        return b"\0" not in content.read(4096)


def _messages(file: Path, lines: bool, rng: random.Random):
    """(key, value, headers) per line or chunk. Now and then a key or value is null, as real topics have it."""
    headers = ((b"file", os.fsencode(file.name)), (b"kind", b"line" if lines else b"chunk"))
    with open(file, "rb", buffering=1 << 18) as content:
        if lines:
            for number, line in enumerate(content, 1):
                value = line.rstrip(b"\n")[:900_000]
                yield (os.fsencode(file.stem) if number % 16 else None), value or (None if number % 16 else b""), headers
        else:
            while chunk := content.read(rng.randrange(1_000, 65_536)):
                yield os.fsencode(file.name), chunk, headers + ((b"position", b"%d" % content.tell()),)
