"""Faults below us and around us: the table, the key service, callers who stop or repeat. Each ends with the six invariants. faults.md, second and third table."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping

import pytest

from shared.crypto.keys import DataKey, KeyWrapper, corrupt
from shared.errors import KeyServiceUnavailable, RealMultiLLMError
from shared.storage.admission import Admissions
from shared.storage.table import Change, Condition, ConditionFailed, Item, Key
from tests.fakes.belongings import SilentAnswer, growing_answer
from tests.fakes.books import balanced, rows_of
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.house import Headers, House, WatchedTable
from tests.fakes.invariants import CHAT, program, six_invariants
from tests.journeys.conftest import ANSWER, answers


@pytest.fixture
async def asker(house: House) -> Headers:
    return await program(house)


@pytest.fixture(autouse=True)
async def invariants(house: House, asker: Headers, client: FakeClient, log: io.StringIO) -> AsyncIterator[None]:
    """After each fault of this page, all six."""
    yield
    client.answer = answers
    await six_invariants(house, asker, client, log)


def by_token(asker: Headers, **more: str) -> Headers:
    return {"authorization": f"Bearer {asker['x-program']}", **more}


class Contested(WatchedTable):
    """The same items; somebody else is always a moment faster where requests are let in, as long as it says so."""

    contested = False
    tries = 0

    async def update(self, key: Key, change: Change, *, when: Condition | None = None) -> Item:
        if self.contested and key.pk.startswith("ADMIT#") and when is not None:
            self.tries += 1
            raise ConditionFailed(None)
        return await super().update(key, change, when=when)


class Refusing:
    """A KeyWrapper that opens nothing, for that reason, while there is one."""

    def __init__(self, wrapper: KeyWrapper, error: RealMultiLLMError) -> None:
        self._wrapper = wrapper
        self.error: RealMultiLLMError | None = error
        self.asked = 0

    async def generate(self, context: Mapping[str, str]) -> DataKey:
        return await self._wrapper.generate(context)

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return await self._wrapper.unwrap(wrapped, context)

    async def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        return await self._wrapper.rewrap(wrapped, context)


@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/stream"])
async def test_while_the_table_is_away_nobody_is_let_in_and_nobody_is_asked(
    house: House, asker: Headers, client: FakeClient, path: str
) -> None:
    """Fault 20."""
    await house.http.post("/api/llm/chat", json=CHAT, headers=by_token(asker))
    asked = len(client.asked)
    house.table.down = True
    answer = await house.http.post(path, json=CHAT, headers=by_token(asker))
    house.table.down = False

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert len(client.asked) == asked
    balanced(house, requests=1)


async def test_an_item_that_others_keep_writing_is_503_and_nobody_is_asked(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Fault 22."""
    table = Contested(now=house.clock)
    table.items = house.table.items
    table.contested = True
    house.services.admissions = Admissions(table, now=house.clock)
    answer = await house.http.post("/api/llm/chat", json=CHAT, headers=by_token(asker))
    table.contested = False

    assert (answer.status_code, answer.json()["error"]["code"], table.tries) == (503, "storage_unavailable", 4)
    assert client.asked == []
    balanced(house, requests=0)


@pytest.mark.parametrize(
    ("error", "status"), [(KeyServiceUnavailable("its key is disabled", retry_after=1), 503), (corrupt(), 424)]
)
async def test_a_key_that_is_denied_or_not_ours_is_told_and_not_tried_again(
    house: House, asker: Headers, client: FakeClient, error: RealMultiLLMError, status: int
) -> None:
    """Fault 25: nothing was asked, so nothing is charged; whoever else has a key is served meanwhile."""
    wrapper = Refusing(house.services.key_wrapper, error)
    house.services.vault._wrapper = wrapper
    answer = await house.http.post("/api/llm/chat", json=CHAT, headers=by_token(asker))
    (row,) = await rows_of(house, asker)
    wrapper.error = None

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, error.code)
    assert (wrapper.asked, client.asked) == (1, [])
    assert (row.outcome, row.error, row.attempts, row.charged_micros) == ("error", error.code, 0, 0)


async def test_an_answer_that_is_stopped_is_settled_as_far_as_it_came(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Fault 28: by its id, by whoever asked for it."""
    client.answer = lambda _: SilentAnswer()
    owner = (await house.http.get("/api/auth/session", headers=asker)).json()["user"]["id"]
    growing = asyncio.create_task(house.http.post("/api/llm/stream", json=CHAT, headers=by_token(asker)))
    request_id = await growing_answer(house, owner)
    while not client.asked:  # noqa: ASYNC110 - a fake has no event for that
        await asyncio.sleep(0)
    stopped = await house.http.post(f"/api/requests/{request_id}/cancel", headers=by_token(asker))
    said = lines((await growing).text)
    (row,) = await rows_of(house, asker)

    assert stopped.status_code == 200
    assert said[-1]["error"]["code"] == "cancelled"
    assert (row.outcome, row.error, row.attempts) == ("cancelled", "cancelled", 1)


async def test_what_is_asked_again_under_its_key_is_asked_and_billed_once(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Fault 29: also while the first is under way, which is 409."""
    going = asyncio.Event()
    let = asyncio.Event()

    class Slow(FakeAnswer):
        async def read(self, limit: int = 1 << 25) -> bytes:
            going.set()
            await let.wait()
            return await super().read(limit)

    client.answer = lambda _: Slow(200, ANSWER)
    headers = by_token(asker, **{"idempotency-key": "once"})
    first = asyncio.create_task(house.http.post("/api/llm/chat", json=CHAT, headers=headers))
    await going.wait()
    meanwhile = await house.http.post("/api/llm/chat", json=CHAT, headers=headers)
    let.set()
    answer, again = await first, await house.http.post("/api/llm/chat", json=CHAT, headers=headers)

    assert (answer.status_code, meanwhile.status_code, again.status_code) == (200, 409, 200)
    assert json.loads(again.content) == json.loads(answer.content)
    assert len(client.asked) == 1
    balanced(house, requests=1)
