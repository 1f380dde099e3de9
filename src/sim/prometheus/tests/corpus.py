#!/usr/bin/env python3
"""Makes corpus.json: what a real Prometheus answers to these queries over these series.

Start an empty Prometheus (2.42 made the file that is kept) that takes series by remote write:

  prometheus --config.file=empty.yml --storage.tsdb.path=DIR --web.enable-remote-write-receiver \
      --web.listen-address=127.0.0.1:PORT
  ./corpus.py http://127.0.0.1:PORT > corpus.json

The series are written out below as one text each: a value for every 15 seconds, `_` for none, `end` for the mark of an
end. Answers are kept whole. Called by people only; the tests read corpus.json.
"""

import json
import math
import random
import struct
import sys
import urllib.error
import urllib.parse
import urllib.request

START = 1_795_514_400_000  # 2026-11-24T10:00:00Z in milliseconds
EVERY = 15_000
COUNT = 81  # 20 minutes
STALE = 0x7FF0000000000002


def counter(per_step, begin=0, end=COUNT, reset=None, start=0, seed=1):
    """A counter that grows about so much at each step."""
    chance, value, values = random.Random(seed), start, []
    for step in range(COUNT):
        if step < begin or step >= end:
            values.append("end" if step == end else "_")
            continue
        value = 0 if step == reset else value + round(per_step * (0.5 + chance.random()))
        values.append(value)
    return values


def gauge(formula):
    return [formula(step) for step in range(COUNT)]


def gaps(values, *missing):
    return ["_" if any(a <= step < b for a, b in missing) else value for step, value in enumerate(values)]


def histogram(labels, shift, per_step, bounds, shares, seed):
    all_of_them = counter(per_step, seed=seed)
    for bound, share in zip(bounds, shares):
        values = [math.floor(value * share) for value in all_of_them]
        yield {"__name__": "duration_seconds_bucket", "le": bound, **labels}, shift, values
    yield {"__name__": "duration_seconds_count", **labels}, shift, all_of_them
    yield {"__name__": "duration_seconds_sum", **labels}, shift, [value * 0.25 for value in all_of_them]


def series():
    """Labels, shift of the scrapes in milliseconds, values."""
    requests = [
        ("shop", "a", "200", 3210, counter(150, seed=2)),
        ("shop", "a", "500", 3210, counter(2, begin=30, seed=3)),
        ("shop", "b", "200", 9001, counter(140, reset=40, seed=4)),
        ("shop", "b", "404", 9001, counter(3, seed=5)),
        ("shop", "c", "200", 14999, counter(50, begin=44, seed=6)),
        ("shop", "d", "200", 0, counter(75, end=36, start=5000, seed=7)),
        ("cart", "e", "200", 7500, gaps(counter(20, start=100, seed=8), (20, 26), (50, 75))),
        ("cart", "f", "200", 1, counter(1, seed=9)),
        ("idle", "g", "200", 100, [7] * COUNT),
        ("idle", "g", "500", 100, [0] * COUNT),
    ]
    for service, pod, code, shift, values in requests:
        yield {"__name__": "requests_total", "service": service, "pod": pod, "code": code}, shift, values
    bounds = ["0.1", "0.25", "0.5", "1", "+Inf"]
    yield from histogram({"service": "shop", "pod": "a"}, 3210, 150, bounds, [0.2, 0.5, 0.9, 0.97, 1], 2)
    yield from histogram({"service": "shop", "pod": "b"}, 9001, 140, bounds, [0.1, 0.1, 0.1, 0.3, 1], 4)
    yield from histogram({"service": "cart", "pod": "e"}, 7500, 20, ["0.1", "1", "+Inf"], [0, 0.01, 1], 8)
    odd = [("-1", 3), ("0", 5), ("1", 4), ("1.0", 2), ("broken", 9), ("inf", 12)]
    for bound, value in odd:
        yield {"__name__": "odd_bucket", "le": bound}, 0, [value] * COUNT
    for bound, value in (("1", 3), ("1.0", 4), ("2", 9), ("+Inf", 10)):
        yield {"__name__": "twice_bucket", "le": bound}, 0, [value] * COUNT
    yield {"__name__": "open_bucket", "le": "1"}, 0, [3] * COUNT
    yield {"__name__": "lone_bucket", "le": "+Inf"}, 0, [3] * COUNT
    for pod, node, phase in (("a", "n1", 0.0), ("b", "n2", 1.0), ("c", "n1", 2.0)):
        wave = gauge(lambda step, phase=phase: round(500 + 300 * math.sin(step / 7 + phase), 3))
        yield {"__name__": "memory_bytes", "pod": pod, "node": node}, 777, wave
    yield {"__name__": "temperature", "room": "x"}, 0, gauge(lambda step: round(-20 + step * 0.5, 2))
    yield {"__name__": "temperature", "room": "y"}, 0, gauge(lambda step: round(20 - (step % 9) * 1.25, 2))
    yield {"__name__": "special", "what": "nan"}, 0, ["NaN"] * COUNT
    yield {"__name__": "special", "what": "inf"}, 0, ["+Inf"] * COUNT
    yield {"__name__": "special", "what": "less"}, 0, ["-Inf"] * COUNT
    yield {"__name__": "special", "what": "zero"}, 0, [0] * COUNT
    yield {"__name__": "special", "what": "one"}, 0, [1] * COUNT
    yield {"__name__": "special", "what": "mixed"}, 0, gauge(lambda s: ["NaN", 1, "+Inf", 2.5, "-Inf", -3][s % 6])
    yield {"__name__": "special", "what": "tiny"}, 0, ["1.25e-09"] * COUNT
    yield {"__name__": "special", "what": "huge"}, 0, ["3e+25"] * COUNT
    yield {"__name__": "text", "label": 'a "quoted" \\ one', "Ünicode": ""}, 0, [1] * COUNT
    yield {"__name__": "text", "label": "line\nbreak and ü"}, 0, [2] * COUNT
    yield {"__name__": "flapping"}, 5000, gauge(lambda step: ["end", 1, 2, 3][step % 4])
    yield {"__name__": "ended"}, 5000, gauge(lambda step: 1 if step < 40 else ("end" if step == 40 else "_"))
    yield {"__name__": "left_off"}, 5000, gauge(lambda step: step if step < 40 else "_")
    for pod, hash_, version in (("a", "6f", "1"), ("b", "6f", "1"), ("c", "7d", "2")):
        yield {"__name__": "pod_info", "pod": pod, "hash": hash_, "version": version}, 0, [1] * COUNT
    for hash_, weight in (("6f", 75), ("7d", 25)):
        yield {"__name__": "weight", "hash": hash_}, 0, [weight] * COUNT
    yield {"__name__": "instant_seconds", "n": "1"}, 0, [1_709_164_800 + 86_399] * COUNT  # a 29 February
    yield {"__name__": "instant_seconds", "n": "2"}, 0, [1_795_514_523.75] * COUNT


AT_TIMES = {
    # offsets from the start in seconds -> queries
    600: [
        "requests_total",
        'requests_total{service="shop"}',
        'requests_total{service="shop",code!="200"}',
        'requests_total{code=~"5.."}',
        'requests_total{code!~"2..|4.."}',
        'requests_total{pod=~"a|b",service!~"c.*"}',
        'requests_total{missing=""}',
        'requests_total{missing!=""}',
        'requests_total{missing=~".*"}',
        '{__name__=~"temp.*"}',
        '{__name__="weight",hash="6f"}',
        'requests_total{code="200",code!="200"}',
        "nothing",
        "requests_total[1m]",
        'requests_total{pod="d"}[5m]',
        "flapping[2m]",
        "ended",
        "left_off",
        "special",
        "text",
        'text{label="line\\nbreak and \\u00fc"}',
        "text{label=~'a .*'}",
        "requests_total{code=~`5\\d\\d`}",
        "requests_total offset 1m",
        "requests_total offset 5m",
        "requests_total offset -2m",
        "requests_total @ 1795514700",
        "requests_total @ 1795514700.5 offset 30s",
        "requests_total @ start()",
        "rate(requests_total[2m] @ end())",
        "rate(requests_total[2m])",
        "rate(requests_total[5m])",
        "rate(requests_total[1m])",
        "rate(requests_total[20s])",
        "rate(requests_total[2m] offset 4m)",
        "rate(requests_total[15m])",
        "rate(temperature[5m])",
        "increase(requests_total[2m])",
        "increase(requests_total[1m5s])",
        "irate(requests_total[5m])",
        "idelta(requests_total[5m])",
        "idelta(temperature[1m])",
        "delta(temperature[5m])",
        "delta(requests_total[5m])",
        "deriv(temperature[5m])",
        "deriv(memory_bytes[3m])",
        "deriv(special[3m])",
        "predict_linear(temperature[5m], 3600)",
        "predict_linear(memory_bytes[4m] offset 1m, 60)",
        "resets(requests_total[10m])",
        "resets(temperature[10m])",
        "changes(temperature[10m])",
        "changes(requests_total[5m])",
        "changes(special[5m])",
        "avg_over_time(memory_bytes[5m])",
        "avg_over_time(special[5m])",
        "sum_over_time(memory_bytes[5m])",
        "sum_over_time(special[5m])",
        "min_over_time(memory_bytes[5m])",
        "min_over_time(special[5m])",
        "max_over_time(memory_bytes[5m])",
        "max_over_time(special[5m])",
        "count_over_time(requests_total[5m])",
        "count_over_time(flapping[5m])",
        "last_over_time(requests_total[5m])",
        "last_over_time(left_off[10m])",
        "present_over_time(requests_total[5m])",
        "stddev_over_time(memory_bytes[5m])",
        "stdvar_over_time(memory_bytes[5m])",
        "stddev_over_time(special[5m])",
        "quantile_over_time(0.9, memory_bytes[5m])",
        "quantile_over_time(0.5, special[5m])",
        "quantile_over_time(-1, memory_bytes[5m])",
        "quantile_over_time(1.5, memory_bytes[5m])",
        "quantile_over_time(NaN, memory_bytes[5m])",
        "absent_over_time(nothing{a=\"b\",c=~\"d\"}[5m])",
        "absent_over_time(requests_total[5m])",
        "absent_over_time(ended[1m])",
        "absent(nothing)",
        'absent(nothing{a="b",c="d",e!="f"})',
        'absent(nothing{a="b",a="c",d="e"})',
        'absent(nothing{a!="b",a="c"})',
        "absent(requests_total)",
        "absent(sum(nothing))",
        'absent((nothing{x="y"}))',
        "histogram_quantile(0.5, duration_seconds_bucket)",
        "histogram_quantile(0.99, duration_seconds_bucket)",
        "histogram_quantile(0.9, rate(duration_seconds_bucket[2m]))",
        "histogram_quantile(0.99, sum(rate(duration_seconds_bucket[2m])) by (le))",
        "histogram_quantile(0.99, sum(rate(duration_seconds_bucket[2m])) by (le)) * 1000",
        "histogram_quantile(0.2, sum by (le, service) (duration_seconds_bucket))",
        "histogram_quantile(0.05, duration_seconds_bucket)",
        "histogram_quantile(0, duration_seconds_bucket)",
        "histogram_quantile(1, duration_seconds_bucket)",
        "histogram_quantile(-0.1, duration_seconds_bucket)",
        "histogram_quantile(1.1, duration_seconds_bucket)",
        "histogram_quantile(NaN, duration_seconds_bucket)",
        "histogram_quantile(0.1, odd_bucket)",
        "histogram_quantile(0.4, odd_bucket)",
        "histogram_quantile(0.9, odd_bucket)",
        "histogram_quantile(0.6, twice_bucket)",
        "histogram_quantile(0.8, twice_bucket)",
        "histogram_quantile(0.9, open_bucket)",
        "histogram_quantile(0.9, lone_bucket)",
        "histogram_quantile(0.9, duration_seconds_bucket * 0)",
        "histogram_quantile(0.9, requests_total)",
        'histogram_quantile(0.9, {__name__=~"duration_seconds_bucket|odd_bucket"})',
        "sum(requests_total)",
        "sum by (service) (requests_total)",
        "sum by (service, code) (rate(requests_total[2m]))",
        "sum without (pod) (requests_total)",
        "sum without (pod, code, nothing) (requests_total)",
        "sum by (nothing) (requests_total)",
        "sum by () (requests_total)",
        "sum without () (weight)",
        "sum by (__name__) (requests_total)",
        "sum(nothing)",
        "avg by (service) (requests_total)",
        "avg(special)",
        "avg by (what) (special)",
        "min by (service) (requests_total)",
        "max by (service) (requests_total)",
        "min(special)",
        "max(special)",
        'max(special{what=~"nan|one"})',
        'min(special{what=~"nan|one"})',
        'avg(special{what=~"inf|less"})',
        'avg(special{what=~"inf|one"})',
        "histogram_count(requests_total)",
        "count by (service) (requests_total)",
        "count(special)",
        "group by (service) (requests_total)",
        "stddev by (service) (requests_total)",
        "stdvar by (service) (requests_total)",
        "quantile by (service) (0.75, requests_total)",
        "quantile(0.3, memory_bytes)",
        "quantile(2, memory_bytes)",
        "quantile(0.5, special)",
        "topk(2, requests_total)",
        "topk by (service) (1, requests_total)",
        "bottomk(2, memory_bytes)",
        "bottomk without (pod, code) (1, requests_total)",
        "topk(0, requests_total)",
        "topk(-3, requests_total)",
        "topk(2.9, memory_bytes)",
        "topk(100, memory_bytes)",
        "topk(NaN, memory_bytes)",
        "topk(1e30, memory_bytes)",
        "topk(scalar(count(memory_bytes)) - 1, memory_bytes)",
        'count_values("value", weight)',
        'count_values("value", special)',
        'count_values by (hash) ("version", pod_info)',
        'count_values without (pod, version) ("n", pod_info)',
        'count_values("bad-name", weight)',
        "1",
        "-1",
        "1 + 2 * 3 - 4 / 5 % 3",
        "2 ^ 3 ^ 2",
        "-2 ^ 2",
        "(1 + 2) * 3",
        "1 / 0",
        "0 / 0",
        "-1 / 0",
        "5 % 0",
        "-5 % 3",
        "5.5 % -2",
        "0x1f",
        "1e3",
        ".5",
        "Inf",
        "NaN",
        "1 == bool 1",
        "1 > bool 2",
        "NaN == bool NaN",
        "1 atan2 2",
        '"a text"',
        "'single \\'quoted\\''",
        "`raw \\ text`",
        "weight + 1",
        "1 - weight",
        "weight * weight",
        "weight / 0",
        "weight % 7",
        "weight ^ 2",
        "weight atan2 2",
        "-weight",
        "+weight",
        "-(weight)",
        "weight > 50",
        "50 > weight",
        "weight > bool 50",
        "50 > bool weight",
        "weight == 75",
        "weight != 75",
        "weight >= 75 or weight < 30",
        "special == special",
        "special != special",
        "special > 0",
        'requests_total{code="500"} / on (service, pod) requests_total{code="200"}',
        'requests_total{code="500"} / ignoring (code) requests_total{code="200"}',
        'sum(rate(requests_total{service="shop",code!~"5.."}[2m])) / sum(rate(requests_total{service="shop"}[2m]))',
        'sum(rate(requests_total{service="shop",code=~"5.."}[2m])) / sum(rate(requests_total{service="shop"}[2m]))',
        'sum(rate(requests_total{service="cart",code=~"5.."}[2m])) / sum(rate(requests_total{service="cart"}[2m]))',
        'sum(rate(requests_total{service="idle",code=~"5.."}[2m])) / sum(rate(requests_total{service="idle"}[2m]))',
        "requests_total / requests_total",
        "requests_total / on (pod) requests_total",
        "requests_total / on (service) requests_total",
        "weight * on (hash) pod_info",
        "weight * on (hash) group_right pod_info",
        "weight * on (hash) group_right (nothing) pod_info",
        "pod_info * on (hash) group_left weight",
        "pod_info * on (hash) group_left (nothing, version) weight",
        "memory_bytes * on (pod) group_left (hash, version) pod_info",
        "memory_bytes * ignoring (node, hash, version) group_left (hash) pod_info",
        "pod_info * on (pod) group_right (hash) memory_bytes",
        "weight > on (hash) group_right pod_info",
        "weight > bool on (hash) group_right pod_info",
        "memory_bytes > on (pod) group_left pod_info",
        "memory_bytes > ignoring (node, hash, version) pod_info",
        "memory_bytes > bool on (pod) pod_info",
        "pod_info * on (version) group_left weight",
        "memory_bytes * on () group_left pod_info",
        "sum by (service) (requests_total) * on (service) group_right sum by (service, code) (requests_total)",
        'pod_info * on (hash) group_left (pod) sum by (hash) (pod_info)',
        'sum without (pod) (pod_info) * on (hash) group_left () weight',
        "requests_total and memory_bytes",
        "requests_total and on (pod) memory_bytes",
        "requests_total unless on (pod) memory_bytes",
        "requests_total or memory_bytes",
        "requests_total or on (pod) memory_bytes",
        "requests_total and ignoring (code) requests_total{code=\"500\"}",
        "requests_total unless ignoring (code) requests_total{code=\"500\"}",
        "nothing or weight",
        "weight or nothing",
        "weight and nothing",
        "nothing and weight",
        "weight unless nothing",
        "weight and on () vector(1)",
        "requests_total or vector(0)",
        "weight + on (hash) weight and weight > 50",
        "abs(temperature)",
        "ceil(temperature)",
        "floor(temperature)",
        "round(temperature)",
        "round(temperature, 5)",
        "round(temperature, 0.3)",
        "clamp(temperature, -5, 10)",
        "clamp(temperature, 10, -5)",
        "clamp(special, 0, 2)",
        "clamp(weight, NaN, 2)",
        "clamp_max(special, 1)",
        "clamp_min(special, 1)",
        "exp(special)",
        "ln(special)",
        "log2(weight)",
        "log10(weight)",
        "sqrt(special)",
        "sgn(special)",
        "sin(temperature)",
        "atan(temperature)",
        "deg(weight)",
        "rad(weight)",
        "pi()",
        "scalar(weight)",
        'scalar(weight{hash="6f"})',
        "scalar(nothing)",
        "vector(5)",
        "vector(time())",
        "time()",
        "time() - 1",
        "timestamp(requests_total)",
        "timestamp(requests_total offset 1m)",
        "timestamp(weight * 2)",
        "timestamp((memory_bytes))",
        "timestamp(memory_bytes @ 1795514800)",
        "sort(memory_bytes)",
        "sort_desc(memory_bytes)",
        "sort(special)",
        "sort_desc(special)",
        'label_replace(pod_info, "kind", "v$1", "version", "(.*)")',
        'label_replace(pod_info, "kind", "${x}-$x", "hash", "(?P<x>[0-9]).")',
        'label_replace(pod_info, "kind", "x", "hash", "6")',
        'label_replace(pod_info, "hash", "", "hash", ".*")',
        'label_replace(pod_info, "new", "none", "missing", "")',
        'label_replace(pod_info, "pod", "same", "pod", ".*")',
        'label_replace(pod_info, "__name__", "renamed", "pod", "a")',
        'label_replace(pod_info, "bad-name", "x", "pod", ".*")',
        'label_replace(pod_info, "x", "y", "pod", "(")',
        'label_join(pod_info, "all", "-", "hash", "version")',
        'label_join(pod_info, "all", ",")',
        'label_join(pod_info, "hash", "", "missing")',
        'label_join(pod_info, "bad-name", "-", "hash")',
        'label_join(pod_info, "x", "-", "bad-name")',
        "minute()",
        "hour()",
        "day_of_week()",
        "day_of_month(instant_seconds)",
        "day_of_week(instant_seconds)",
        "day_of_year(instant_seconds)",
        "days_in_month(instant_seconds)",
        "month(instant_seconds)",
        "year(instant_seconds)",
        "hour(instant_seconds)",
        "minute(instant_seconds)",
        "hour(vector(-1))",
        "max_over_time(rate(requests_total[1m])[5m:30s])",
        "avg_over_time(sum(rate(requests_total[1m]))[5m:])",
        "memory_bytes[1m:20s]",
        "sum(memory_bytes)[2m:30s] offset 1m",
        "max_over_time(memory_bytes[5m:1m] @ 1795514700)",
        "min_over_time(sum by (node) (memory_bytes offset 30s)[3m:45s] offset 1m)",
        "rate(requests_total[1m:15s])",
        "quantile_over_time(0.9, (memory_bytes > 400)[5m:15s])",
        "avg_over_time(max_over_time(memory_bytes[1m:15s])[3m:1m])",
        "count_over_time(ended[10m:1m])",
        "sum_over_time(vector(1)[5m:1m])",
        "last_over_time(time()[5m:1m])",
        "absent_over_time(nothing[5m:1m])",
        "{__name__=~\"weight|temperature\"} + 1",
        "weight * 1e-9",
        "weight * 1e21",
        "weight / 3",
        "weight / 1e7",
        "0.1 + 0.2",
        "1e-6",
        "9.99e-7",
        "1e21",
        "123456789012345678",
        "abs({__name__=~\"weight|temperature\",hash=~\"6f|\",room!=\"y\"})",
        'rate({__name__=~"duration_seconds_(count|sum)",pod="a"}[2m])',
        '-{__name__=~"duration_seconds_(count|sum)",pod="a"}',
        'last_over_time({__name__=~"duration_seconds_(count|sum)",pod="a"}[2m])',
        'sum({__name__=~"duration_seconds_(count|sum)"})',
        # what cannot be
        "rate(requests_total)",
        "sum(",
        "sum)",
        "requests_total{",
        "requests_total[5m",
        "1 == 1",
        "nope(requests_total)",
        "requests_total{code=~\"(\"}",
        "{}",
        '{code=~".*"}',
        "1 and 2",
        "requests_total +",
        "rate(requests_total[0s])",
        "requests_total[1m] + 1",
        "a b",
        "sum(requests_total, 1)",
        "topk(requests_total)",
        "round(1)",
        "exp(Inf)",
        "requests_total offset 1m offset 2m",
        "sum by (service) (requests_total) by (pod)",
        "a == on (b) group_left (b) c",
        "a and on (b) group_left c",
        "",
    ],
    # between two scrapes, and where series begin, end and are looked back at
    607.123: ["requests_total", "rate(requests_total[2m])", "irate(requests_total[1m])", "timestamp(memory_bytes)"],
    0: ["requests_total", "rate(requests_total[5m])", "weight", "memory_bytes"],
    545: ["requests_total{pod=\"d\"}", "ended", "rate(requests_total{pod=\"d\"}[2m])"],
    884.999: ["left_off", "ended"],
    890: ["left_off", "rate(left_off[5m])"],
    890.001: ["left_off", "rate(left_off[5m])"],
    1100: ["requests_total", "rate(requests_total[5m])", "increase(requests_total[10m])", "count(requests_total)"],
    1300: ["weight", "rate(requests_total[5m])"],
    1500: ["weight"],
    1500.001: ["weight"],
    -400: ["weight", "rate(requests_total[5m] offset -7m)", "requests_total offset -8m", "time()"],
}

OVER = [
    # query, start, end, step; seconds from the start
    ("requests_total", 540, 660, "30"),
    ("sum by (service) (rate(requests_total[2m]))", 0, 1300, "97"),
    ("sum(rate(requests_total{code=~\"5..\"}[2m])) / sum(rate(requests_total[2m]))", 300, 900, "60s"),
    ("histogram_quantile(0.9, sum by (le) (rate(duration_seconds_bucket[2m])))", 60, 1200, "2m"),
    ("1", 0, 60, "15"),
    ("time()", 0.5, 60.5, "20.25"),
    ("ended", 500, 700, "20"),
    ("left_off", 800, 1000, "30"),
    ("absent(ended)", 500, 800, "50"),
    ("absent_over_time(ended[1m])", 500, 800, "50"),
    ("topk(1, memory_bytes)", 0, 1200, "120"),
    ("memory_bytes > 600", 0, 600, "60"),
    ("max_over_time(rate(requests_total{pod=\"b\"}[1m])[5m:30s])", 300, 900, "75"),
    ("memory_bytes @ end()", 0, 60, "30"),
    ("rate(requests_total{pod=\"a\"}[2m] @ start())", 300, 360, "30"),
    ("memory_bytes @ 1795514700 - memory_bytes", 0, 120, "60"),
    ("timestamp(memory_bytes)", 0, 60, "20"),
    ("sum_over_time((memory_bytes @ end())[1m:20s])", 0, 120, "60"),
    ("vector(1) or weight", 0, 30, "30"),
    ("count_values(\"v\", round(memory_bytes, 100))", 0, 300, "100"),
    ("sort(memory_bytes)", 0, 60, "60"),
    ("minute()", 0, 180, "60"),
    ("requests_total offset 10m", 0, 1200, "300"),
    ("nothing", 0, 60, "15"),
    ("special", 0, 15, "15"),
    ("rate(requests_total[1m])", 600, 600, "15"),
    ("requests_total[5m]", 0, 60, "15"),
    ("\"text\"", 0, 60, "15"),
    ("weight", 60, 0, "15"),
    ("weight", 0, 60, "0"),
    ("weight", 0, 60, "-5"),
    ("weight", 0, 60, "x"),
    ("weight", 0, 11001, "1"),
    ("weight", 0, 11000, "1h"),
    ("sum(", 0, 60, "15"),
    ("1 == bool 1", 0, 30, "15"),
    ("weight * on (hash) pod_info", 0, 30, "15"),
]


def encode_series():
    return [{"labels": labels, "shift": shift, "values": " ".join(map(str, values))} for labels, shift, values in series()]


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def write_request(samples):
    out = b""
    for labels, at, value in samples:
        bits = STALE if value == "end" else struct.unpack("<Q", struct.pack("<d", float(value)))[0]
        inner = b"".join(
            field(1, field(1, name.encode()) + field(2, text.encode()))
            for name, text in sorted(labels.items())
            if text
        )
        inner += field(2, b"\x09" + struct.pack("<Q", bits) + b"\x10" + varint(at))
        out += field(1, inner)
    return out


def snappy(data):
    """The plainest form: nothing but literals."""
    out = varint(len(data))
    for begin in range(0, len(data), 60):
        piece = data[begin : begin + 60]
        out += bytes([(len(piece) - 1) << 2]) + piece
    return out


def send(url):
    samples = []
    for one in encode_series():
        for step, value in enumerate(one["values"].split()):
            if value != "_":
                samples.append((one["labels"], START + step * EVERY + one["shift"], value))
    samples.sort(key=lambda sample: sample[1])
    for begin in range(0, len(samples), 500):
        body = snappy(write_request(samples[begin : begin + 500]))
        headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
        request = urllib.request.Request(f"{url}/api/v1/write", body, headers)
        urllib.request.urlopen(request).read()


def ask(url, path, **parameters):
    try:
        with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(parameters)}") as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def main():
    url = sys.argv[1]
    send(url)
    cases = []
    for offset, queries in AT_TIMES.items():
        for query in queries:
            time = START / 1000 + offset
            code, body = ask(url, "/api/v1/query", query=query, time=f"{time:.3f}")
            cases.append({"query": query, "time": f"{time:.3f}", "code": code, "body": body})
    for query, start, end, step in OVER:
        when = {"start": f"{START / 1000 + start:.3f}", "end": f"{START / 1000 + end:.3f}", "step": step}
        code, body = ask(url, "/api/v1/query_range", query=query, **when)
        cases.append({"query": query, **when, "code": code, "body": body})
    print('{"start":%d,"every":%d,"series":[' % (START, EVERY))
    print(",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in encode_series()))
    print('],"cases":[')
    print(",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases))
    print("]}")


if __name__ == "__main__":
    main()
