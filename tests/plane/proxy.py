#!/usr/bin/env python3
"""The way from the cluster's names and addresses to the plane's Prometheus, as a small forward proxy.

The Argo Rollouts controller has it as HTTP_PROXY: a plain request to prometheus.monitoring.svc.cluster.local:9090 goes to
the plane's Prometheus, every other host is refused with 502. The API server has it as its egress (CONNECT, on an abstract
Unix socket: over plain TCP that server crashes when it starts): what is dialled as Prometheus' pod goes to Prometheus too,
everything else (the kubelets behind `kubectl logs`) where it is asked for.
It never: listens beyond this machine, reads what passes, or keeps anything. Called by: `plane up`.
"""

import argparse
import asyncio
import urllib.parse

HOSTS = ("prometheus.monitoring.svc.cluster.local", "prometheus.monitoring.svc")
POD = "192.0.2.10"  # its address in manifests/base.yaml
PORT = 9090
LOOPBACK = "127.0.0.1"
PATIENCE = 10.0  # seconds for the head of a request, and for a connection


class Refused(Exception):
    """A request that goes nowhere: status and reason."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


def target_of(method, target, prometheus):
    """Where a request goes, and what is sent there in place of its first line."""
    try:
        url = urllib.parse.urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = url.hostname or "", url.port
    except ValueError as error:
        raise Refused(400, f"not an address: {target!r}: {error}") from error
    if method == "CONNECT":
        if not host or port is None:
            raise Refused(400, f"CONNECT needs HOST:PORT, not {target!r}")
        return ((LOOPBACK, prometheus) if (host, port) == (POD, PORT) else (host, port)), None
    if url.scheme != "http":
        raise Refused(400, f"only requests with an absolute http:// URL, not {target!r}")
    if host not in HOSTS or port != PORT:
        raise Refused(502, f"the plane has no {url.netloc}: only {HOSTS[0]}:{PORT}")
    path = urllib.parse.urlunsplit(("", "", url.path or "/", url.query, ""))
    return (LOOPBACK, prometheus), f"{method} {path} HTTP/1.1"


def own_headers(lines):
    """One request for each connection: its end is then the end of the answer."""
    kept = [line for line in lines if line.partition(":")[0].lower() not in ("connection", "proxy-connection", "keep-alive")]
    return [*kept, "Connection: close"]


async def connect(where):
    try:
        return await asyncio.wait_for(asyncio.open_connection(*where), PATIENCE)
    except (OSError, asyncio.TimeoutError) as error:
        raise Refused(502, f"nobody answers at {where[0]}:{where[1]}: {error or 'timed out'}") from error


async def pour(reader, writer):
    """One direction, until its sender has nothing more to say."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()


async def lead(reader, writer, prometheus):
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)).decode("latin-1")
    first, *headers = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target = (first.split(" ") + [""])[:2]
    where, line = target_of(method, target, prometheus)
    there_reader, there_writer = await connect(where)
    try:
        if line is None:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            there_writer.write("\r\n".join([line, *own_headers(headers), "", ""]).encode("latin-1"))
        request = asyncio.create_task(pour(reader, there_writer))
        await pour(there_reader, writer)
        request.cancel()
    finally:
        there_writer.close()


def refusal(refused):
    body = f"plane proxy: {refused.message}\n".encode()
    reason = {400: "Bad Request", 502: "Bad Gateway"}[refused.status]
    head = (f"HTTP/1.1 {refused.status} {reason}", "Content-Type: text/plain", f"Content-Length: {len(body)}", "Connection: close")
    return "\r\n".join([*head, "", ""]).encode() + body


async def serve(port, socket, prometheus):
    async def visit(reader, writer):
        try:
            await lead(reader, writer, prometheus)
        except Refused as refused:
            print(refused.message, flush=True)
            writer.write(refusal(refused))
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.TimeoutError):
            pass  # it went away, or never sent a request
        finally:
            writer.close()

    servers = await asyncio.start_server(visit, LOOPBACK, port), await asyncio.start_unix_server(visit, f"\0{socket}")
    await asyncio.gather(*(server.serve_forever() for server in servers))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--socket", metavar="NAME", required=True, help="abstract: no file, and no limit to the plane's path")
    parser.add_argument("--prometheus", type=int, required=True, help="its port on loopback")
    parser.add_argument("--mark", help="not used: the directory by which `plane down` knows its own processes")
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.socket, options.prometheus))


if __name__ == "__main__":
    main()
