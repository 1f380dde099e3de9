#!/usr/bin/env python3
"""Users of the cluster, played: an exporter whose counters follow the weights that the routers really have.

It watches Rollouts, ReplicaSets, Services and Ingresses and counts requests five times a second, by the time that has
passed: of a canary behind ingress-nginx, the weight of the canary Ingress goes to the ready pods behind the canary Service
and the rest to those behind the stable Service; behind another router the weight in the Rollout's status counts; without a
router each ready pod has the same share; of a blue-green Rollout all goes to the active Service.
It never: writes to the cluster, listens beyond loopback, or keeps anything on disk. While the API server is away it goes on
with what it knew last, as a router does. Called by: `plane up` (server) and `plane traffic` (--set).

  GET  /metrics      for Prometheus; each workload's version behind a Service has these, none before its first event:
                     http_requests_total{namespace,service,rollouts_pod_template_hash,pod,code,method}
                     http_request_duration_seconds{namespace,service,rollouts_pod_template_hash,pod,method}, a histogram
                     business_transactions_total{namespace,service,rollouts_pod_template_hash,status}, one for each request
                     They go when the version has no pods any more, as the series of pods do.
  GET  /state        what is set, and where the requests of each workload go now
  GET  /-/ready      200 as soon as the cluster has been read
  PUT  /set/KEY      body: a number, or unset

Keys (the last part may be `*`: all of the namespace; a key with a name wins over it):
  rate/NAMESPACE/NAME      requests per second of a Rollout                        default 50
  share/NAMESPACE/NAME     the router lies: percent that really go to the canary   default: what the router says
  errors/NAMESPACE/HASH    share of answers that are a 500                         default 0
  latency/NAMESPACE/HASH   median of the answer times in seconds                   default 0.05
  business/NAMESPACE/HASH  share of business transactions that succeed             default 1
  quiet/NAMESPACE/HASH     1: no requests reach this version, its counters stand   default 0
  gone/NAMESPACE           1: nothing of the namespace is exposed                  default 0
"""

import argparse
import contextlib
import functools
import http.client
import json
import math
import pathlib
import ssl
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TICK = 0.2
RETRY = 1.0
PATIENCE = 30.0
WATCH_SECONDS = 300
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SPREAD = 0.3  # sigma of the log-normal answer times: the slowest in a hundred take twice the median
HASH = "rollouts-pod-template-hash"
PATHS = {
    "rollouts": "/apis/argoproj.io/v1alpha1/rollouts",
    "replicasets": "/apis/apps/v1/replicasets",
    "services": "/api/v1/services",
    "ingresses": "/apis/networking.k8s.io/v1/ingresses",
}
# Name: parts of the key, default, lowest and highest value.
SETTINGS = {
    "rate": (3, 50.0, 0.0, 100_000.0),
    "share": (3, None, 0.0, 100.0),
    "errors": (3, 0.0, 0.0, 1.0),
    "latency": (3, 0.05, 0.0001, 1000.0),
    "business": (3, 1.0, 0.0, 1.0),
    "quiet": (3, 0.0, 0.0, 1.0),
    "gone": (2, 0.0, 0.0, 1.0),
}

LOCK = threading.Lock()  # over everything below
SET: dict[tuple[str, ...], float] = {}  # key in parts -> value
CLUSTER: dict[str, dict] = {kind: {} for kind in PATHS}  # kind -> (namespace, name) -> what counts of the object
READ: set[str] = set()  # kinds that have been read
SERIES: dict[tuple, "Series"] = {}  # (namespace, ReplicaSet, Service) -> what it has served
FLOWS: list["Flow"] = []  # where requests go now
CHANGED = threading.Event()  # the cluster is no longer what FLOWS was made from


# --- what is set ----------------------------------------------------------------------------------------------------


def setting(name, namespace, who):
    """The most exact value."""
    for key in ((name, namespace, who), (name, namespace, "*")):
        if key in SET:
            return SET[key]
    return SETTINGS[name][1]


def put(key, text):
    """Sets or unsets; ValueError says what is wrong."""
    parts, text = tuple(key.split("/")), text.strip()
    if parts[0] not in SETTINGS:
        raise ValueError(f"no such key: {key!r} (one of {', '.join(SETTINGS)})")
    count, _, low, high = SETTINGS[parts[0]]
    if len(parts) != count or not all(parts):
        shape = "/".join([parts[0], "NAMESPACE", "NAME" if parts[0] in ("rate", "share") else "HASH"][:count])
        raise ValueError(f"not a key: {key!r} (it is {shape})")
    try:
        value = None if text == "unset" else float(text)
    except ValueError:
        raise ValueError(f"not a value of {parts[0]}: {text!r} (a number, or unset)") from None
    if value is not None and not low <= value <= high:
        raise ValueError(f"not a value of {parts[0]}: {text} (from {low:g} to {high:g})")
    with LOCK:
        SET.pop(parts, None)
        if value is not None:
            SET[parts] = value
    CHANGED.set()


# --- the cluster ----------------------------------------------------------------------------------------------------


def digest(kind, thing):
    """What counts of an object; the rest is forgotten at once."""
    meta, spec, status = thing["metadata"], thing.get("spec", {}), thing.get("status", {})
    if kind == "services":
        return spec.get("selector") or {}
    if kind == "ingresses":
        return meta.get("annotations") or {}
    if kind == "replicasets":
        owners = [owner["name"] for owner in meta.get("ownerReferences", ()) if owner["kind"] == "Rollout"]
        return {
            "rollout": owners[0] if owners else None,
            "labels": spec["template"]["metadata"].get("labels", {}),
            "pods": status.get("replicas", 0),
            "ready": status.get("readyReplicas", 0),
        }
    weights = (status.get("canary") or {}).get("weights") or {}
    return {
        "strategy": spec.get("strategy", {}),
        "stable": status.get("stableRS"),
        "weight": (weights.get("canary") or {}).get("weight", 0),
    }


class Mirror(threading.Thread):
    """The objects of one kind, kept by a watch. It comes back by itself, however the watch ended."""

    def __init__(self, kind, api, pki):
        super().__init__(daemon=True)
        self.kind, self.at = kind, urllib.parse.urlsplit(api)
        self.trust = ssl.create_default_context(cafile=pki / "ca.crt")
        rows = (line.split(",") for line in (pki / "tokens.csv").read_text().splitlines())
        self.token = next(token for token, name, *_ in rows if name == "plane-traffic")
        self.version, self.trouble = None, None

    def run(self):
        while True:
            try:
                if self.version is None:
                    self.read_all()
                self.watch()
                self.trouble = None
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.complain(error)
                time.sleep(RETRY)

    def complain(self, error):
        text = f"{self.kind}: {type(error).__name__}: {error}"
        if text != self.trouble:
            print(text, flush=True)
        self.trouble = text

    @contextlib.contextmanager
    def get(self, patience, **query):
        connection = http.client.HTTPSConnection(self.at.hostname, self.at.port, timeout=PATIENCE, context=self.trust)
        with contextlib.closing(connection):
            connection.connect()
            connection.sock.settimeout(patience)
            path = f"{PATHS[self.kind]}?{urllib.parse.urlencode(query)}"
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            yield connection.getresponse()

    def read_all(self):
        with self.get(PATIENCE, resourceVersion="0") as answer:
            body = answer.read()
        if answer.status not in (200, 404):
            raise ValueError(f"{answer.status} {answer.reason}")
        content = json.loads(body) if answer.status == 200 else {"items": []}
        found = {name_of(thing): digest(self.kind, thing) for thing in content["items"]}
        with LOCK:
            CLUSTER[self.kind] = found
            READ.add(self.kind)
        CHANGED.set()
        if answer.status == 404:
            raise ValueError("the server does not know this kind")
        self.version = content["metadata"]["resourceVersion"]

    def watch(self):
        query = {"watch": "1", "resourceVersion": self.version, "allowWatchBookmarks": "true", "timeoutSeconds": WATCH_SECONDS}
        with self.get(WATCH_SECONDS + PATIENCE, **query) as answer:
            if answer.status != 200:
                self.version = None
                raise ValueError(f"{answer.status} {answer.reason}")
            for line in answer:
                self.take(json.loads(line))

    def take(self, event):
        thing = event["object"]
        if event["type"] == "ERROR":
            self.version = None
            raise ValueError(thing.get("message", "the watch failed"))
        self.version = thing["metadata"]["resourceVersion"]
        if event["type"] == "BOOKMARK":
            return
        with LOCK:
            if event["type"] == "DELETED":
                CLUSTER[self.kind].pop(name_of(thing), None)
            else:
                new, name = digest(self.kind, thing), name_of(thing)
                if CLUSTER[self.kind].get(name) == new:
                    return
                CLUSTER[self.kind][name] = new
        CHANGED.set()


def name_of(thing):
    return thing["metadata"]["namespace"], thing["metadata"]["name"]


# --- where requests go ----------------------------------------------------------------------------------------------


class Flow:
    """One version behind one Service, and its share of the requests of its workload."""

    def __init__(self, rollout, replica_set, service, share):
        (self.namespace, self.workload), self.replica_set = rollout, replica_set
        self.service, self.share = service, share
        self.hash = CLUSTER["replicasets"][self.namespace, replica_set]["labels"].get(HASH, "")


def ready_pods(rollout):
    """ReplicaSet -> ready pods."""
    namespace, name = rollout
    return {
        key[1]: one["ready"]
        for key, one in CLUSTER["replicasets"].items()
        if key[0] == namespace and one["rollout"] == name and one["ready"] > 0
    }


def behind(namespace, service, pods):
    """Those of the ready pods that a Service selects."""
    selector = CLUSTER["services"].get((namespace, service))
    if not selector:
        return {}
    return {name: count for name, count in pods.items() if selects(selector, namespace, name)}


def selects(selector, namespace, replica_set):
    return selector.items() <= CLUSTER["replicasets"][namespace, replica_set]["labels"].items()


def nginx_weight(rollout, nginx):
    """The canary's part as the Ingress has it; None when there is no way into the cluster at all."""
    namespace, name = rollout
    stable = nginx.get("stableIngress") or (nginx.get("stableIngresses") or [""])[0]
    if (namespace, stable) not in CLUSTER["ingresses"]:
        return None
    prefix = nginx.get("annotationPrefix") or "nginx.ingress.kubernetes.io"
    notes = CLUSTER["ingresses"].get((namespace, f"{name}-{stable}"[: 253 - len("-canary")] + "-canary"), {})
    if notes.get(f"{prefix}/canary") != "true":
        return 0.0
    return number(notes.get(f"{prefix}/canary-weight"), 0) / number(notes.get(f"{prefix}/canary-weight-total"), 100)


def number(text, otherwise):
    """What somebody else wrote: may be anything."""
    try:
        return float(text) if text else float(otherwise)
    except ValueError:
        return float(otherwise)


def divided(weight, canary, stable):
    """[(Service, its pods, share)]. A side without ready pods: of the canary nginx knows nothing, of the stable it fails."""
    if not canary[1] or canary[1] == stable[1]:
        weight = 0.0
    return [(*canary, weight), (*stable, 1.0 - weight)]


def common_service(namespace, pods):
    """The first Service that selects all of the pods."""
    for (where, name), selector in sorted(CLUSTER["services"].items()):
        if where == namespace and selector and all(selects(selector, namespace, one) for one in pods):
            return name
    return None


def ways(rollout, content, pods):
    """[(Service, its pods, share)] of one Rollout."""
    namespace, name = rollout
    canary, blue_green = content["strategy"].get("canary") or {}, content["strategy"].get("blueGreen")
    lie = setting("share", namespace, name)
    if blue_green:
        active = blue_green.get("activeService", "")
        return [(active, behind(namespace, active, pods), 1.0)]
    routing = canary.get("trafficRouting")
    if routing:
        sides = [(one, behind(namespace, one, pods)) for one in (canary.get("canaryService", ""), canary.get("stableService", ""))]
        weight = nginx_weight(rollout, routing["nginx"]) if "nginx" in routing else content["weight"] / 100
        if weight is None:
            return []
        return divided(weight if lie is None else lie / 100, *sides)
    service = common_service(namespace, pods) or name
    if lie is None:
        return [(service, pods, 1.0)]
    stable = {one: count for one, count in pods.items() if one == f"{name}-{content['stable']}"}
    return divided(lie / 100, (service, {k: v for k, v in pods.items() if k not in stable}), (service, stable))


def flows():
    found = []
    for rollout, content in CLUSTER["rollouts"].items():
        pods = ready_pods(rollout)
        for service, chosen, share in ways(rollout, content, pods) if pods else ():
            total = sum(chosen.values())
            found += [Flow(rollout, one, service, share * count / total) for one, count in chosen.items() if share > 0]
    return found


# --- counting -------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def quicker_than(median):
    """For each bound, the share of requests that take no longer."""
    return tuple(0.5 * (1 + math.erf(math.log(bound / median) / SPREAD / math.sqrt(2))) for bound in BOUNDS)


class Series:
    """What one version behind one Service has served. Whole numbers only: what is less is carried on."""

    def __init__(self, flow):
        self.namespace = flow.namespace
        self.labels = f'namespace="{flow.namespace}",service="{flow.service}",rollouts_pod_template_hash="{flow.hash}"'
        self.pod = f'{self.labels},pod="{flow.replica_set}-x"'
        self.answers = {"200": 0, "500": 0}
        self.deals = {"success": 0, "failure": 0}
        self.within = [0.0] * len(BOUNDS)
        self.seconds = 0.0
        self.owed = self.owed_errors = self.owed_failures = 0.0

    def count(self, requests, errors, latency, business):
        self.owed += requests
        whole = int(self.owed)
        if not whole:
            return
        self.owed -= whole
        self.owed_errors += whole * errors
        self.owed_failures += whole * (1 - business)
        bad, lost = int(self.owed_errors), int(self.owed_failures)
        self.owed_errors -= bad
        self.owed_failures -= lost
        self.answers["500"] += bad
        self.answers["200"] += whole - bad
        self.deals["failure"] += lost
        self.deals["success"] += whole - lost
        for index, share in enumerate(quicker_than(latency)):
            self.within[index] += whole * share
        self.seconds += whole * latency * math.exp(SPREAD**2 / 2)


def count(elapsed):
    for flow in FLOWS:
        namespace, who = flow.namespace, flow.hash
        if setting("quiet", namespace, who):
            continue
        key = namespace, flow.replica_set, flow.service
        if key not in SERIES:
            SERIES[key] = Series(flow)
        requests = setting("rate", namespace, flow.workload) * flow.share * elapsed
        SERIES[key].count(requests, *(setting(name, namespace, who) for name in ("errors", "latency", "business")))


def look_again():
    """After a change: other ways, and nothing more of versions without pods."""
    FLOWS[:] = flows()
    alive = {key for key, one in CLUSTER["replicasets"].items() if one["pods"] > 0}
    for key in [key for key in SERIES if key[:2] not in alive]:
        del SERIES[key]


def count_for_ever():
    last = time.monotonic()
    while True:
        time.sleep(TICK)
        now = time.monotonic()
        with LOCK:
            # First what has passed, then what has changed.
            count(now - last)
            if CHANGED.is_set():
                CHANGED.clear()
                look_again()
        last = now


# --- what is shown --------------------------------------------------------------------------------------------------


def exposition():
    answers, times, deals = [], [], []
    with LOCK:
        for one in SERIES.values():
            if not SET.get(("gone", one.namespace)):
                answers += [f'http_requests_total{{{one.pod},code="{c}",method="GET"}} {n}' for c, n in one.answers.items() if n]
                deals += [f'business_transactions_total{{{one.labels},status="{s}"}} {n}' for s, n in one.deals.items() if n]
                times += histogram(one) if any(one.answers.values()) else []
    return "\n".join([
        "# HELP http_requests_total Answers to users.", "# TYPE http_requests_total counter", *answers,
        "# HELP http_request_duration_seconds Time until the answer.", "# TYPE http_request_duration_seconds histogram", *times,
        "# HELP business_transactions_total Business transactions.", "# TYPE business_transactions_total counter", *deals, "",
    ])


def histogram(one):
    name, labels, total = "http_request_duration_seconds", f'{one.pod},method="GET"', sum(one.answers.values())
    lines = [f'{name}_bucket{{{labels},le="{bound:g}"}} {int(within)}' for bound, within in zip(BOUNDS, one.within, strict=True)]
    return [
        *lines,
        f'{name}_bucket{{{labels},le="+Inf"}} {total}',
        f"{name}_sum{{{labels}}} {one.seconds:.3f}",
        f"{name}_count{{{labels}}} {total}",
    ]


def state():
    with LOCK:
        fields = ("namespace", "workload", "service", "hash", "share")
        return {
            "set": {"/".join(key): value for key, value in sorted(SET.items())},
            "flows": [{name: getattr(flow, name) for name in fields} for flow in FLOWS],
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/metrics":
            self.send(200, exposition().encode(), "text/plain; version=0.0.4")
        elif self.path == "/state":
            self.send_json(200, state())
        elif self.path == "/-/ready":
            waiting = sorted(set(PATHS) - READ)
            self.send_json(503 if waiting else 200, {"waiting for": waiting})
        else:
            self.send_json(404, {"error": f"no such path: {self.path}"})

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        try:
            if not path.startswith("/set/"):
                raise ValueError(f"no such path: {path}")
            put(path.removeprefix("/set/"), body)
        except ValueError as error:
            self.send_json(400, {"error": str(error)})
            return
        self.send_json(200, {"key": path.removeprefix("/set/"), "value": body.strip()})

    def send_json(self, status, content):
        self.send(status, json.dumps(content).encode(), "application/json")

    def send(self, status, data, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_request(self, code="-", size="-"):
        """One line a second for each scrape would be all that the log has."""


def send_value(url, key, value):
    at = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=5)
    try:
        connection.request("PUT", f"/set/{urllib.parse.quote(key)}", body=value.encode())
        answer = connection.getresponse()
        content = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        sys.exit(f"traffic: {error}")
    if answer.status != 200:
        sys.exit(f"traffic: {content['error']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int)
    parser.add_argument("--api", metavar="URL")
    parser.add_argument("--pki", type=pathlib.Path, help="the directory with the plane's ca.crt and tokens.csv")
    parser.add_argument("--set", nargs=3, metavar=("URL", "KEY", "VALUE"))
    options = parser.parse_args()
    if options.set:
        send_value(*options.set)
    elif options.port and options.api and options.pki:
        for kind in PATHS:
            Mirror(kind, options.api, options.pki).start()
        threading.Thread(target=count_for_ever, daemon=True).start()
        ThreadingHTTPServer(("127.0.0.1", options.port), Handler).serve_forever()
    else:
        parser.error("--port with --api and --pki, or --set")


if __name__ == "__main__":
    main()
