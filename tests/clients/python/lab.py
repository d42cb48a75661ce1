"""What the Python client programs share: the runner (one JSON line per check) and expectations."""

import asyncio
import inspect
import json
import sys
import time
import traceback
import uuid
from contextlib import contextmanager

DEADLINE = 30.0


class Lab:
    """What one check works with: unique names, and things to close at its end."""

    def __init__(self, bootstrap: str, client: str, check: str):
        self.bootstrap = bootstrap
        self.prefix = f"{client}-{check.replace('_', '-')}-{uuid.uuid4().hex[:8]}"
        self.closers = []

    def name(self, suffix: str) -> str:
        """A name no other check or run uses."""
        return f"{self.prefix}-{suffix}"

    def keep(self, thing, close=None):
        """Closes `thing` when the check ends."""
        self.closers.append(close or thing.close)
        return thing

    def close(self):
        for close in reversed(self.closers):
            close()


def main(client: str, checks: dict, lab_class=Lab) -> None:
    """Usage: program BOOTSTRAP CHECK..."""
    bootstrap, *names = sys.argv[1:]
    failed = False
    for name in names:
        start, error = time.monotonic(), None
        try:
            _run(checks[name], lab_class(bootstrap, client, name))
        except Exception as problem:  # every failure of a check is its result
            traceback.print_exc()
            error = f"{type(problem).__name__}: {problem}"
        failed |= error is not None
        seconds = round(time.monotonic() - start, 2)
        print(json.dumps({"check": name, "ok": error is None, "seconds": seconds, "error": error}), flush=True)
    sys.exit(failed)


def _run(check, lab) -> None:
    if inspect.iscoroutinefunction(check):
        asyncio.run(check(lab))
        return
    try:
        check(lab)
    finally:
        lab.close()


def until(what: str, condition):
    """Calls `condition`, which is expected to take a moment itself (a poll), until it returns something true."""
    deadline = time.monotonic() + DEADLINE
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)
    return result


def equal(expected, actual, what: str) -> None:
    assert expected == actual, f"{what}: expected {expected!r}, got {actual!r}"


@contextmanager
def raises(kind, test=lambda error: True):
    """The block must fail with `kind`, and `test` must agree with the error."""
    try:
        yield
    except kind as error:
        assert test(error), f"failed with {error!r}"
    else:
        raise AssertionError(f"succeeded instead of failing with {kind}")


def sample_records(count: int, partitions: int):
    """Records with every shape of key, value and headers: (partition, timestamp, key, value, headers)."""
    now = int(time.time() * 1000) - 1000
    for i in range(count):
        key = None if i % 5 == 0 else b"" if i % 7 == 0 else b"key-%d" % i
        value = None if i % 11 == 0 and key is not None else b"" if i % 13 == 0 else b"value-%d" % i
        headers = [("twice", b"a%d" % i), ("twice", b"b%d" % i), ("empty", b"")] if i % 2 == 0 else []
        yield i % partitions, now + i, key, value, headers


def compressible(count: int):
    """Values that compress about to half."""
    for i in range(count):
        size = i * 37 % 2000
        yield b"x" * (size // 2) + bytes((i * j * 31 + j) % 256 for j in range(size // 2))
