"""From nothing to the first byte, as Lambda starts our doors, by part: `make cold`.

Over what is deployed: `python -m benchmarks.cold_start --chat FOLDER --doors FOLDER`, each what lies at /var/task. Every start is a new process under the fake of Lambda (tests/fakes/aws_lambda),
on a warm disk: the chat door by our runtime, the same app by the server that AWS Lambda Web Adapter would wait for, the other doors by AWS's own
client. Rounds are interleaved and medians printed; the budgets are those of docs/benchmarks.md, and nothing here fails when one is not kept.
"""

import argparse
import asyncio
import compileall
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import psutil

from benchmarks.chat import running
from tests.fakes.aws_lambda.environment import Environment, Function, start
from tests.fakes.aws_lambda.house import furnished, variables
from tests.fakes.aws_lambda.invocation import Invocation
from tests.fakes.aws_lambda.samples import event
from tests.fakes.gateway import ROOT

DOORS: Final = {
    "accounts": "/api/auth/session",
    "configs": "/api/provider-configs",
    "catalog": "/api/providers",
    "admin": "/api/admin/users",
}
"""Doors and a question that each answers to whoever is signed in. key_test answers none without asking a provider."""
CLIENT: Final = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""AWS's client, which is in Lambda's image and not in what we deploy."""
MEGABYTE: Final = 1 << 20
LARGE: Final = 10.0
"""Milliseconds of an import that has to be worth it."""
POLL: Final = 0.01
"""Seconds between two looks of the web adapter's: its own."""
CHAT: Final = json.dumps(
    {"provider": "openai", "model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
)
STREAM: Final = "/api/llm/stream"
MEASURED: Final = ("import shared.runtime.__main__, functions.chat.main", "import functions.{}.main")


@dataclass(frozen=True, slots=True)
class Start:
    """One start, in milliseconds, and the memory after its first answer in megabytes."""

    ready: float
    """Until it asks for its first invocation: interpreter and imports."""
    busy: float
    """CPU of the same, which others on the machine do not lengthen."""
    first: float
    """From there to the first byte that its caller gets."""
    again: float
    """The same, of the next one: what is left when everything is open."""
    resident: float

    @property
    def cold(self) -> float:
        """All that a caller waits."""
        return self.ready + self.first


@dataclass
class Way:
    """One way to start a door, and what came of it."""

    name: str
    budget: int
    function: Function
    events: Sequence[bytes]
    is_server: bool = False
    starts: list[Start] = field(default_factory=list)

    async def measure(self, headers: Mapping[str, str]) -> None:
        """Start it once."""
        measure = _server(self.function, headers) if self.is_server else _function(self.function, self.events)
        self.starts.append(await measure)


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make cold", description=__doc__)
    parser.add_argument("--chat", type=Path, default=ROOT, help="what is deployed as the chat door, unpacked")
    parser.add_argument("--doors", type=Path, default=ROOT, help="the same of the other doors")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    for folder in (ROOT / "shared", ROOT / "functions"):
        compileall.compile_dir(folder, quiet=1)
    with tempfile.TemporaryDirectory() as home:
        async with running("benchmarks.mock_provider") as (_, provider):
            origin = provider.removeprefix("http://")
            headers = await furnished(Path(home), origin)
            settings = variables(Path(home), origin)
            with _client_of_aws() as packages:
                chat = _at(arguments.chat.resolve(), Function(environment=settings), packages="")
                doors = _at(arguments.doors.resolve(), Function(environment=settings, wrapper=None), packages=packages)
                ways = _ways(chat, doors, headers)
                bare = await _rounds(ways, headers, arguments.rounds, chat.python)
    _print([("a bare interpreter, ms", _median(bare), ""), *_figures(ways, statistics.median(bare))])
    _print_imports("chat", MEASURED[0], chat)
    _print_imports("configs", MEASURED[1].format("configs"), doors)


def _at(task: Path, function: Function, *, packages: str) -> Function:
    """The function over this folder. What is deployed brings all that it needs, so there the interpreter is one without our packages."""
    if task == ROOT:
        return function
    base = getattr(sys, "_base_executable", sys.executable)
    return replace(function, task=task, python=base, packages=packages)


def _ways(chat: Function, doors: Function, headers: Mapping[str, str]) -> list[Way]:
    said = list(headers.items())
    ask = event(method="POST", target=STREAM, body=CHAT.encode(), headers=[*said, ("content-type", "application/json")])
    ways = [Way("chat door", 600, chat, [ask] * 2)]
    if chat.task == ROOT or (chat.task / "uvicorn").is_dir():  # else the other runtime is deployed
        ways.append(Way("chat door as the web adapter's server", 0, chat, [], is_server=True))
    for door, path in DOORS.items():
        function = replace(doors, handler=f"functions.{door}.main.handler")
        ways.append(Way(f"{door} door", 1000, function, [event(target=path, headers=said)] * 2))
    return ways


async def _rounds(ways: Sequence[Way], headers: Mapping[str, str], rounds: int, python: str) -> list[float]:
    """The first round warms the disk and is forgotten. Returns what an interpreter alone takes."""
    bare = list[float]()
    for _ in range(rounds + 1):
        for way in ways:
            await way.measure(headers)
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(python, "-s", "-B", "-c", "pass")
        await process.wait()
        bare.append((time.perf_counter() - began) * 1000)
    for way in ways:
        del way.starts[0]
    return bare[1:]


async def _function(function: Function, events: Sequence[bytes]) -> Start:
    """Under the fake Runtime API. The event waits there, as on Lambda."""
    began = time.perf_counter()
    environment = await start(function)
    try:
        await environment.init()
        ready = time.perf_counter()
        busy = _busy(environment.process)
        first, again = [await _first_byte(environment, one) for one in events]
        resident = psutil.Process(environment.process.pid).memory_info().rss / MEGABYTE
    finally:
        await environment.close()
    return Start((ready - began) * 1000, busy, first, again, resident)


def _busy(process: asyncio.subprocess.Process) -> float:
    """Milliseconds of CPU so far."""
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system) * 1000


async def _first_byte(environment: Environment, event: bytes) -> float:
    """Milliseconds; the rest is heard too."""
    began = time.perf_counter()
    invocation = environment.invoke(event)
    pieces, heard, elapsed = invocation.pieces(), b"", 0.0
    async for piece in pieces:
        heard += piece
        if not elapsed and _has_body(invocation, heard):
            elapsed = (time.perf_counter() - began) * 1000
    await invocation.over.wait()
    _check(heard)
    return elapsed


def _has_body(invocation: Invocation, heard: bytes) -> bool:
    return len(heard.partition(bytes(8))[2]) > 0 if invocation.is_stream else True


def _check(heard: bytes) -> None:
    if b'"statusCode":200' not in heard.replace(b" ", b""):
        raise RuntimeError(f"a door answered {heard[:300]!r}")


async def _server(function: Function, headers: Mapping[str, str]) -> Start:
    """The app as the web adapter starts it, without the adapter: until it listens, seen at most 10 ms later, and to its first byte."""
    began = time.perf_counter()
    async with _serving(function) as (port, process):
        ready = time.perf_counter()
        busy = _busy(process)
        first, again = [await _first_of(port, headers) for _ in range(2)]
        resident = psutil.Process(process.pid).memory_info().rss / MEGABYTE
    return Start((ready - began) * 1000, busy, first, again, resident)


async def _first_of(port: int, headers: Mapping[str, str]) -> float:
    """Milliseconds to the first byte of a stream; the rest is heard too."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = {**headers, "host": "localhost", "content-type": "application/json", "content-length": str(len(CHAT))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**said, "connection": "close"}.items())
    writer.write(f"POST {STREAM} HTTP/1.1\r\n{lines}\r\n{CHAT}".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(1)
    elapsed = (time.perf_counter() - began) * 1000
    await reader.read()
    writer.close()
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the server answered {head[:300]!r}")
    return elapsed


@asynccontextmanager
async def _serving(function: Function) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    environment = {**function.variables(0), "AWS_LWA_PORT": str(port)}
    script = function.task / "functions" / "chat" / "run.sh"
    process = await asyncio.create_subprocess_exec(script, cwd=function.task, env=environment, start_new_session=True)
    try:
        await _until_it_listens(port, process)
        yield port, process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _until_it_listens(port: int, process: asyncio.subprocess.Process) -> None:
    while process.returncode is None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(POLL)
    raise RuntimeError("the server did not start")


@contextmanager
def _client_of_aws() -> Iterator[str]:
    """A folder with AWS's client and nothing else, as links."""
    with tempfile.TemporaryDirectory() as folder:
        for name in CLIENT:
            found = distribution(name)
            for top in {file.parts[0] for file in found.files or () if ".." not in file.parts}:
                (Path(folder) / top).symlink_to(Path(str(found.locate_file(top))))
        yield folder


type Row = tuple[str, str, str]


def _figures(ways: Sequence[Way], bare: float) -> Iterator[Row]:
    for way in ways:
        budget = str(way.budget) if way.budget else ""
        ready = statistics.median(one.ready for one in way.starts)
        first = [one.first for one in way.starts]
        again = [one.again for one in way.starts]
        yield f"{way.name}: spawn to first byte, ms", _median([one.cold for one in way.starts]), budget
        yield "  imports", f"{ready - bare:.0f}", ""
        yield "  CPU of interpreter and imports", _median([one.busy for one in way.starts]), ""
        yield "  table, keys and what is loaded late", f"{statistics.median(first) - statistics.median(again):.0f}", ""
        yield "  the request itself", _median(again), ""
        memory = "110" if way.name.startswith("chat") else ""
        yield "  resident after two answers, MB", _median([one.resident for one in way.starts]), memory


def _median(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f}"


def _print(rows: Sequence[Row]) -> None:
    wide = max(len(name) for name, _, _ in rows)
    for name, measured, budget in [("", "measured", "budget"), *rows]:
        print(f"{name:{wide}}  {measured:>9}  {budget}")  # noqa: T201 - a table for whoever runs it


_LINE: Final = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)")


def _print_imports(door: str, script: str, function: Function) -> None:
    """Whose modules take long, without what they import in turn; medians of some fresh interpreters."""
    environment = {**function.variables(0), "PYTHONPATH": f"{function.task}:{function.packages}"}
    found: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(5):
        command = [function.python, "-s", "-B", "-X", "importtime", "-c", script]
        said = subprocess.run(command, env=environment, cwd=function.task, capture_output=True, text=True, check=True)  # noqa: S603 - ourselves
        for owner, spent in _by_owner(said.stderr).items():
            found[owner].append(spent)
    print(f"\n{door} door: packages whose own modules take over {LARGE:.0f} ms to import (slowed by being watched)")  # noqa: T201 - the same
    medians = {owner: statistics.median(times) for owner, times in found.items()}
    for owner in sorted(medians, key=lambda one: -medians[one]):
        if medians[owner] >= LARGE:
            print(f"  {owner:30} {medians[owner]:5.0f}")  # noqa: T201 - the same


def _by_owner(printed: str) -> dict[str, float]:
    """Milliseconds by top package; of ours by room or door."""
    spent: defaultdict[str, float] = defaultdict(float)
    for microseconds, module in _LINE.findall(printed):
        parts = module.split(".")
        spent[".".join(parts[:2] if parts[0] in {"shared", "functions"} else parts[:1])] += int(microseconds) / 1000
    return spent


if __name__ == "__main__":
    asyncio.run(main())
