"""S3 endpoints over HTTP: this project's own (with faults on request) and moto as an independent second."""

import sys
import urllib.request
from pathlib import Path

from .paths import binary
from .process import Process, accepts, free_port
from .wait import until

BUCKET = "esker"
ACCESS_KEY, SECRET_KEY = "esker-test", "esker-test-secret"


class S3Endpoint:
    """A running endpoint with one empty bucket."""

    def __init__(self, directory: Path, kind: str = "esker-test-s3", host: str = "127.0.0.1"):
        self.host, self.port = host, free_port()
        self.url = f"http://{host}:{self.port}"
        if kind == "moto":
            command = [sys.executable, "-m", "moto.server", "-H", host, "-p", self.port]
        else:
            command = [binary("esker-test-s3"), "--root", directory / "buckets", "--host", host, "--port", self.port, "--bucket", BUCKET]
        self.kind, self.command, self.log = kind, command, directory / f"{kind}.log"
        self.start()
        if kind == "moto":
            urllib.request.urlopen(urllib.request.Request(f"{self.url}/{BUCKET}", method="PUT"), timeout=10).close()

    def start(self) -> None:
        """Starts it, also again on what it has stored."""
        self.process = Process(self.command, self.log)
        until(f"{self.kind} accepts connections", lambda: accepts(self.port, self.host), 60)

    def settings(self, prefix: str = "test", port: int | None = None) -> dict:
        """The broker settings that make it this broker's object store; `port` when it is to come through a proxy."""
        return {
            "object_store.url": f"s3://{BUCKET}/{prefix}",
            "object_store.endpoint": f"http://127.0.0.1:{port or self.port}",
            "object_store.region": "us-east-1",
            "object_store.access_key_id": ACCESS_KEY,
            "object_store.secret_access_key": SECRET_KEY,
        }

    def faults(self, query: str = "") -> dict:
        """Changes the faults of the project's own endpoint, for example `outage=true` or `fail_rate=0.1`: what they are then."""
        request = urllib.request.Request(f"{self.url}/-/faults?{query}", method="PUT")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(line.split("=", 1) for line in answer.read().decode().splitlines())

    def actions(self) -> dict[str, set[str]]:
        """The actions of an access policy that requests to the project's own endpoint needed so far, each with where:
        bucket and first part of the key."""
        found: dict[str, set[str]] = {}
        with urllib.request.urlopen(f"{self.url}/-/actions", timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                action, where = line.rpartition("=")[0].split(" ", 1)
                found.setdefault(action, set()).add(where)
        return found

    def stop(self) -> None:
        self.process.stop()
