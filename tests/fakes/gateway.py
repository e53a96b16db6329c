"""The gateway as a user starts it: `python -m functions.local` in a process of its own."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long pass phrase"


@dataclass
class Gateway:
    """A running one: where it is, where it keeps things, and all that it has printed."""

    url: str
    home: Path
    process: asyncio.subprocess.Process = field(repr=False)
    printed: bytearray = field(default_factory=bytearray, repr=False)

    @asynccontextmanager
    async def signed_in(self, email: str = "alice@example.com") -> AsyncIterator[httpx.AsyncClient]:
        """A client with a session of a new account."""
        rest = httpx.Limits(keepalive_expiry=2)  # the server hangs up after 5 s, perhaps just when it is asked again
        async with httpx.AsyncClient(base_url=self.url, timeout=30, limits=rest) as client:
            answer = await client.post("/api/auth/signup", json={"email": email, "password": PASSWORD})
            client.headers["authorization"] = f"Bearer {answer.json()['token']}"
            yield client


@asynccontextmanager
async def running_gateway(home: Path, later: int = 0, /, **settings: str) -> AsyncIterator[Gateway]:
    """Started with these settings (`REALMULTILLM_` is put before their names), stopped when the context is left. `later`: seconds that its clock is ahead."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    named = {f"REALMULTILLM_{name}": value for name, value in settings.items()}
    program = ["tests.fakes.later", f"{later}"] if later else ["functions.local"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *program,
        cwd=ROOT,
        env={**os.environ, "REALMULTILLM_HOME": str(home), "REALMULTILLM_PORT": str(port), **named},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    gateway = Gateway(f"http://127.0.0.1:{port}", home, process)
    reading = asyncio.create_task(_read(process, gateway.printed))
    try:
        await _until_healthy(gateway)
        yield gateway
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await reading


async def _read(process: asyncio.subprocess.Process, printed: bytearray) -> None:
    assert process.stdout is not None
    while piece := await process.stdout.read(65536):
        printed += piece


async def _until_healthy(gateway: Gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        for _ in range(300):
            try:
                answer = await client.get("/api/health")
            except httpx.TransportError:
                if gateway.process.returncode is not None:
                    break
                await asyncio.sleep(0.1)
            else:
                assert answer.json() == {"status": "ok"}
                return
    raise RuntimeError(f"the gateway did not start: {gateway.printed.decode()}")


def lines(body: str) -> list[dict[str, Any]]:
    """The lines of an NDJSON stream, or the data of server-sent events."""
    texts = [line.removeprefix("data: ") for line in body.split("\n")]
    return [json.loads(text) for text in texts if text and not text.startswith(":")]
