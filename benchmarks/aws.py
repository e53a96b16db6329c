"""What it takes to ask AWS for the first time, by our own transport and by boto3: `python -m benchmarks.aws [rounds]`.

Each round is a fresh process, as a cold Lambda is one; moto answers on this machine, without TLS. Printed are medians: milliseconds of import,
of making what asks, of the first GetItem, and of one of the next hundred; and the memory after it all.
"""

import json
import os
import subprocess
import sys
from statistics import median
from textwrap import indent
from typing import Final

from tests.fakes.aws import ENVIRONMENT, REGION, moto_server

_MEASURE: Final = """
import asyncio, json, os, sys, time
marks = [time.perf_counter()]
url, region, table = sys.argv[1:]
key = {"pk": {"S": "P"}, "sk": {"S": "S"}}
# imports
marks.append(time.perf_counter())
async def main():
    # make
    marks.append(time.perf_counter())
    for _ in range(101):
        await get()
        marks.append(time.perf_counter())
asyncio.run(main())
steps = [1000 * (later - earlier) for earlier, later in zip(marks, marks[1:])]
pages = int(open("/proc/self/statm").read().split()[1])
print(json.dumps([*steps[:3], sum(steps[3:]) / 100, pages * os.sysconf("SC_PAGE_SIZE") / 2**20]))
"""
_OURS: Final = """
from shared.aws.json_service import DYNAMODB, JsonService
from shared.aws.own_identity import OwnIdentity
from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
---
client = EgressClient(Rules(frozenset({url.removeprefix("http://")})))
identity = OwnIdentity(os.environ, client=client, now=time.time)
ask = JsonService(DYNAMODB, url, region, client=client, identity=identity, now=time.time)
get = lambda: ask("GetItem", {"TableName": table, "Key": key})
"""
_BOTO3: Final = """
import boto3
---
client = boto3.client("dynamodb", region_name=region, endpoint_url=url)
get = lambda: asyncio.to_thread(client.get_item, TableName=table, Key=key)
"""
_WAYS: Final = {
    "our own transport": _OURS,
    "boto3 in a thread": _BOTO3,
    "boto3 in a thread, of two clients": _BOTO3.replace(
        "client = ", 'boto3.client("kms", region_name=region)\nclient = ', 1
    ),
}


def main() -> None:
    """Print a line for each way; their rounds are interleaved."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with moto_server() as aws:
        table = aws.create_table()
        measured: dict[str, list[list[float]]] = {way: [] for way in _WAYS}
        for _ in range(rounds):
            for way, source in _WAYS.items():
                measured[way].append(_run(_script(source), aws.url, REGION, table))
    print(f"{'':40}{'import':>9}{'make':>9}{'first':>9}{'next':>9}{'MB':>9}")  # noqa: T201 - what it is for
    for way, results in measured.items():
        print(f"{way:40}" + "".join(f"{median(column):9.1f}" for column in zip(*results, strict=True)))  # noqa: T201 - the same


def _script(source: str) -> str:
    imports, _, make = source.partition("---\n")
    return _MEASURE.replace("# imports", imports).replace("# make", indent(make, "    ").strip())


def _run(script: str, *arguments: str) -> list[float]:
    command = [sys.executable, "-c", script, *arguments]
    said = subprocess.check_output(command, text=True, env={**os.environ, **ENVIRONMENT})  # noqa: S603 - our own script
    steps: list[float] = json.loads(said)
    return steps


if __name__ == "__main__":
    main()
