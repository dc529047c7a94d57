"""Alerts and dashboard against a real Prometheus that scrapes a real service under load: `make monitoring`.

    check.py --keyferryd target/debug/keyferryd --seconds 60 [--picture deploy/monitoring/dashboard.svg]

Fails where promtool finds fault, where an expression does not evaluate, and where one names a metric that nobody tells.
"""

import argparse
import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from load import Load

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy/monitoring/alerts.yml"
DASHBOARD = ROOT / "deploy/monitoring/dashboard.json"
METRIC = re.compile(r"\b(?:keyferry|process)_[a-z0-9_]+")
# What there is only when something is wrong, or known only after hours.
NOW_AND_THEN = {
    "keyferry_pool_dry_in_seconds",
    "keyferry_token_faults_total",
    "keyferry_token_full_in_seconds",
    "keyferry_token_objects_per_hour",
    "keyferry_trouble",
}
MAY_BE_EMPTY = {"What is wrong", "Faults by return value", "Until it runs out"}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(url, **headers):
    """The body, of whatever status; nothing where nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return ""


def wait_for(what, is_there, seconds=180):
    end = time.monotonic() + seconds
    while not is_there():
        if time.monotonic() > end:
            sys.exit(f"{what} does not come")
        time.sleep(0.2)


@contextlib.contextmanager
def running(command, log, **options):
    """A process that ends with the block."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **options)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def run(*command, **options):
    print("$", " ".join(map(str, command)), flush=True)
    if subprocess.run(command, **options).returncode != 0:
        sys.exit(f"{command[0]} finds fault")


class Prometheus:
    """Its API."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def api(self, path, **query):
        answer = json.loads(get(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}") or "{}")
        if answer.get("status") != "success":
            sys.exit(f"{path} {query}: {answer.get('error', 'no answer')}")
        return answer["data"]

    def is_ready(self):
        return "Ready" in get(f"{self.url}/-/ready")


def panels():
    """Each panel of the dashboard with its expressions, as Grafana would send them."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        targets = [
            (target["expr"].replace("$__rate_interval", "15s").replace("$instance", ".*"), target["legendFormat"])
            for target in panel.get("targets", [])
        ]
        yield panel, targets


def check_names(prometheus, expressions):
    """Every metric that is named is known to Prometheus."""
    told = set(prometheus.api("label/__name__/values")) | NOW_AND_THEN
    for expression in expressions:
        for name in METRIC.findall(expression):
            if name not in told:
                sys.exit(f"nobody tells {name}, which is named in: {expression}")


def check(prometheus, since):
    rules = [rule for group in prometheus.api("rules")["groups"] for rule in group["rules"]]
    for rule in rules:
        if rule["health"] != "ok":
            sys.exit(f"{rule['name']} does not evaluate: {rule.get('lastError')}")
    asked = [(panel["title"], expression) for panel, targets in panels() for expression, _ in targets]
    check_names(prometheus, [rule["query"] for rule in rules] + [expression for _, expression in asked])
    silent = []
    for title, expression in asked:
        found = prometheus.api("query_range", query=expression, start=since, end=time.time(), step=5)["result"]
        if not found:
            silent.append(f"{title}: {expression}")
    wrong = [line for line in silent if line.split(":")[0] not in MAY_BE_EMPTY]
    if wrong:
        sys.exit("nothing to be seen of\n" + "\n".join(wrong))
    fired = {rule["name"] for rule in rules if rule["alerts"]}
    print(f"{len(rules)} alerts and {len(asked)} expressions of the dashboard evaluate; nothing to be seen just now of {len(silent)}")
    print("alerts that are pending or firing:", ", ".join(sorted(fired)) or "none")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--keyferryd", type=Path, required=True)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--picture", type=Path)
    options = options.parse_args()
    run("promtool", "check", "rules", ALERTS)
    run("promtool", "test", "rules", ROOT / "tests/monitoring/alerts_test.yml")

    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="keyferry-monitoring-")))
        grpc, front, metrics, web = (free_port() for _ in range(4))
        settings = {"KEYFERRY__METRICS__LISTEN": f"127.0.0.1:{metrics}", "KEYFERRY__JANITOR__INTERVAL_SECONDS": "2"}
        settings |= {"KEYFERRY__AUDIT__CHECKPOINT_SECONDS": "2", "PATH": "/usr/local/bin:/usr/bin:/bin"}
        for spec, marks in {"2048": (6, 12), "3072": (0, 0), "4096": (0, 0)}.items():
            settings |= {f"KEYFERRY__POOL__RSA_{spec}__{name}": str(mark) for name, mark in zip(("LOW", "HIGH"), marks)}
        dev = [options.keyferryd.resolve(), "dev", "--dir", folder / "dev"]
        dev += ["--listen", f"127.0.0.1:{grpc}", "--json-listen", f"127.0.0.1:{front}"]
        stack.enter_context(running(dev, folder / "keyferryd.log", env=settings))
        wait_for("the service", lambda: "store: ok" in get(f"http://127.0.0.1:{metrics}/readyz"))

        config = folder / "prometheus.yml"
        config.write_text(
            "global: { scrape_interval: 1s, evaluation_interval: 2s }\n"
            f"rule_files: [{ALERTS}]\n"
            f"scrape_configs: [{{ job_name: keyferry, static_configs: [{{ targets: ['127.0.0.1:{metrics}'] }}] }}]\n"
        )
        run("promtool", "check", "config", config)
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
        stack.enter_context(running([*command, f"--web.listen-address=127.0.0.1:{web}"], folder / "prometheus.log"))
        prometheus = Prometheus(web)
        wait_for("Prometheus", prometheus.is_ready)

        since = time.time()
        load = Load(folder / "dev", options.keyferryd.resolve().with_name("keyferry"))
        thread = threading.Thread(target=load.run, args=(options.seconds,))
        thread.start()
        # A fault, so that there is one to be seen: the audit log is gone for a while.
        time.sleep(options.seconds / 2)
        log, away = folder / "dev/audit.jsonl", folder / "away.jsonl"
        log.rename(away)
        wait_for("the trouble", lambda: "audit: audit-unwritable" in get(f"http://127.0.0.1:{metrics}/readyz"))
        alerts = f"http://127.0.0.1:{web}/api/v1/alerts"
        wait_for("the alert", lambda: "KeyferryAuditTrouble" in get(alerts))
        time.sleep(options.seconds / 10)
        away.rename(log)
        wait_for("the end of the trouble", lambda: "audit: ok" in get(f"http://127.0.0.1:{metrics}/readyz"))
        wait_for("the end of the alert", lambda: "KeyferryAuditTrouble" not in get(alerts))
        thread.join()
        print(f"load: {load.said()}")

        text = get(f"http://127.0.0.1:{metrics}/metrics", Accept="text/plain")
        run("promtool", "check", "metrics", input=text.encode())
        check(prometheus, since)
        if options.picture:
            import picture

            picture.draw(options.picture, list(panels()), prometheus, since, time.time())


main()
