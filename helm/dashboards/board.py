"""What a dashboard of Grafana is made of, as JSON of its schema 41 (Grafana 12; earlier ones from 10 on read it too)."""

import itertools
import json

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24  # of Grafana's grid


class Board:
    """A dashboard: rows of panels, of which each says its own width and height."""

    def __init__(self, title: str, description: str, *rows: tuple, topic: bool = False):
        self.title, self.description, self.rows, self.topic = title, description, rows, topic


def row(title: str, *panels: dict) -> tuple:
    return title, panels


def _panel(kind: str, title: str, description: str, unit: str, queries, width: int, height: int, options: dict, defaults: dict) -> dict:
    if isinstance(queries, str):
        queries = {"": queries}
    targets = [
        {"refId": chr(ord("A") + index), "datasource": SOURCE, "editorMode": "code", "expr": expr, "legendFormat": legend or "__auto", "range": True}
        for index, (legend, expr) in enumerate(queries.items())
    ]
    return {
        "type": kind, "title": title, "description": description, "datasource": SOURCE, "targets": targets,
        "gridPos": {"w": width, "h": height}, "options": options,
        "fieldConfig": {"defaults": {"unit": unit, **defaults}, "overrides": []},
    }


def graph(title: str, description: str, unit: str, queries: str | dict, width: int = 8, stack: bool = False, most: float | None = None,
          least: float | None = 0, height: int = 8) -> dict:
    """Lines over time; `queries` by what their lines are called."""
    custom = {"lineWidth": 1, "fillOpacity": 30 if stack else 8, "showPoints": "never", "spanNulls": False,
              "stacking": {"mode": "normal" if stack else "none", "group": "A"}}
    defaults = {"custom": custom, **{name: bound for name, bound in (("min", least), ("max", most)) if bound is not None}}
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return _panel("timeseries", title, description, unit, queries, width, height, options, defaults)


def figure(title: str, description: str, unit: str, query: str, good: float | None = None, bad: float | None = None, width: int = 4) -> dict:
    """One number. Green from `good` on and red below it; or red from `bad` on and green below it."""
    steps = [{"color": "green", "value": None}]
    if good is not None:
        steps = [{"color": "red", "value": None}, {"color": "green", "value": good}]
    if bad is not None:
        steps.append({"color": "red", "value": bad})
    options = {"colorMode": "value", "graphMode": "area", "justifyMode": "auto", "textMode": "auto",
               "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return _panel("stat", title, description, unit, query, width, 4, options, {"thresholds": {"mode": "absolute", "steps": steps}})


def heat(title: str, description: str, query: str, width: int = 12) -> dict:
    """How often which latency; the query gives buckets by `le`."""
    options = {"calculate": False, "cellGap": 1, "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5},
               "yAxis": {"unit": "s", "axisPlacement": "left"}, "rowsFrame": {"layout": "auto"}, "tooltip": {"mode": "single", "yHistogram": False},
               "legend": {"show": True}}
    panel = _panel("heatmap", title, description, "short", query, width, 8, options, {})
    for target in panel["targets"]:
        target.update(format="heatmap", legendFormat="{{le}}")
    return panel


def table(title: str, description: str, columns: dict[str, tuple[str, str]], by: str, width: int = 24, height: int = 7) -> dict:
    """A line for each value of the label `by`; columns are queries with their units."""
    panel = _panel("table", title, description, "short", {name: query for name, (query, _) in columns.items()}, width, height,
                   {"showHeader": True, "cellHeight": "sm"}, {})
    for target in panel["targets"]:
        target.update(format="table", instant=True, range=False)
    names = {f"Value #{target['refId']}": name for target, name in zip(panel["targets"], columns)}
    panel["transformations"] = [
        {"id": "joinByField", "options": {"byField": by, "mode": "outer"}},
        {"id": "filterFieldsByName", "options": {"include": {"names": [by, *names]}}},
        {"id": "organize", "options": {"renameByName": names}},
    ]
    panel["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": name}, "properties": [{"id": "unit", "value": unit}]} for name, (_, unit) in columns.items()
    ]
    return panel


def _variable(name: str, label: str, query: str) -> dict:
    """All of them by default; `.*` also matches series without the label."""
    return {
        "type": "query", "name": name, "label": label, "datasource": SOURCE, "definition": query, "query": {"query": query, "refId": name},
        "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]},
        "options": [], "regex": "", "hide": 0, "skipUrlSync": False,
    }


def _variables(topic: bool) -> list[dict]:
    known = [
        {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "regex": "", "refresh": 1, "multi": False,
         "includeAll": False, "current": {}, "options": [], "hide": 0, "skipUrlSync": False},
        _variable("namespace", "Namespace", "label_values(esker_ready, namespace)"),
        _variable("job", "Job", 'label_values(esker_ready{namespace=~"$namespace"}, job)'),
        _variable("instance", "Broker", 'label_values(esker_ready{namespace=~"$namespace", job=~"$job"}, instance)'),
    ]
    if topic:
        known.append(_variable("topic", "Topic", 'label_values(esker_topic_produced_bytes_total{namespace=~"$namespace", job=~"$job"}, topic)'))
    return known


def _placed(rows: tuple) -> list[dict]:
    """Rows below one another, panels beside one another as long as there is room."""
    numbers, placed, y = itertools.count(1), [], 0
    for title, panels in rows:
        placed.append({"type": "row", "title": title, "id": next(numbers), "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}})
        x, y, deepest = 0, y + 1, 0
        for panel in panels:
            if x + panel["gridPos"]["w"] > WIDTH:
                x, y, deepest = 0, y + deepest, 0
            placed.append({**panel, "id": next(numbers), "gridPos": {"x": x, "y": y, **panel["gridPos"]}})
            x, deepest = x + panel["gridPos"]["w"], max(deepest, panel["gridPos"]["h"])
        y += deepest
    return placed


def text(name: str, board: Board) -> str:
    """The file of a dashboard."""
    dashboard = {
        "uid": f"esker-{name}", "title": board.title, "description": board.description, "tags": ["esker"], "schemaVersion": 41, "version": 1,
        "editable": True, "graphTooltip": 1, "timezone": "browser", "refresh": "30s", "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": _variables(board.topic)}, "annotations": {"list": []},
        "links": [{"type": "dashboards", "title": "Esker", "tags": ["esker"], "asDropdown": False, "includeVars": True, "keepTime": True}],
        "panels": _placed(board.rows),
    }
    return json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"
