"""Dashboards as pictures: each panel's queries, drawn where Grafana would put the panel. Not how Grafana draws, but what it would show."""

import re
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter
from PIL import Image

from prom import Prometheus, as_grafana_asks

matplotlib.use("Agg")
plt.rcParams.update({"font.size": 8, "axes.titlesize": 9, "axes.edgecolor": "#bbbbbb", "axes.grid": True, "grid.color": "#eeeeee", "axes.axisbelow": True})
UNIT = (0.62, 0.36)  # inches of Grafana's grid
SUFFIX = {"s": "s", "bytes": "B", "Bps": "B/s", "reqps": "/s", "ops": "/s"}


def number(value: float, unit: str) -> str:
    """As Grafana writes it, about."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "s" and 0 < abs(value) < 1:
        return f"{value * 1000:.3g} ms"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size and unit != "s":
            return f"{value / size:.3g} {letter}{SUFFIX.get(unit, '')}"
    return f"{value:.3g} {SUFFIX.get(unit, '')}".strip()


class Seen:
    """What Prometheus has of the cluster, with brokers' names instead of their addresses."""

    def __init__(self, prometheus: Prometheus):
        self.prometheus, self.names = prometheus, {one["instance"]: one["pod"] for one in prometheus.query("up")}

    def __call__(self, expr: str) -> list[dict]:
        found = self.prometheus.history(as_grafana_asks(expr, "esker"), step=1)
        for one in found:
            if instance := one["labels"].get("instance"):
                one["labels"]["instance"] = self.names[instance]
            times, values, last = [], [], None
            for at, value in one["values"]:
                if last and at - last > 2.5:  # a gap is a gap
                    times.append(at - self.prometheus.began)
                    values.append(float("nan"))
                times.append(at - self.prometheus.began)
                values.append(value)
                last = at
            one["times"], one["numbers"] = times, values
        return found


def _legend(form: str, labels: dict) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found.group(1), ""), form) if form != "__auto" else ""


def _lines(seen: Seen, panel: dict, axes, unit: str) -> None:
    for target in panel["targets"]:
        for one in seen(target["expr"]):
            axes.plot(one["times"], one["numbers"], linewidth=1, label=_legend(target["legendFormat"], one["labels"]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value, unit)))
    axes.set_ylim(bottom=panel["fieldConfig"]["defaults"].get("min"))
    names = [text for text in axes.get_legend_handles_labels()[1] if text]
    if 0 < len(names) <= 12:
        axes.legend(fontsize=6, loc="upper left", ncols=2, framealpha=0.6)


def _stat(seen: Seen, panel: dict, axes, unit: str) -> None:
    axes.axis("off")
    for one in seen(panel["targets"][0]["expr"]):
        times, values = one["times"], one["numbers"]
        axes.fill_between(times, values, color="#73bf69", alpha=0.25)
        axes.text(0.5, 0.45, number(values[-1], unit), fontsize=18, ha="center", va="center", transform=axes.transAxes, color="#1a7f37")


def _heat(seen: Seen, panel: dict, axes) -> None:
    found = seen(panel["targets"][0]["expr"])
    buckets = sorted((float(one["labels"]["le"]), dict(one["values"])) for one in found)
    times = sorted({at for _, values in buckets for at in values})
    below = [0.0] * len(times)
    rows = []
    for _, values in buckets:
        now = [values.get(at, 0.0) for at in times]
        rows.append([max(more - less, 0) for more, less in zip(now, below)])
        below = now
    axes.pcolormesh([at - seen.prometheus.began for at in times], range(len(rows)), rows, cmap="Oranges", shading="nearest", norm="asinh")
    axes.set_yticks(range(len(rows)), [number(le, "s") for le, _ in buckets], fontsize=5)


def _table(seen: Seen, panel: dict, axes) -> None:
    axes.axis("off")
    units = {one["matcher"]["options"]: one["properties"][0]["value"] for one in panel["fieldConfig"]["overrides"]}
    lines: dict[str, dict[str, str]] = {}
    for target in panel["targets"]:
        column = target["legendFormat"]
        for one in seen(target["expr"]):
            lines.setdefault(one["labels"].get("instance", ""), {})[column] = number(one["values"][-1][1], units[column])
    cells = [[name, *(line.get(column, "") for column in units)] for name, line in sorted(lines.items())]
    drawn = axes.table(cells, colLabels=["instance", *units], loc="center", cellLoc="left", edges="horizontal")
    drawn.scale(1, 1.3)


def draw(prometheus: Prometheus, board: dict, to: Path) -> None:
    seen = Seen(prometheus)
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    figure = plt.figure(figsize=(24 * UNIT[0], rows * UNIT[1]), dpi=88)
    for panel in board["panels"]:
        place = panel["gridPos"]
        left, top = place["x"] / 24, 1 - place["y"] / rows
        if panel["type"] == "row":
            figure.text(left + 0.004, top - 0.6 / rows, panel["title"], fontsize=11, weight="bold", va="center")
            continue
        axes = figure.add_axes((left + 0.035, top - (place["h"] - 0.9) / rows, place["w"] / 24 - 0.045, (place["h"] - 2) / rows))
        axes.set_title(panel["title"], loc="left")
        unit = panel["fieldConfig"]["defaults"]["unit"]
        match panel["type"]:
            case "stat":
                _stat(seen, panel, axes, unit)
            case "heatmap":
                _heat(seen, panel, axes)
            case "table":
                _table(seen, panel, axes)
            case _:
                _lines(seen, panel, axes, unit)
    to.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(to)
    plt.close(figure)
    # Few colours: a picture in a repository should be small.
    Image.open(to).convert("RGB").quantize(192, dither=Image.Dither.NONE).save(to, optimize=True)
