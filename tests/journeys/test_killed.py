"""A kill -9 in the middle of fifty streams: what was acknowledged is there, and after the sweeper the books balance. faults.md, third table."""

import asyncio
import json
import signal
import time
from collections import Counter
from pathlib import Path

import httpx

from shared.gateway.sweep import sweep
from shared.records.limits import Scope, period_name
from shared.services import Services
from shared.settings import Settings
from shared.storage import layout
from shared.storage.admission import spent
from shared.storage.holdings import list_holdings
from shared.storage.ledger import list_rows
from tests.fakes.gateway import running_gateway
from tests.fakes.provider import GOOD_KEY, fake_provider
from tests.fakes.services import FixedClock
from tests.fakes.sinks import files_of, found, masters_of

STREAMS, FINISHED = 50, 10


async def hanging(client: httpx.AsyncClient, said: asyncio.Semaphore) -> None:
    """A stream that has begun and never ends."""
    body = {"provider": "openai", "model": "stall", "messages": [{"role": "user", "content": "hello"}]}
    try:
        async with client.stream("POST", "/api/llm/stream", json=body, timeout=60) as answer:
            async for line in answer.aiter_lines():
                if '"chunk"' in line:
                    said.release()
    except httpx.TransportError:
        return  # as expected: nobody is there any more


async def test_no_acknowledged_row_is_lost_and_no_hold_outlives_the_sweep(tmp_path: Path) -> None:
    """Fault 30."""
    async with fake_provider() as provider:
        origin = provider.url("").removeprefix("http://")
        settings = {"PROVIDER_URLS": json.dumps({"openai": f"{provider.url('')}/v1"}), "EGRESS_ALLOW": origin}
        async with running_gateway(tmp_path, **settings) as gateway, gateway.signed_in() as client:
            kept = {"provider": "openai", "apiKey": GOOD_KEY, "test": False}
            assert (await client.post("/api/provider-configs", json=kept)).status_code < 300
            whole = {"provider": "openai", "model": "hello", "messages": [{"role": "user", "content": "hello"}]}
            done = [await client.post("/api/llm/chat", json=whole) for _ in range(FINISHED)]
            owner = (await client.get("/api/auth/session")).json()["user"]["id"]
            said = asyncio.Semaphore(0)
            streams = [asyncio.create_task(hanging(client, said)) for _ in range(STREAMS)]
            for _ in streams:
                await asyncio.wait_for(said.acquire(), 60)
            gateway.process.send_signal(signal.SIGKILL)
            await gateway.process.wait()
            await asyncio.gather(*streams)
            left = {"printed": bytes(gateway.printed), **files_of(tmp_path)}

    services = Services(Settings(home=tmp_path), now=FixedClock(time.time() + 3600))  # after every hold's time
    try:
        first, again = await sweep(services), await sweep(services)
        rows, _ = await list_rows(services.table, owner)
        items = (await services.table.query(layout.admissions("user", owner).pk)).items
        charged = await spent(services.table, Scope("user", owner), period_name("month", services.now()))
        noted, _ = await list_holdings(services.table)
    finally:
        await services.close()
    async with running_gateway(tmp_path) as restarted, restarted.signed_in("bob@example.com") as client:
        providers = await client.get("/api/provider-configs")

    assert {answer.status_code for answer in done} == {200}
    assert (first.holds, first.aborted, again.holds) == (STREAMS, STREAMS, 0)
    assert Counter(row.outcome for row in rows) == {"done": FINISHED, "aborted": STREAMS}
    assert {answer.headers["x-realmultillm-request-id"] for answer in done} <= {row.request_id for row in rows}
    assert not any(name.startswith("h_") for item in items for name in item)
    assert sum(int(str(item.get("n_open", 0))) for item in items) == 0
    assert noted == []
    assert charged == sum(row.charged_micros for row in rows)
    assert found([GOOD_KEY, *masters_of(tmp_path)], {**left, **files_of(tmp_path)}) == []
    assert providers.status_code == 200
