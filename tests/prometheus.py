"""Loads the scrape configuration and the alert rules of the guide "Operating" into a real Prometheus, which watches a
server that gets no predictions after its restart: tests/prometheus.py EXECUTABLE

`promtool test rules` tries the rules whose state cannot be brought about here. Needs prometheus and promtool.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

from server import TOKEN, Server, blocks, free_port, run, start, stop, until

SECTION = "Monitoring with Prometheus"
RULES = next(block for block in blocks("operating", SECTION, "yaml") if "alert:" in block)
SCRAPES = next(block for block in blocks("operating", SECTION, "yaml") if "scrape_configs" in block)
METRIC = re.compile(r"\b(?:prediction_api|process)_[a-z_]+")
# Short enough to wait for.
WINDOW = "8s"

# Series as `promtool test rules` writes them, by the alert that they raise; the alert must be silent before the time.
HISTORIES = {
    # The counter goes back to 0 by a restart, and stays there for more than six hours.
    "PredictionApiGetsNothing": (
        "7h",
        {'prediction_api_predictions_posted_total{result="stored"}': "0+1x30 0x480"},
        "29m",
    ),
    "PredictionApiCannotWrite": ("3m", {"prediction_api_writer_failing": "0 1x10"}, "1m"),
    "PredictionApiFails": ("20m", {'prediction_api_http_requests_total{status="503"}': "0+60x30"}, "2m"),
    "PredictionApiSlow": (
        "30m",
        {
            'prediction_api_http_request_duration_seconds_bucket{le="1"}': "0+10x60",
            'prediction_api_http_request_duration_seconds_bucket{le="5"}': "0+20x60",
            'prediction_api_http_request_duration_seconds_bucket{le="+Inf"}': "0+20x60",
        },
        "5m",
    ),
    "PredictionApiQueueIsLong": ("6m", {"prediction_api_writer_queue_length": "0 0 900x10"}, "3m"),
    "PredictionJobsDown": ("20m", {'prediction_api_jobs{state="down"}': "0 0 1x30"}, "8m"),
    "PredictionApiGone": ("6m", {'up{job="prediction-api"}': "1 1 0x10"}, "3m"),
}


def names(text):
    """Returns the names of the metrics in a text of /metrics."""
    return {re.split(r"[ {]", line)[0] for line in text.splitlines() if line and not line.startswith("#")}


def try_histories(folder):
    """Raises every alert of the guide by a history."""
    alerts = re.findall(r"alert: (\w+)", RULES)
    assert set(alerts) == set(HISTORIES), f"no history for {set(alerts) ^ set(HISTORIES)}"
    tests = []
    for alert, (time, series, before) in HISTORIES.items():
        raised = {
            "exp_labels": {
                **({"state": "down"} if "jobs{" in str(series) else {}),
                **({"job": "prediction-api"} if "up{" in str(series) else {}),
            }
        }
        tests.append(
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "alert_rule_test": [
                    {"eval_time": before, "alertname": alert, "exp_alerts": []},
                    {"eval_time": time, "alertname": alert, "exp_alerts": [raised]},
                ],
            }
        )
    # JSON is YAML.
    Path(folder, "histories.yml").write_text(json.dumps({"rule_files": ["rules.yml"], "tests": tests}))
    run("promtool", "test", "rules", "histories.yml", cwd=folder)


class Prometheus:
    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [
            "prometheus",
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=tsdb",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--log.level=warn",
        ]
        self.process = start(command, cwd=folder, stderr=open(Path(folder, "log"), "w"))
        until(lambda: self.get("/-/ready") is not None, "Prometheus is ready")

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as response:
                return response.read().decode()
        except OSError:
            return None

    def up(self):
        """Returns how many targets could be read."""
        targets = json.loads(self.get("/api/v1/targets"))["data"]["activeTargets"]
        return sum(target["health"] == "up" for target in targets)

    def has(self, expression):
        """Returns whether the expression has a value now."""
        query = urllib.parse.urlencode({"query": expression})
        return bool(json.loads(self.get(f"/api/v1/query?{query}"))["data"]["result"])

    def raised(self, alert):
        alerts = json.loads(self.get("/api/v1/alerts"))["data"]["alerts"]
        return any(each["labels"]["alertname"] == alert and each["state"] == "firing" for each in alerts)


def main():
    executable = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        api, metrics, data = (f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}", Path(folder, "data"))
        # A server has its metrics at one of both addresses.
        beside = Server(executable)

        def serve():
            return Server(executable, folder=data, listen=api, PREDICTION_API_METRICS__LISTEN=metrics)

        Path(folder, "rules.yml").write_text(RULES)
        run("promtool", "check", "rules", "rules.yml", cwd=folder)
        try_histories(folder)

        # The same rules with short times, and the scrapes of the guide with the addresses of this server.
        short = re.sub(r"\[6h\]", f"[{WINDOW}]", re.sub(r"for: \w+", "for: 0s", RULES))
        Path(folder, "short.yml").write_text(short)
        Path(folder, "token").write_text(TOKEN)
        scrapes = SCRAPES.replace("127.0.0.1:9100", metrics).replace(
            "127.0.0.1:8000", beside.url.removeprefix("http://")
        )
        scrapes = scrapes.replace("/etc/prometheus/prediction-api-token", "token")
        every = "global:\n  scrape_interval: 500ms\n  scrape_timeout: 500ms\n  evaluation_interval: 500ms\n"
        Path(folder, "prometheus.yml").write_text(f"{every}rule_files: [short.yml]\n{scrapes}")
        run("promtool", "check", "config", "prometheus.yml", cwd=folder)

        server = serve()
        job = server.set_up("Flow")
        beside.call("GET", "/jobs")
        _, _, text = beside.request("GET", "/metrics")
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        missing = set(METRIC.findall(RULES)) - names(text)
        assert not missing, f"the rules name metrics that /metrics does not have: {missing}"

        prometheus = Prometheus(folder)
        until(lambda: prometheus.up() == 2, "both ways of the guide read the metrics")

        posts = iter(range(1_000_000))

        def is_silent_while_posting():
            point = {"role": "out", "valid_time": "2026-01-01T00:00:00Z", "value": next(posts)}
            server.call("POST", "/predictions", {"job_id": job["id"], "predictions": [point]})
            return not prometheus.raised("PredictionApiGetsNothing")

        until(
            lambda: prometheus.raised("PredictionApiGetsNothing"), "the alert is raised where nothing was ever posted"
        )
        until(is_silent_while_posting, "the alert ends with the first posts")
        assert not prometheus.raised("PredictionJobsDown")
        server.call("POST", f"/jobs/{job['id']}/runs", {"status": "failed", "message": "no data"})
        until(lambda: prometheus.raised("PredictionJobsDown"), "the alert about a failed job is raised")
        until(is_silent_while_posting, "the alert is silent before the restart")

        server.stop()
        until(lambda: prometheus.raised("PredictionApiGone"), "the alert about a server that is gone is raised")
        server = serve()
        until(lambda: not prometheus.raised("PredictionApiGone") and prometheus.up() == 2, "the server is back")
        # The counter of the new process, not the rest of the previous one's.
        anew = 'sum(prediction_api_predictions_posted_total{job="prediction-api"}) == 0'
        until(
            lambda: prometheus.has(anew) and prometheus.raised("PredictionApiGetsNothing"),
            "the alert is raised if nothing is posted after a restart",
        )
        stop(prometheus.process)
        server.stop()
        beside.stop()
    print(f"prometheus: {len(HISTORIES)} alerts of the guide, both scrapes, and a restart without posts")


main()
