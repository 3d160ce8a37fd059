"""Tries the dashboards for Grafana without Grafana: tests/grafana.py EXECUTABLE

Each request of Infinity is sent to a demo with the variables replaced, and must return what the panel names. Each
expression of Prometheus is parsed by promtool, and names metrics that the server has. The files must have the form of
an export. Needs promtool.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from server import GUIDES, Server, blocks

FOLDER = GUIDES / "grafana"
INFINITY, PROMETHEUS = "yesoreyeram-infinity-datasource", "prometheus"
# What the panels of an export have in every version since 10.
PANEL = {"id", "type", "title", "datasource", "gridPos", "fieldConfig", "options", "targets"}
DASHBOARD = {"__inputs", "__requires", "id", "uid", "title", "panels", "templating", "time", "schemaVersion", "version"}
METRIC = re.compile(r"\b(?:prediction_api|process)_[a-z_]+")
VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}")


def check_form(name, dashboard):
    missing = DASHBOARD - set(dashboard)
    assert not missing, f"{name} lacks {missing}"
    # Grafana gives the dashboard an id of its own, and asks for the data sources that are inputs.
    assert dashboard["id"] is None
    inputs = {"${%s}" % each["name"]: each["pluginId"] for each in dashboard["__inputs"]}
    required = {each["id"] for each in dashboard["__requires"]}
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels), name
    for panel in panels:
        assert set(panel) >= PANEL, f"{name}: {panel['title']} lacks {PANEL - set(panel)}"
        assert panel["type"] in required, f"{name}: {panel['type']} is not in __requires"
        grid = panel["gridPos"]
        assert grid["x"] >= 0 and grid["w"] > 0 and grid["x"] + grid["w"] <= 24, f"{name}: {panel['title']}"
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    for a in panels:
        for b in panels:
            one, other = a["gridPos"], b["gridPos"]
            apart = any(
                one[at] + one[size] <= other[at] or other[at] + other[size] <= one[at] for at, size in ("xw", "yh")
            )
            assert a is b or apart, f"{name}: {a['title']} and {b['title']} overlap"
    for source in sources(dashboard):
        assert inputs.get(source["uid"]) == source["type"], f"{name}: {source} is not an input"
        assert source["type"] in required, f"{name}: {source['type']} is not in __requires"


def sources(value):
    """Returns all data sources that are named at any depth."""
    if isinstance(value, list):
        return [found for each in value for found in sources(each)]
    if not isinstance(value, dict):
        return []
    own = [value["datasource"]] if "datasource" in value else []
    return own + [found for each in value.values() for found in sources(each)]


def filled(url, values):
    def value(found):
        text = str(values[found[1]])
        return quote(text, safe="") if found[2] == "percentencode" else text

    return VARIABLE.sub(value, url)


def member(row, selector):
    for name in selector.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def rows(server, query, values):
    """Returns the rows of a query of Infinity, with the columns that it names."""
    url = filled(query["url"], values)
    status, _, text = server.request("GET", url)
    assert status == 200, f"{url}: {status} {text}"
    found = json.loads(text)
    for name in filter(None, query["root_selector"].split(".")):
        found = found[name]
    for column in query["columns"]:
        assert any(member(row, column["selector"]) is not None for row in found), f"{url} returns no {column}"
    for row in found:
        for column in query["columns"]:
            value, kind = member(row, column["selector"]), column["type"]
            # A table has empty cells; a plot has not.
            if value is None and query["format"] == "table":
                continue
            is_right = isinstance(value, (int, float)) if kind == "number" else isinstance(value, str)
            assert is_right, f"{url}: {column} of {row}"
            if kind == "timestamp":
                datetime.fromisoformat(value.replace("Z", "+00:00"))
    return [{column["text"]: member(row, column["selector"]) for column in query["columns"]} for row in found]


def try_values(server, dashboard):
    """Sends all requests of the dashboard of values. Returns how many."""
    (job,) = server.call("GET", "/jobs?name=Mildew%20risk%20EWR")
    last = datetime.fromisoformat(job["health"]["covers_until"].replace("Z", "+00:00"))
    window = {"__from": last - timedelta(days=14), "__to": last}
    values = {name: int(time.timestamp() * 1000) for name, time in window.items()}
    count = 0
    for variable in dashboard["templating"]["list"]:
        # The first choice, as Grafana takes it, but the job that was looked at above.
        found = rows(server, variable["query"]["infinityQuery"], values)
        values[variable["name"]] = job["id"] if variable["name"] == "job" else found[0]["__value"]
        assert variable["name"] != "job" or {"__text": job["name"], "__value": job["id"]} in found
        count += 1
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            rows(server, target, values)
            count += 1
    return count


def try_server(server, dashboard):
    """Has promtool parse all expressions, and compares their metrics with those of the server. Returns how many."""
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    plain = [each.replace("$__rate_interval", "5m").replace("$instance", ".*") for each in expressions]
    assert not any("$" in each for each in plain), plain
    rules = [{"record": f"each:{number}", "expr": each} for number, each in enumerate(plain)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "rules.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
        done = subprocess.run(
            ["promtool", "check", "rules", "rules.yml"], cwd=folder, text=True, capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr
    _, _, text = server.request("GET", "/metrics")
    known = {re.split(r"[ {]", line)[0] for line in text.splitlines()}
    variables = [variable["query"]["query"] for variable in dashboard["templating"]["list"]]
    for each in expressions + variables:
        names = set(METRIC.findall(each))
        assert names and names <= known, f"{each} names {names - known or 'no metric'}"
    return len(expressions)


def main():
    dashboards = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
    assert set(dashboards) == {"values", "server"}
    for name, dashboard in dashboards.items():
        check_form(name, dashboard)
    # The guide shows the path of the first panel.
    (shown,) = blocks("grafana", "Make a panel yourself", "text")
    assert shown.strip() == dashboards["values"]["panels"][0]["targets"][0]["url"]
    server = Server(os.path.abspath(sys.argv[1]), "demo", "--as-recorded")
    requests = try_values(server, dashboards["values"])
    expressions = try_server(server, dashboards["server"])
    server.stop()
    print(f"grafana: {requests} requests and {expressions} expressions of 2 dashboards")


main()
