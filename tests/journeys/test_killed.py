"""A kill -9 in the middle of fifty streams: what was acknowledged is there, and after the gateway's own sweeper the books balance. faults.md, third table."""

import asyncio
import json
import signal
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from shared.records.ledger import LedgerRow
from shared.services import Services
from shared.settings import Settings
from shared.storage import layout
from shared.storage.ledger import list_rows
from shared.storage.table import Item
from tests.fakes.gateway import running_gateway
from tests.fakes.provider import GOOD_KEY, fake_provider
from tests.fakes.sinks import files_of, found, masters_of

STREAMS, FINISHED = 50, 10
LATER = 3600
"""Seconds after which every hold's time is over."""
BUDGET = Decimal("0.50")
ASK = {"provider": "openai", "messages": [{"role": "user", "content": "hello"}]}
FITS = {"options": {"maxTokens": 1000}}
"""Reserves half a cent."""
PRICES = {"*": {"input": "1", "output": "5"}}


async def hanging(client: httpx.AsyncClient, said: asyncio.Semaphore) -> None:
    """A stream that has begun and never ends."""
    try:
        async with client.stream(
            "POST", "/api/llm/stream", json={**ASK, **FITS, "model": "stall"}, timeout=60
        ) as answer:
            assert answer.status_code == 200, await answer.aread()
            async for line in answer.aiter_lines():
                if '"chunk"' in line:
                    said.release()
    except httpx.TransportError:
        return  # as expected: nobody is there any more


@dataclass(frozen=True, slots=True)
class Books:
    """What the table says of an owner and an access token of theirs."""

    rows: list[LedgerRow]
    scope: list[Item]
    """All items of the token's admission."""

    @property
    def held(self) -> int:
        return sum(name.startswith("h_") for item in self.scope for name in item)

    def sum_of(self, prefix: str) -> int:
        return sum(int(str(value)) for item in self.scope for name, value in item.items() if name.startswith(prefix))


async def books(home: Path, owner: str, token_id: str) -> Books:
    """Read beside the gateway, which may be running."""
    services = Services(Settings(home=home))
    try:
        rows, _ = await list_rows(services.table, owner, limit=200)
        return Books(rows, (await services.table.query(layout.admissions("token", token_id).pk)).items)
    finally:
        await services.close()


async def swept(home: Path, owner: str, token_id: str) -> Books:
    """The books when nothing is held any more: the gateway sweeps as soon as it has started."""
    for _ in range(600):
        read = await books(home, owner, token_id)
        if not read.held:
            return read
        await asyncio.sleep(0.05)
    raise AssertionError("there are holds left after half a minute")


async def test_no_acknowledged_row_is_lost_and_no_hold_outlives_the_sweep(tmp_path: Path) -> None:
    """Fault 30."""
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(fake_provider())
        origin = provider.url("").removeprefix("http://")
        settings = {"PROVIDER_URLS": json.dumps({"openai": f"{provider.url('')}/v1"}), "EGRESS_ALLOW": origin}
        gateway = await stack.enter_async_context(running_gateway(tmp_path, **settings))
        client = await stack.enter_async_context(gateway.signed_in())
        kept = {"provider": "openai", "apiKey": GOOD_KEY, "test": False, "prices": PRICES}
        assert (await client.post("/api/provider-configs", json=kept)).status_code < 300
        owner = (await client.get("/api/auth/session")).json()["user"]["id"]
        limits = {"name": "ci", "budgetUsd": str(BUDGET), "budgetPeriod": "total"}
        token = (await client.post("/api/tokens", json=limits)).json()
        client.headers["authorization"] = f"Bearer {token['token']}"
        done = [await client.post("/api/llm/chat", json={**ASK, **FITS, "model": "hello"}) for _ in range(FINISHED)]
        said = asyncio.Semaphore(0)
        async with asyncio.timeout(60), asyncio.TaskGroup() as streams:
            for _ in range(STREAMS):
                streams.create_task(hanging(client, said))
            for _ in range(STREAMS):
                await said.acquire()
            gateway.process.send_signal(signal.SIGKILL)
            await gateway.process.wait()
        left_behind = {"printed": bytes(gateway.printed), **files_of(tmp_path)}
        before = await books(tmp_path, owner, token["id"])

        again = await stack.enter_async_context(running_gateway(tmp_path, LATER, **settings))
        after = await swept(tmp_path, owner, token["id"])
        left = int(BUDGET * 1_000_000) - after.sum_of("s_")
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=again.url, headers=client.headers))
        within = await client.post("/api/llm/chat", json={**ASK, **FITS, "model": "hello"})
        beyond = await client.post("/api/llm/chat", json={**ASK, "model": "hello", "options": {"maxTokens": left // 5}})
        at_last = await swept(tmp_path, owner, token["id"])

    assert {answer.status_code for answer in done} == {200}
    assert (before.held, len(before.rows), before.sum_of("n_open")) == (STREAMS, FINISHED, STREAMS)
    assert Counter(row.outcome for row in after.rows) == {"done": FINISHED, "aborted": STREAMS}
    assert {row.request_id: row for row in before.rows}.items() <= {row.request_id: row for row in after.rows}.items()
    assert {told(answer) for answer in done} == {(row.request_id, row.cost_usd) for row in before.rows}
    assert (within.status_code, beyond.status_code) == (200, 402)
    assert told(within) in {(row.request_id, row.cost_usd) for row in at_last.rows}
    assert found([GOOD_KEY, *masters_of(tmp_path)], {**left_behind, **files_of(tmp_path)}) == []
    for each in (after, at_last):
        assert each.sum_of("n_open") == 0
        assert each.sum_of("s_") == each.sum_of("c_") == sum(row.charged_micros for row in each.rows)


def told(answer: httpx.Response) -> tuple[str, Any]:
    """What was acknowledged: the id and the cost."""
    return answer.headers["x-realmultillm-request-id"], Decimal(answer.json()["cost"])
