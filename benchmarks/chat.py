"""What a chat costs the gateway, beside a proxy that does nothing, in one run: `make bench`.

The gateway runs as a user runs it, with identity, sealed keys, its own address rules and prices, and is asked through the native doors
with an access token. Only the CPU of each serving process is counted. Rounds are interleaved and medians printed, because a machine's
mood changes: compare within one run only. The budgets are those of docs/benchmarks.md; nothing here fails when one is not kept.

`python -m benchmarks.chat --pair` asks the chat door alone, with admission and ledger and without, and nobody else: what those two cost.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from benchmarks.mock_provider import CHUNKS
from tests.fakes.gateway import ROOT, Gateway, running_gateway

ROUNDS: Final = 5
PLAIN: Final = 400
STREAMS: Final = 60
AT_ONCE: Final = 20
FIRST_WORDS: Final = 20
STARTS: Final = 5
MEGABYTE: Final = 1 << 20
MODEL: Final = "gpt-4o-mini"
MESSAGES: Final = [{"role": "user", "content": "Say hello, please. " * 5}]


@dataclass
class Target:
    """Somebody who answers chats: whom to ask, how, and what was measured."""

    name: str
    plain: str
    stream: str
    process: psutil.Process
    headers: Mapping[str, str] = field(default_factory=dict)
    budget: str = ""
    """CPU ms of a stream; none for who is only compared with."""
    plain_budget: str = ""
    """CPU ms of a plain request."""
    plain_ms: list[float] = field(default_factory=list)
    stream_ms: list[float] = field(default_factory=list)
    burst_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)

    def cpu(self) -> float:
        """Milliseconds of CPU so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system) * 1000


async def main(*, pair: bool) -> None:
    """Measure and print. `pair`: admission alone."""
    async with AsyncExitStack() as open_:
        home = Path(open_.enter_context(tempfile.TemporaryDirectory()))
        mock, provider = await open_.enter_async_context(running("benchmarks.mock_provider"))
        settings = {
            "PROVIDER_URLS": json.dumps({"openai": f"{provider}/v1"}),
            "EGRESS_ALLOW": provider.removeprefix("http://"),
        }
        gateway = await open_.enter_async_context(running_gateway(home, **settings))
        session = await open_.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        token = {"authorization": f"Bearer {await _prepare(session, gateway.url)}"}
        environment = {
            "REALMULTILLM_HOME": str(home),
            **{f"REALMULTILLM_{name}": value for name, value in settings.items()},
        }
        bare, bare_url = await open_.enter_async_context(running("benchmarks.bare_proxy", provider))
        door, door_url = await open_.enter_async_context(running("benchmarks.chat_door", environment=environment))
        free, free_url = await open_.enter_async_context(
            running("benchmarks.chat_door", "--unadmitted", environment=environment)
        )
        doors = [
            _native("its chat door alone", door_url, door, token, "1.6"),
            _native("the door without admission and ledger", free_url, free, token, "0.8"),
        ]
        targets = [
            _native("RealMultiLLM", gateway.url, psutil.Process(gateway.process.pid), token, "1.6"),
            _api("the same, /v1/chat/completions", gateway, "/v1/chat/completions", token, "1.5"),
            _api("the same, /v1/messages", gateway, "/v1/messages", token, "5"),
            *doors,
            _openai("bare Starlette + aiohttp", bare_url, bare),
            _openai("the provider itself", provider, mock),
        ]
        asked = [*doors, targets[-1]] if pair else targets
        for _ in range(ROUNDS):
            for target in asked:
                await _round(session, target)
        if pair:
            _print(list(_costs(asked)))
            return
        _print([*_costs(targets), *_memory(targets), *_imports(), *await _starts(session, environment, token)])


def _native(name: str, url: str, process: psutil.Process, headers: Mapping[str, str], plain: str = "") -> Target:
    paths = f"{url}/api/llm/chat", f"{url}/api/llm/stream"
    return Target(name, *paths, process, headers, budget="5", plain_budget=plain)


def _api(name: str, gateway: Gateway, path: str, headers: Mapping[str, str], budget: str) -> Target:
    """Callers of others' APIs; the provider speaks OpenAI's, so that completions are kin and messages are translated."""
    url = gateway.url + path
    process = psutil.Process(gateway.process.pid)
    return Target(name, url, url, process, headers, budget=budget, plain_budget="1.6")


def _openai(name: str, url: str, process: psutil.Process) -> Target:
    path = f"{url}/v1/chat/completions"
    return Target(name, path, path, process, {"authorization": "Bearer made-up"})


@asynccontextmanager
async def running(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[psutil.Process, str]]:
    """A process of ours that prints its port; the process and its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments,
        cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if process.stdout is None:
        raise RuntimeError("a pipe was asked for")
    port = int(await process.stdout.readline())
    reading = asyncio.create_task(_overhear(process.stdout))
    try:
        yield psutil.Process(process.pid), f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
        await reading


async def _overhear(log: asyncio.StreamReader) -> None:
    """Whoever logs a line for each request stands still when nobody reads them."""
    while await log.read(MEGABYTE):
        pass


async def _prepare(session: aiohttp.ClientSession, url: str) -> str:
    """An account with a stored key; its access token."""
    person = {"email": "bench@example.com", "password": "a long pass phrase"}
    async with session.post(f"{url}/api/auth/signup", json=person) as answer:
        signed_in = {"authorization": f"Bearer {(await answer.json())['token']}"}
    stored = {"provider": "openai", "apiKey": "sk-made-up-for-the-benchmark", "test": False}
    async with session.post(f"{url}/api/provider-configs", json=stored, headers=signed_in) as answer:
        answer.raise_for_status()
    async with session.post(f"{url}/api/tokens", json={"name": "bench"}, headers=signed_in) as answer:
        token: str = (await answer.json())["token"]
        return token


async def _round(session: aiohttp.ClientSession, target: Target) -> None:
    await _ask(session, target, stream=False)
    began = target.cpu()
    await _many(session, target, PLAIN, stream=False)
    between = target.cpu()
    await _many(session, target, STREAMS, stream=True)
    after = target.cpu()
    await _many(session, target, STREAMS, stream=True, user="burst")
    target.plain_ms.append((between - began) / PLAIN)
    target.stream_ms.append((after - between) / STREAMS)
    target.burst_ms.append((target.cpu() - after) / STREAMS)
    for _ in range(FIRST_WORDS // ROUNDS):
        target.first_ms.append(await _first_word(session, target))


async def _many(
    session: aiohttp.ClientSession, target: Target, count: int, *, stream: bool, user: str = "bench"
) -> None:
    left = iter(range(count))

    async def one_after_another() -> None:
        for _ in left:
            await _ask(session, target, stream=stream, user=user)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_another())


async def _ask(session: aiohttp.ClientSession, target: Target, *, stream: bool, user: str = "bench") -> None:
    async with session.post(
        target.stream if stream else target.plain,
        data=_body(target, stream=stream, user=user),
        headers=_headers(target),
    ) as answer:
        body = await answer.read()
    if answer.status != 200 or body.count(b"Hello") < (CHUNKS if stream else 1):  # noqa: PLR2004 - OK
        raise RuntimeError(f"{target.name} answered {answer.status}: {body[:300]!r}")


async def _first_word(session: aiohttp.ClientSession, target: Target) -> float:
    """Milliseconds until the first word is there; the rest is read too, so that the connection serves again."""
    began = time.perf_counter()
    async with session.post(target.stream, data=_body(target, stream=True), headers=_headers(target)) as answer:
        heard = b""
        while b"Hello" not in heard:
            heard += await answer.content.readany()
        elapsed = (time.perf_counter() - began) * 1000
        await answer.read()
    return elapsed


def _headers(target: Target) -> dict[str, str]:
    return {"content-type": "application/json", **target.headers}


def _body(target: Target, *, stream: bool, user: str = "bench") -> bytes:
    asked: dict[str, Any] = {"model": MODEL, "messages": MESSAGES}
    if "/api/" in target.plain:
        return json.dumps({**asked, "provider": "openai", "options": {"user": user}}).encode()
    if target.plain.endswith("/messages"):
        labels = {"metadata": {"user_id": user}, "max_tokens": 1000}
        return json.dumps({**asked, **labels, "stream": stream}, separators=(",", ":")).encode()
    return json.dumps({**asked, "user": user, "stream": stream}, separators=(",", ":")).encode()


type Row = tuple[str, str, str]


def _costs(targets: Sequence[Target]) -> Iterator[Row]:
    direct = statistics.median(targets[-1].first_ms)
    for target in targets[:-1]:
        plain, stream, later = (target.plain_budget, target.budget, "3") if target.budget else ("", "", "")
        yield f"{target.name}: CPU ms, plain request", _ms(target.plain_ms), plain
        yield f"{target.name}: CPU ms, stream of {CHUNKS} chunks, 5 ms apart", _ms(target.stream_ms), stream
        yield f"{target.name}: CPU ms, stream of {CHUNKS} chunks, at once", _ms(target.burst_ms), stream
        yield f"{target.name}: first word later by, ms", f"{statistics.median(target.first_ms) - direct:.2f}", later


def _ms(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f}"


def _memory(targets: Sequence[Target]) -> Iterator[Row]:
    asked = ROUNDS * (PLAIN + 2 * STREAMS)
    for target in targets[:-1]:
        resident = target.process.memory_info().rss / MEGABYTE
        yield (
            f"{target.name}: resident MB after {asked} chats",
            f"{resident:.0f}",
            "110" if "door" in target.name else "",
        )


def _imports() -> Iterator[Row]:
    """The chat door in fresh interpreters: milliseconds to import it, and megabytes then."""
    script = (
        "import time; t = time.perf_counter(); import functions.chat.main; t = time.perf_counter() - t; "
        f"import psutil; print(t * 1000, psutil.Process().memory_info().rss / {MEGABYTE})"
    )
    found = [
        [float(number) for number in subprocess.check_output([sys.executable, "-c", script], cwd=ROOT).split()]  # noqa: S603 - ourselves
        for _ in range(STARTS)
    ]
    yield "chat door: import ms", f"{statistics.median(ms for ms, _ in found):.0f}", "400"
    yield "chat door: resident MB after import", f"{statistics.median(mb for _, mb in found):.0f}", "110"


async def _starts(
    session: aiohttp.ClientSession, environment: Mapping[str, str], token: Mapping[str, str]
) -> list[Row]:
    """From `python -m functions.local` to the first chat's answer, over a home with a stored key."""
    found = [await _start(session, environment, token) for _ in range(STARTS)]
    return [("from start to the first answer, ms", f"{statistics.median(found):.0f}", "")]


async def _start(session: aiohttp.ClientSession, environment: Mapping[str, str], token: Mapping[str, str]) -> float:
    began = time.perf_counter()
    settings = {name.removeprefix("REALMULTILLM_"): value for name, value in environment.items()}
    async with running_gateway(Path(settings.pop("HOME")), **settings) as gateway:
        await _ask(session, _native("started", gateway.url, psutil.Process(gateway.process.pid), token), stream=False)
        return (time.perf_counter() - began) * 1000


def _print(rows: Sequence[Row]) -> None:
    wide = max(len(name) for name, _, _ in rows)
    table: list[Any] = [("", "measured", "budget"), *rows]
    for name, measured, budget in table:
        print(f"{name:{wide}}  {measured:>9}  {budget}")  # noqa: T201 - a table for whoever runs it


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chat", description=__doc__)
    parser.add_argument("--pair", action="store_true", help="the chat door with and without admission and ledger alone")
    asyncio.run(main(pair=parser.parse_args().pair))
