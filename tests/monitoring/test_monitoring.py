"""A real Prometheus looks at real brokers: every alert is caused and fires, and every panel of every dashboard shows something.

Rules are those of the chart, in a hurry (shortened.py). The cluster goes through all of it once, for all tests here; story.py is
what happens to it."""

import json
import re
from pathlib import Path

import pytest

from harness.paths import ROOT
from prom import as_grafana_asks, as_text_format, promtool
from story import Story

CHART = ROOT / "helm" / "esker"
ALERTS = re.findall(r"- alert: (\w+)", (CHART / "alerts" / "alerts.yaml").read_text())
PANELS = [
    pytest.param(panel, target, id=f"{path.stem}: {panel['title']} {target['refId']}")
    for path in sorted((CHART / "dashboards").iterdir())
    for panel in json.loads(path.read_text())["panels"] for target in panel.get("targets", [])
]
# Queries of the pages, a line each; of what Kubernetes says of itself there is nothing here.
QUERIES = [
    pytest.param(line, id=f"{page.stem} {number}")
    for page in sorted((ROOT / "docs" / "runbooks").glob("Esker*.md"))
    for number, line in enumerate("".join(re.findall(r"```promql\n(.*?)```", page.read_text(), re.S)).splitlines(), 1)
    if not line.startswith("kubelet_")
]


@pytest.fixture(scope="module")
def story(broker_kind, tmp_path_factory, request):
    if broker_kind != "esker":
        pytest.skip("Esker's metrics")
    story = Story(tmp_path_factory.mktemp("monitoring"))
    try:
        story.run()
        if where := request.config.getoption("--pictures"):
            import pictures  # which needs matplotlib: see `make pictures`
            for path in (CHART / "dashboards").iterdir():
                pictures.draw(story.prometheus, json.loads(path.read_text()), Path(where) / f"{path.stem}.png")
        yield story
        assert not story.cluster.panics()
    finally:
        story.end()


def test_nothing_is_wrong_with_the_story(story):
    print({name: round(seconds) for name, seconds in story.fired.items()}, {name: round(seconds) for name, seconds in story.ended.items()})
    assert not story.troubles, "\n".join(story.troubles)


def test_nothing_fires_while_all_is_well(story):
    assert story.quiet == set()


def test_promtool_finds_nothing_wrong_with_the_metrics(story):
    assert story.page.endswith("# EOF\n")
    assert promtool("check", "metrics", stdin=as_text_format(story.page)) == ""


def test_every_rule_can_be_evaluated(story):
    assert story.unhealthy == {}


@pytest.mark.parametrize("alert", ALERTS)
def test_the_alert_fires_and_ends(story, alert):
    assert alert in story.fired
    # Three starts within an hour are three starts within an hour for as long.
    assert alert in story.ended or alert == "EskerBrokerRestarting"


@pytest.mark.parametrize("panel,target", PANELS)
def test_the_panel_shows_something(story, panel, target):
    assert story.prometheus.history(as_grafana_asks(target["expr"]))


@pytest.mark.parametrize("query", QUERIES)
def test_the_query_of_a_page_finds_something(story, query):
    assert story.prometheus.history(query.replace('"POD"', '"broker-1"').replace("[5m]", "[5s]"))
