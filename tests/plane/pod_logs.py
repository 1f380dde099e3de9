#!/usr/bin/env python3
"""Log files behind `kubectl logs`: lines are appended while the plane is up, so that following can be shown.

It writes one file for each container name below DIR, in the format of the container runtime, and the kwok
configuration that points at them. It never knows single pods: all pods with a container of the same name show the same
lines (a test may append its own to DIR/CONTAINER.log). Called by: `plane up`, twice (--write-config, then as a server).
"""

import argparse
import datetime
import itertools
import pathlib
import random
import time

CONTAINERS = ("checkout", "storefront", "catalog", "payments", "mailer", "search", "reports")
OTHER = "app"  # every container that is not named above
EVERY_SECONDS = 2.0

PATHS = ("/healthz", "/api/v1/cart", "/api/v1/orders", "/api/v1/prices?currency=EUR", "/api/v1/orders/8812/lines")
LAST_WORDS = (
    "level=info msg=\"starting\" version=next",
    "level=info msg=\"connecting to database\" host=orders-db:5432",
    "level=error msg=\"migration 0042 failed\" err=\"column \\\"discount\\\" does not exist\"",
    "panic: cannot start without schema 42",
    "",
    "goroutine 1 [running]:",
    "main.main()",
    "\t/src/cmd/server/main.go:58 +0x1d4",
    "exit status 1",
)


def line(text, stream="stdout"):
    now = datetime.datetime.now(datetime.timezone.utc)
    return f"{now:%Y-%m-%dT%H:%M:%S.%f}000Z {stream} F {text}\n"


def request_line(number, chance):
    if number % 17 == 0:
        return f'level=warn msg="slow answer" upstream=orders-db took={chance.randrange(800, 1900)}ms request={number}'
    status = 503 if number % 29 == 0 else 200
    return (f'level=info method=GET path="{chance.choice(PATHS)}" status={status} '
            f"took={chance.randrange(2, 90)}ms request={number}")


def write_config(directory, target):
    """kwok's side: which file is whose."""
    entries = []
    for name in (*CONTAINERS, OTHER):
        only = f"    containers: [{name}]\n" if name != OTHER else ""
        files = f"logsFile: {directory}/{name}.log\n    previousLogsFile: {directory}/{name}.previous.log\n    follow: true\n"
        entries.append("  -" + (only[3:] + "    " if only else " ") + files)
    target.write_text("apiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterLogs\nmetadata:\n  name: plane\nspec:\n  logs:\n"
                      + "".join(entries))


def append_for_ever(directory):
    chance = random.Random(7)
    for name in (*CONTAINERS, OTHER):
        (directory / f"{name}.previous.log").write_text("".join(line(text, "stderr") for text in LAST_WORDS))
        (directory / f"{name}.log").write_text(line(f'level=info msg="listening" service={name} port=8080'))
    for number in itertools.count(1):
        for name in (*CONTAINERS, OTHER):
            with open(directory / f"{name}.log", "a", encoding="utf-8") as log:
                log.write(line(request_line(number, chance)))
        # A first screen of lines at once, then at a reader's pace.
        time.sleep(EVERY_SECONDS if number > 30 else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=pathlib.Path, required=True)
    parser.add_argument("--write-config", type=pathlib.Path)
    options = parser.parse_args()
    if options.write_config:
        write_config(options.dir, options.write_config)
    else:
        append_for_ever(options.dir)


if __name__ == "__main__":
    main()
