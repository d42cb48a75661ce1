"""Runs every client program once against the broker under test, with the checks that were selected, and reports each as a test."""

import json
import subprocess
import threading
from queue import Empty, Queue

import pytest

from checks import CHECKS, CLIENTS, LEFT_OUT, checks_of

# For one check: none takes longer than about 10 s on an idle machine.
TIME_LIMIT = 120


class Program:
    """A running client program. It prints one line of JSON for each check, in the order asked."""

    def __init__(self, client: str, bootstrap: str, checks: list[str]):
        command = [*map(str, CLIENTS[client]), bootstrap, *checks]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.results: dict[str, dict] = {}
        self.errors: list[str] = []
        self.lines: Queue[str | None] = Queue()
        for read in (self._read_results, self._read_errors):
            threading.Thread(target=read, daemon=True).start()

    def result(self, check: str) -> dict:
        """Waits until the check has ended, so that a test takes as long as its check."""
        while check not in self.results:
            try:
                line = self.lines.get(timeout=TIME_LIMIT)
            except Empty:
                self.process.kill()
                line = None
            if line is None:
                self.lines.put(None)  # for the checks that are still to be asked for
                return {"ok": False, "error": f"no result; the program's last words:\n{''.join(self.errors)[-3000:]}"}
            if line.startswith("{"):
                result = json.loads(line)
                self.results[result["check"]] = result
        return self.results[check]

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def _read_results(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def _read_errors(self) -> None:
        self.errors.extend(self.process.stderr)


@pytest.fixture(scope="session")
def programs(broker, request):
    """The programs by client, started when first asked for."""
    running: dict[str, Program] = {}
    selected: dict[str, list[str]] = {}
    for item in request.session.items:
        if getattr(item, "originalname", None) == test_client.__name__:
            selected.setdefault(item.callspec.params["client"], []).append(item.callspec.params["check"])

    def of(client: str) -> Program:
        if client not in running:
            running[client] = Program(client, broker.bootstrap, selected[client])
        return running[client]

    yield of
    for program in running.values():
        program.stop()


@pytest.mark.parametrize(("client", "check"), [(c, k) for c in CLIENTS for k in checks_of(c)])
def test_client(programs, client, check):
    result = programs(client).result(check)
    assert result["ok"], f"{CHECKS[check]}\n{result['error']}"


def test_the_list_of_left_out_checks_names_real_ones():
    assert {check for reasons in LEFT_OUT.values() for check in reasons} <= set(CHECKS)
    assert LEFT_OUT.keys() == CLIENTS.keys()
