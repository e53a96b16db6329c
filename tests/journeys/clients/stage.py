"""The stage for real clients: the upstreams, the whole gateway as a user starts it, an account with three keys stored, an access token."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.fakes.gateway import ROOT, Gateway, running_gateway
from tests.journeys.clients.programs import ENVIRONMENTS, Client

PROVIDERS = ("openai", "anthropic", "google")


@dataclass(frozen=True)
class Place:
    """Whom a check asks; the programs know it as `At`."""

    provider: str
    straight: bool
    origin: str
    key: str
    files: str


@dataclass(frozen=True)
class Stage:
    """All that runs, and the token to ask with."""

    upstreams: dict[str, Any]
    gateway: str
    token: str

    def places(self, client: Client) -> list[dict[str, Any]]:
        """Every provider through the gateway; and straight, the upstreams that speak as this client does."""
        urls, keys, files = self.upstreams["urls"], self.upstreams["keys"], self.upstreams["files"]
        through = [Place(each, False, self.gateway, self.token, files) for each in PROVIDERS]  # noqa: FBT003 - a record
        straight = [Place(each, True, urls[each].removesuffix("/v1"), keys[each], files) for each in client.straight]  # noqa: FBT003 - a record
        return [asdict(place) for place in through + straight]


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Set, until the context is left."""
    async with _upstreams() as upstreams:
        settings = {"EGRESS_ALLOW": upstreams["origins"], "PROVIDER_URLS": json.dumps(upstreams["urls"])}
        with tempfile.TemporaryDirectory() as home:
            async with running_gateway(Path(home), **settings) as gateway:
                yield Stage(upstreams, gateway.url, await _token(gateway, upstreams["keys"]))


@asynccontextmanager
async def _upstreams() -> AsyncIterator[dict[str, Any]]:
    """In the environment where the vendors' own types are, if there is one."""
    python = ENVIRONMENTS["newest"]
    process = await asyncio.create_subprocess_exec(
        str(python) if python.is_file() else sys.executable, "-m", "tests.fakes.upstreams",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def _token(gateway: Gateway, keys: dict[str, str]) -> str:
    async with gateway.signed_in() as client:
        for provider, key in keys.items():
            stored = await client.post("/api/provider-configs", json={"provider": provider, "apiKey": key})
            assert stored.is_success, stored.text
        made = await client.post("/api/tokens", json={"name": "clients"})
        assert made.is_success, made.text
        token: str = made.json()["token"]
        return token


async def outcomes(on: Stage, client: Client) -> dict[tuple[str, str], str]:
    """(check, where) → why it failed, empty if it did not. Raises RuntimeError where the program itself broke."""
    process = await asyncio.create_subprocess_exec(
        *client.command,
        cwd=ROOT,
        env=client.environment(json.dumps(on.places(client))),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{client.name} broke: {complained.decode()[-3000:]}")
    told = [json.loads(line) for line in said.decode().split("\n") if line.startswith('{"check"')]
    return {(one["check"], one["where"]): one["why"] for one in told}
