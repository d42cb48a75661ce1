"""Runs every client program once against the broker under test and reports each of its checks as a test."""

import json
import subprocess

import pytest

from checks import CHECKS, CLIENTS, LEFT_OUT, checks_of

TIME_LIMIT = 240


@pytest.fixture(scope="session")
def outcome(broker):
    """Runs a client's whole list on first use; answers single checks from it."""
    finished: dict[str, tuple[dict, str]] = {}

    def of(client: str, check: str) -> dict:
        if client not in finished:
            finished[client] = run(client, broker.bootstrap)
        results, output = finished[client]
        return results.get(check) or {"ok": False, "error": f"no result; the program's last words:\n{output[-3000:]}"}

    return of


def run(client: str, bootstrap: str) -> tuple[dict, str]:
    command = [*map(str, CLIENTS[client]), bootstrap, *checks_of(client)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT)
        stdout, stderr = done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        stdout, stderr = ((part or b"").decode(errors="replace") for part in (late.stdout, late.stderr))
    results = [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]
    return {r["check"]: r for r in results}, stderr


@pytest.mark.parametrize(("client", "check"), [(c, k) for c in CLIENTS for k in checks_of(c)])
def test_client(outcome, client, check):
    result = outcome(client, check)
    assert result["ok"], f"{CHECKS[check]}\n{result['error']}"


def test_the_list_of_left_out_checks_names_real_ones():
    assert {check for reasons in LEFT_OUT.values() for check in reasons} <= set(CHECKS)
    assert LEFT_OUT.keys() == CLIENTS.keys()
