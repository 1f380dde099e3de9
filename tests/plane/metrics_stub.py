#!/usr/bin/env python3
"""A stub of the Prometheus query API, so that the real controller can run its `prometheus` analyses.

It answers instant and range queries with values that a test has set; the time at which a value was set counts, so that
a chart shows the change. It never evaluates PromQL: of a query it reads only the first metric name and the labels
`service` and `hash` (or `rollouts_pod_template_hash`). It listens on loopback only and keeps everything in memory.
Called by: `plane up` (server) and `plane metric` (--set).

  GET  /api/v1/query?query=error_rate{service="checkout"}    also POST with a form, as the controller does
  GET  /api/v1/query_range?query=...&start=..&end=..&step=..
  GET  /web/error_rate/checkout        {"value": ...} for the controller's `web` provider
  GET  /state                          what is set
  PUT  /set/error_rate/checkout        body: number, nan, inf, empty, error, slow, unset (`*` unsets all)

Names: METRIC, METRIC/SERVICE, METRIC/SERVICE/HASH; the most exact one that is set wins. Nothing set: an empty result.
"""

import argparse
import json
import math
import re
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ("empty", "error", "slow", "unset")
SLOW_SECONDS = 20
MAX_POINTS = 11_000  # as Prometheus: more is refused

LOCK = threading.Lock()
SERIES: dict[str, list[tuple[float, str]]] = {}  # name -> (when, value) in order of time


class Refused(Exception):
    """An answer that is an error: HTTP status, Prometheus errorType, message."""

    def __init__(self, status, kind, message):
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


def parse_query(query):
    """The metric name and the labels that choose a value."""
    selector = re.search(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*\{([^}]*)\}", query)
    if selector:
        metric, inside = selector.groups()
    else:
        # Without braces the first word that is no function call.
        plain = re.search(r"\b([a-zA-Z_:][a-zA-Z0-9_:]*)\b(?!\s*\()", query)
        if not plain:
            raise Refused(400, "bad_data", f"invalid parameter \"query\": no metric name in {query!r}")
        metric, inside = plain.group(1), ""
    labels = dict(re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*=~?\s*"([^"]*)"', inside))
    return metric, labels


def history_of(metric, labels):
    service = labels.get("service", "")
    pod_hash = labels.get("hash") or labels.get("rollouts_pod_template_hash") or ""
    with LOCK:
        for name in (f"{metric}/{service}/{pod_hash}", f"{metric}/{service}", metric):
            if name in SERIES:
                return list(SERIES[name])
    return []


def value_at(history, when):
    """The word or number that held at a time, or None."""
    value = None
    for since, candidate in history:
        if since > when:
            break
        value = candidate
    return value


def check_failures(value):
    if value == "slow":
        time.sleep(SLOW_SECONDS)
        raise Refused(503, "timeout", "query timed out in expression evaluation")
    if value == "error":
        raise Refused(500, "internal", "stub was told to fail")


def instant(query, when):
    metric, labels = parse_query(query)
    value = value_at(history_of(metric, labels), when)
    check_failures(value)
    result = []
    if value is not None and value != "empty":
        result.append({"metric": {"__name__": metric, **labels}, "value": [when, value]})
    return {"resultType": "vector", "result": result}


def over_time(query, start, end, step):
    if step <= 0 or end < start:
        raise Refused(400, "bad_data", "invalid start, end or step")
    if (end - start) / step > MAX_POINTS:
        raise Refused(400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries")
    metric, labels = parse_query(query)
    history = history_of(metric, labels)
    check_failures(value_at(history, time.time()))
    points = []
    for index in range(int((end - start) / step) + 1):
        when = start + index * step
        value = value_at(history, when)
        if value is not None and value not in WORDS:
            points.append([when, value])
    result = [{"metric": {"__name__": metric, **labels}, "values": points}] if points else []
    return {"resultType": "matrix", "result": result}


def set_value(name, text):
    text = text.strip().lower()
    if text in ("nan", "inf", "+inf", "-inf"):
        text = {"nan": "NaN", "inf": "+Inf", "+inf": "+Inf", "-inf": "-Inf"}[text]
    elif text not in WORDS:
        number = float(text)  # ValueError: refused by the caller
        if not math.isfinite(number):
            raise ValueError(text)
    with LOCK:
        if text == "unset" and name == "*":
            SERIES.clear()
        elif text == "unset":
            SERIES.pop(name, None)
        else:
            SERIES.setdefault(name, []).append((time.time(), text))


def timestamp(text):
    """Prometheus accepts seconds and RFC 3339."""
    try:
        return float(text)
    except ValueError:
        from datetime import datetime

        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def duration(text):
    match = re.fullmatch(r"([0-9.]+)(ms|s|m|h|d)?", text)
    if not match:
        raise ValueError(text)
    unit = {"ms": 0.001, None: 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
    return float(match.group(1)) * unit[match.group(2)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.respond(b"")

    def do_POST(self):
        self.respond(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        name = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path.removeprefix("/set/"))
        try:
            set_value(name, body)
        except ValueError:
            self.send(400, {"error": f"not a value: {body!r}"})
            return
        self.send(200, {"name": name, "value": body.strip()})

    def respond(self, body):
        url = urllib.parse.urlsplit(self.path)
        fields = dict(urllib.parse.parse_qsl(url.query) + urllib.parse.parse_qsl(body.decode()))
        try:
            self.send(200, self.answer(url.path, fields))
        except Refused as refused:
            self.send(refused.status, {"status": "error", "errorType": refused.kind, "error": refused.message})
        except (KeyError, ValueError) as missing:
            self.send(400, {"status": "error", "errorType": "bad_data", "error": f"invalid parameter: {missing}"})

    def answer(self, path, fields):
        if path == "/api/v1/query":
            when = timestamp(fields["time"]) if "time" in fields else time.time()
            return {"status": "success", "data": instant(fields["query"], when)}
        if path == "/api/v1/query_range":
            span = timestamp(fields["start"]), timestamp(fields["end"]), duration(fields["step"])
            return {"status": "success", "data": over_time(fields["query"], *span)}
        if path == "/api/v1/status/buildinfo":
            return {"status": "success", "data": {"version": "2.53.0", "revision": "plane-stub"}}
        if path.startswith("/web/"):
            metric, service, pod_hash = (path.removeprefix("/web/").split("/") + ["", ""])[:3]
            value = value_at(history_of(metric, {"service": service, "hash": pod_hash}), time.time())
            check_failures(value)
            return {"value": None if value in (None, "empty", "NaN") else float(value)}
        if path == "/state":
            with LOCK:
                return {name: history[-1][1] for name, history in sorted(SERIES.items())}
        if path in ("/-/ready", "/-/healthy"):
            return {"status": "success"}
        raise Refused(404, "not_found", f"no such path: {path}")

    def send(self, status, content):
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def send_value(url, name, value):
    request = urllib.request.Request(f"{url}/set/{urllib.parse.quote(name)}", data=value.encode(), method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            response.read()
    except urllib.error.URLError as error:
        sys.exit(f"metrics stub: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int)
    parser.add_argument("--mark", help="not used: the directory by which `plane down` knows its own processes")
    parser.add_argument("--set", nargs=3, metavar=("URL", "NAME", "VALUE"))
    options = parser.parse_args()
    if options.set:
        send_value(*options.set)
    elif options.port:
        ThreadingHTTPServer(("127.0.0.1", options.port), Handler).serve_forever()
    else:
        parser.error("--port or --set")


if __name__ == "__main__":
    main()
