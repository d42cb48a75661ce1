"""Rules and dashboards as they are written, by promtool and by what they are generated from."""

import importlib
import json
import re
import subprocess
import sys

from harness.paths import ROOT, binary
from prom import promtool
from shortened import shortened

CHART = ROOT / "helm" / "esker"
RULES = CHART / "alerts" / "alerts.yaml"


def test_promtool_finds_nothing_wrong():
    said = promtool("check", "rules", RULES)
    assert re.search(r"SUCCESS: (\d+) rules found", said).group(1) == str(len(re.findall(r"- alert: ", RULES.read_text())))


def test_the_rules_fire_when_they_should():
    """promtool's own unit tests: edges, at the durations that the rules have."""
    assert "SUCCESS" in promtool("test", "rules", ROOT / "tests" / "monitoring" / "alerts_unit.yaml")


def test_only_durations_and_thresholds_are_shortened():
    """What the test with a real Prometheus changes is what it says."""
    text = RULES.read_text()
    fast = shortened(text, offloadLagSeconds=5)
    assert "> 5 # thresholds.offloadLagSeconds" in fast and "for: 15s" in fast and "[15s:1s]" in fast and "[5s]" in fast

    def rest(rules: str) -> str:
        return re.sub(r"\[[0-9smh:]+\]|for: \d+[smh]|> 900 #|> 5 #", "", rules)
    assert rest(text) == rest(fast) != text


def test_dashboards_are_what_is_generated(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "helm" / "dashboards"), *sys.path])
    boards, text = importlib.import_module("boards").BOARDS, importlib.import_module("board").text
    found = {path.stem: path.read_text() for path in (CHART / "dashboards").iterdir()}
    assert found == {name: text(name, board) for name, board in boards.items()}, "run `make dashboards`"


def test_panels_are_complete():
    for path in (CHART / "dashboards").iterdir():
        board = json.loads(path.read_text())
        names = {variable["name"] for variable in board["templating"]["list"]}
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids)) and {"datasource", "namespace", "job", "instance"} <= names
        for panel in board["panels"]:
            if panel["type"] == "row":
                continue
            assert panel["title"] and panel["description"] and panel["fieldConfig"]["defaults"]["unit"], panel
            for target in panel["targets"]:
                assert target["datasource"]["uid"] == "${datasource}"
                used = set(re.findall(r"\$(\w+)", target["expr"])) - {"__rate_interval"}
                assert used <= names, (path.name, panel["title"], used)


def test_every_metric_of_rules_and_panels_is_documented():
    """docs/metrics.md names each of them."""
    page = (ROOT / "docs" / "metrics.md").read_text()
    expressions = [RULES.read_text()]
    for path in (CHART / "dashboards").iterdir():
        expressions += [target["expr"] for panel in json.loads(path.read_text())["panels"] for target in panel.get("targets", [])]
    used = set(re.findall(r"\b(?:esker|process)_[a-z_]+", " ".join(expressions)))
    assert len(used) > 50
    unknown = {name for name in used if name not in page and re.sub(r"_(bucket|sum|count|total|info)$", "", name) not in page}
    assert not unknown


def test_pages_name_commands_that_there_are():
    """Every `esker ...` of a runbook, with its options."""
    lines = [line for page in (ROOT / "docs" / "runbooks").glob("Esker*.md") for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.S)
             for line in block.splitlines()]
    commands = {found.group(1).strip() for line in lines if (found := re.search(r"-- esker ([^#|]*)", line))}
    assert len(commands) > 8
    for command in commands:
        words = command.split()
        path = [word for word in words[:2] if re.fullmatch("[a-z-]+", word) and not word.startswith("-")]
        said = subprocess.run([binary("esker"), *path, "--help"], capture_output=True, text=True, timeout=30)
        assert said.returncode == 0, f"esker {command}: {said.stderr}"
        for option in (word for word in words if word.startswith("--")):
            assert option in said.stdout, f"esker {command}: there is no {option}"
