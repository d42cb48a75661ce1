"""kcat's part of the main job. Its command line gives a run of messages one partition and one set of headers, and takes either
lines with a key in front or whole files; so its lots are made of such runs."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from collect import KCAT_SEPARATOR, PARTITIONS, Lot
from spool import Digest, encode

LARGEST_FILE = 900_000


def collect_for_kcat(source: Iterator[Path], codec: str, size: int, line_share: float, directory: Path) -> Lot:
    """A directory with `P.lines` (key, separator, line) and `P.files` (one path a line) for every partition P."""
    path = directory / f"kcat-{codec}"
    path.mkdir()
    expected, total = [], 0
    for partition in range(PARTITIONS):
        digest, lines_size, files_size = Digest(), 0, 0
        headers = headers_of(codec, partition)
        with open(path / f"{partition}.lines", "wb") as lines, open(path / f"{partition}.files", "wb") as files:
            whole = []
            for file in source:
                if files_size < size / PARTITIONS * (1 - line_share) and file.stat().st_size < LARGEST_FILE:
                    content = file.read_bytes()
                    whole.append(encode(b"whole", content, headers))
                    files.write(os.fsencode(file) + b"\n")
                    files_size += len(content)
                elif lines_size < size / PARTITIONS * line_share:
                    for key, line in _lines(file):
                        if lines_size >= size / PARTITIONS * line_share:
                            break
                        lines.write(key + KCAT_SEPARATOR + line + b"\n")
                        digest.add(encode(key, line, headers), 0)
                        lines_size += len(line)
                if files_size + lines_size >= size / PARTITIONS:
                    break
            else:
                raise RuntimeError("this machine has too few files")
        for encoded in whole:
            digest.add(encoded, 0)
        expected.append(digest.result())
        total += lines_size + files_size
    return Lot("kcat", codec, path, total, expected)


def _lines(file: Path):
    content = file.read_bytes()
    if b"\0" in content[:4096]:
        return
    for line in content.split(b"\n"):
        if line and KCAT_SEPARATOR not in line and len(line) < LARGEST_FILE:
            yield os.fsencode(file.stem).replace(KCAT_SEPARATOR, b""), line


def headers_of(codec: str, partition: int) -> list[tuple[bytes, bytes]]:
    return [(b"codec", codec.encode()), (b"partition", b"%d" % partition), (b"codec", b"again")]


def send(bootstrap: str, lot: Lot) -> None:
    """Produces a lot with kcat, one run for the lines and one for the files of each partition."""
    for partition in range(PARTITIONS):
        command = [b"kcat", b"-P", b"-b", bootstrap.encode(), b"-t", lot.topic.encode(), b"-p", b"%d" % partition,
                   b"-z", lot.codec.encode(), b"-X", b"enable.idempotence=true", b"-X", b"broker.address.family=v4",
                   b"-X", b"linger.ms=20"]
        for name, value in headers_of(lot.codec, partition):
            command += [b"-H", name + b"=" + value]
        with open(lot.path / f"{partition}.lines", "rb") as lines:
            subprocess.run([*command, b"-K", KCAT_SEPARATOR], stdin=lines, check=True, timeout=900)
        files = (lot.path / f"{partition}.files").read_bytes().splitlines()
        for first in range(0, len(files), 2000):  # a command line holds only so many names
            subprocess.run([*command, b"-k", b"whole", *files[first:first + 2000]], stdin=subprocess.DEVNULL, check=True, timeout=900)
