"""One of everything that somebody can have here, and the ids by which a stranger could ask for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from shared.egress.exchange import Outbound
from shared.storage.alerts import add_alert
from tests.fakes.client import FakeAnswer
from tests.fakes.house import HELLO, Headers, House

WORDS = "the heron stands in the reeds"
"""What she said, and nobody else says."""
HER_KEY = "sk-hers-Jq4Lw8Rn2Xc6Vb9Mz3Tp7Hd5"
ROUTE = "reeds"
ONCE = "the-same-question"
"""Her idempotency key."""
HER_CHAT: dict[str, Any] = {"provider": "openai", "model": "hello", "messages": HELLO}
SILENT = "silent"
"""The model whose answer begins and never ends."""
_FIRST = b'data: {"choices": [{"index": 0, "delta": {"content": "Bon"}}]}\n\n'


class SilentAnswer(FakeAnswer):
    """A stream that has begun."""

    def __init__(self) -> None:
        super().__init__(200, b"", {"content-type": "text/event-stream"})

    async def pieces(self) -> AsyncIterator[bytes]:
        yield _FIRST
        await asyncio.Event().wait()


def is_silent(outbound: Outbound) -> bool:
    """It asks for that model."""
    return f'"{SILENT}"'.encode() in (outbound.body or b"")


@dataclass(frozen=True, slots=True)
class Belongings:
    """`ids` by the names that paths, queries and bodies give them; `growing` is the answer that she is being given."""

    ids: dict[str, str]
    secrets: tuple[str, ...]
    growing: asyncio.Task[Any]

    async def leave(self) -> None:
        """She hangs up."""
        self.growing.cancel()
        await asyncio.gather(self.growing, return_exceptions=True)


async def belongings(house: House, alice: Headers, admin: Headers) -> Belongings:
    """She has keys of two providers, an access token, a route, a conversation, a finished and a growing answer, limits, and an alert."""
    http = house.http
    for provider in ("openai", "mistral"):
        await house.with_key(alice, provider, apiKey=HER_KEY)
    owner = (await http.get("/api/auth/session", headers=alice)).json()["user"]["id"]
    token = (await http.post("/api/tokens", json={"name": "her heron"}, headers=alice)).json()
    target = {"provider": "openai", "model": "hello"}
    assert (await http.put(f"/api/routes/{ROUTE}", json={"targets": [target]}, headers=alice)).status_code == 200
    said = {**HER_CHAT, "messages": [{"role": "user", "content": WORDS}], "keep": True}
    kept = (await http.post("/api/llm/chat", json=said, headers=alice)).json()
    once = await http.post("/api/llm/chat", json=HER_CHAT, headers={**alice, "idempotency-key": ONCE})
    limits = {"scope": "user", "id": owner, "requestsPerMinute": 900}
    assert (await http.put("/api/admin/limits", json=limits, headers=admin)).status_code == 200
    assert await add_alert(house.services.table, "sudden_spend", owner, now=house.clock(), details={"usd": "77.77"})
    growing = asyncio.create_task(
        http.post("/api/llm/stream", json={**HER_CHAT, "model": SILENT, "messages": HELLO}, headers=alice)
    )
    ids = {
        "user_id": owner,
        "token_id": token["id"],
        "conversation": kept["conversation"]["id"],
        "finished": once.headers["x-realmultillm-request-id"],
        "growing": await growing_answer(house, owner),
        "name": ROUTE,
    }
    return Belongings(ids, (WORDS, HER_KEY, token["token"], "her heron", "alice@", "77.77"), growing)


async def growing_answer(house: House, owner: str) -> str:
    """The id of the answer that this owner is being given."""
    async with asyncio.timeout(10):
        while True:
            for whose, request_id in house.services.running._switches:
                if whose == owner:
                    return request_id
            await asyncio.sleep(0)
