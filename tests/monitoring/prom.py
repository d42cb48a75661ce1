"""Debian's Prometheus: it scrapes every second, evaluates rules every second, and is asked over its API."""

import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from harness.paths import TOOLS
from harness.process import Process, free_port
from harness.wait import until

HOME = TOOLS / "prometheus" / "usr" / "bin"


def promtool(*args, stdin: str | None = None, directory: Path | None = None) -> str:
    """What it says; it must find nothing wrong."""
    done = subprocess.run([HOME / "promtool", *map(str, args)], input=stdin, cwd=directory, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"promtool {args}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


class Prometheus:
    """A running Prometheus. `targets`: by job, and there by name, the ports with /metrics."""

    def __init__(self, directory: Path, targets: dict[str, dict[str, int]], rules: str):
        assert (HOME / "prometheus").exists(), "no Prometheus: run `make prometheus`"
        directory.mkdir(parents=True)
        self.port = free_port()
        jobs = [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": "test", "pod": name}}
                                                    for name, port in ports.items()]} for job, ports in targets.items()]
        config = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                  "rule_files": ["rules.yaml"], "scrape_configs": jobs}
        (directory / "prometheus.yaml").write_text(json.dumps(config))  # JSON is YAML
        (directory / "rules.yaml").write_text(rules)
        promtool("check", "config", directory / "prometheus.yaml")
        self.began = time.time()
        self.process = Process(
            [HOME / "prometheus", f"--config.file={directory}/prometheus.yaml", f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"], directory / "prometheus.log")
        until("Prometheus is ready", self._ready, 60)

    def _ready(self) -> bool:
        assert self.process.alive(), self.process.log_tail()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5).close()
            return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _get(self, path: str, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=60) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{path} {parameters}: {error.read().decode()}") from error

    def query(self, expr: str) -> list[dict]:
        """An instant query: labels and value of each series."""
        return [{**found["metric"], "value": float(found["value"][1])} for found in self._get("query", query=expr)["result"]]

    def value(self, expr: str) -> float:
        """The sum over the series; 0 without any."""
        return sum(found["value"] for found in self.query(expr) if found["value"] == found["value"])

    def history(self, expr: str, step: int = 2) -> list[dict]:
        """Series since the start that have a number at some time, as labels and numbers."""
        found = self._get("query_range", query=expr, start=self.began, end=time.time(), step=step)["result"]
        series = [{"labels": one["metric"], "values": [(at, float(v)) for at, v in one["values"] if v not in ("NaN", "+Inf", "-Inf")]} for one in found]
        return [one for one in series if one["values"]]

    def firing(self) -> set[str]:
        """Alerts that fire now."""
        return {alert["labels"]["alertname"] for alert in self._get("alerts")["alerts"] if alert["state"] == "firing"}

    def alerts(self) -> list[dict]:
        return self._get("alerts")["alerts"]

    def fired(self) -> set[str]:
        """Alerts that have fired at any time."""
        return {one["labels"]["alertname"] for one in self.history('ALERTS{alertstate="firing"}', step=1)}

    def rules(self) -> dict[str, dict]:
        """Every rule, with its health, by its name."""
        return {rule["name"]: rule for group in self._get("rules")["groups"] for rule in group["rules"]}


def as_text_format(page: str) -> str:
    """A page of OpenMetrics in the older text format, which is all that promtool reads: there, names of counters end as those of
    their samples, infos are gauges, and there are no units, exemplars or ends."""
    lines = []
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M))
    endings = {"counter": "_total", "info": "_info"}
    for line in page.splitlines():
        if line.startswith(("# UNIT", "# EOF")):
            continue
        if found := re.match(r"# (TYPE|HELP) (\S+) (.*)", line):
            word, name, rest = found.groups()
            kind = kinds.get(name, "")
            rest = {"info": "gauge", "unknown": "untyped"}.get(rest, rest) if word == "TYPE" else rest
            line = f"# {word} {name}{endings.get(kind, '')} {rest}"
        lines.append(line.partition(" # {")[0])
    return "\n".join(lines) + "\n"


def as_grafana_asks(expr: str, job: str = ".*") -> str:
    """A panel's query, with variables as they are when nobody has chosen anything (but maybe a job), and windows that fit scrapes
    every second."""
    expr = expr.replace("$job", job)
    expr = re.sub(r"\$(namespace|instance|topic)\b", ".*", expr)
    expr = expr.replace("$__rate_interval", "5s").replace("[5m:30s]", "[10s:1s]")
    assert "$" not in expr, expr
    return expr
