"""The command line tool against a running broker."""

import json
import subprocess

import pytest

from harness.paths import binary


class Cli:
    """`esker` with a broker's address and JSON output."""

    def __init__(self, bootstrap: str):
        self.bootstrap = bootstrap

    def run(self, *args, output: str = "json") -> subprocess.CompletedProcess:
        command = [binary("esker"), *map(str, args), "--bootstrap", self.bootstrap, "--output", output]
        return subprocess.run(command, capture_output=True, timeout=60, text=True)

    def __call__(self, *args):
        """The JSON document that the command writes; it must succeed."""
        done = self.run(*args)
        assert done.returncode == 0, f"esker {' '.join(map(str, args))}: {done.stderr}"
        return json.loads(done.stdout)

    def text(self, *args) -> str:
        done = self.run(*args, output="text")
        assert done.returncode == 0, f"esker {' '.join(map(str, args))}: {done.stderr}"
        return done.stdout

    def refused(self, *args) -> str:
        """The complaint; it must fail."""
        done = self.run(*args)
        assert done.returncode == 1, f"esker {' '.join(map(str, args))}: {done.returncode}: {done.stdout} {done.stderr}"
        return json.loads(done.stderr)["error"]


@pytest.fixture
def cli(broker) -> Cli:
    return Cli(broker.bootstrap)
