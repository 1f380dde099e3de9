#!/usr/bin/env python3
"""Compares this room's answers over its own series with those of a real Prometheus.

  DUMP=/somewhere/dump.json cargo test a_story_for_a_real_prometheus -- --ignored
  ./compare.py http://127.0.0.1:PORT /somewhere/dump.json

The server is an empty one that takes series by remote write, as for corpus.py. Says how many answers were compared and
shows the first that differ. Called by people only.
"""

import json
import struct
import sys
import urllib.request

from corpus import ask, field, snappy, varint


def send(url, series):
    samples = sorted(
        (at, number, bits) for number, one in enumerate(series) for at, bits in one["points"]
    )
    names = [
        b"".join(field(1, field(1, k.encode()) + field(2, v.encode())) for k, v in sorted(one["labels"].items()))
        for one in series
    ]
    for begin in range(0, len(samples), 1000):
        out = b""
        for at, number, bits in samples[begin : begin + 1000]:
            sample = b"\x09" + struct.pack("<Q", int(bits, 16)) + b"\x10" + varint(at)
            out += field(1, names[number] + field(2, sample))
        headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
        urllib.request.urlopen(urllib.request.Request(f"{url}/api/v1/write", snappy(out), headers)).read()


def key(sample):
    return json.dumps(sample["metric"], sort_keys=True)


def close(one, other):
    a, b = float(one), float(other)
    return one == other or abs(a - b) <= 1e-9 * max(abs(a), abs(b))


def alike(ours, theirs):
    if ours["code"] != theirs["code"]:
        return False
    if ours["code"] != 200:
        return ours["body"]["errorType"] == theirs["body"]["errorType"]
    one, other = ours["body"]["data"], theirs["body"]["data"]
    if one["resultType"] != other["resultType"] or len(one["result"]) != len(other["result"]):
        return False
    pairs = zip(sorted(one["result"], key=key), sorted(other["result"], key=key))
    return all(key(a) == key(b) and close(a["value"][1], b["value"][1]) for a, b in pairs)


def main():
    url, file = sys.argv[1:]
    with open(file) as dump:
        dump = json.load(dump)
    send(url, dump["series"])
    samples, different, empty = 0, [], 0
    for ours in dump["asked"]:
        code, body = ask(url, "/api/v1/query", query=ours["query"], time=ours["time"])
        if code == 200:
            samples += len(body["data"]["result"])
            empty += not body["data"]["result"]
        if not alike(ours, {"code": code, "body": body}):
            different.append((ours, body))
    points = sum(len(one["points"]) for one in dump["series"])
    print(f"{len(dump['series'])} series, {points} points; {len(dump['asked'])} answers with {samples} values, "
          f"{empty} of them empty; {len(different)} differ")
    for ours, theirs in different[:5]:
        print(ours["query"], ours["time"], "\n  ours  ", ours["body"], "\n  theirs", theirs)
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
