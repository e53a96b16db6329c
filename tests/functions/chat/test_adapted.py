"""The chat door as a web server, started as AWS Lambda Web Adapter starts it. The adapter itself is not among our tests: its readiness check is."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import httpx

from tests.fakes.aws_lambda.environment import Function
from tests.fakes.gateway import ROOT


async def _until_it_listens(url: str, process: asyncio.subprocess.Process) -> httpx.Response:
    async with httpx.AsyncClient(base_url=url) as client:
        while process.returncode is None:
            try:
                return await client.get("/api/health")
            except httpx.TransportError:
                await asyncio.sleep(0.01)  # as the adapter polls
    raise RuntimeError("the server did not start")


async def test_it_serves_the_port_that_the_adapter_says(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = Function(environment={"REALMULTILLM_HOME": str(tmp_path), "AWS_LWA_PORT": str(port)}).variables(0)
    process = await asyncio.create_subprocess_exec(
        ROOT / "functions/chat/run.sh", cwd=ROOT, env=variables, start_new_session=True
    )
    try:
        ready = await asyncio.wait_for(_until_it_listens(f"http://127.0.0.1:{port}", process), 20)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
        await process.wait()

    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})
