"""AWS as ministack plays it, in a process and an environment of its own, on this machine alone. https://github.com/ministackorg/ministack (2026-11)."""

import asyncio
import base64
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.fakes.gateway import ROOT

PYTHON = ROOT / ".clients" / "ministack" / "bin" / "python"
REGION = "us-east-1"
ACCOUNT = "000000000000"
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


class Emulator:
    """A running one. `environment` is what AWS's tools and SDKs need to find it, and nothing of the person's own account."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """Path-style S3 needs an address in place of a name."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {
            **kept,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def at(self, address: str) -> httpx.AsyncClient:
        """A client of an address that the stack put out: it leads here by its Host header."""
        host = address.split("://", 1)[1].rstrip("/").partition(":")[0]
        return httpx.AsyncClient(base_url=self.url, headers={"host": host}, timeout=60)


def unwrapped(answer: httpx.Response) -> httpx.Response:
    """What a caller of a streaming URL would see: the emulator hands out what a buffered handler returned as the body itself."""
    if not answer.content.startswith(b'{"statusCode"'):
        return answer
    said = answer.json()
    body = base64.b64decode(said["body"]) if said["isBase64Encoded"] else said["body"].encode()
    return httpx.Response(said["statusCode"], headers=said["headers"], content=body)


@asynccontextmanager
async def running_emulator(log: Path) -> AsyncIterator[Emulator]:
    """Started on a free port of loopback, stopped when the context is left; what it prints is in `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        emulator = Emulator(free.getsockname()[1])
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(emulator.port),
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
    }
    with log.open("wb") as printed:
        process = await asyncio.create_subprocess_exec(
            str(PYTHON),
            "-m",
            "ministack",
            env={**emulator.environment, **settings},
            cwd=log.parent,
            stdout=printed,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            await _until_it_answers(emulator, process)
            yield emulator
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _until_it_answers(emulator: Emulator, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            if process.returncode is not None:
                break
            try:
                await client.get(emulator.url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return
    raise RuntimeError("the emulator did not start")
