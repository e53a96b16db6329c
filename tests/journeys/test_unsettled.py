"""The table goes away under an answer that was let in: the caller gets it, and what it used is on the books once the table is back. faults.md, settle / ledger."""

import asyncio
from collections.abc import AsyncIterator

from shared.gateway.books.carry_out import carry_out
from shared.gateway.books.sweep import sweep
from shared.observability import Unsettled
from tests.fakes.books import balanced, rows_of
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.house import HELLO, Headers, House
from tests.fakes.providers import SSE
from tests.journeys.conftest import STREAM, answers

CHAT = {"provider": "openai", "model": "gpt-4o-mini", "messages": HELLO}


class Undermining(FakeAnswer):
    """A stream under which the table goes away after the first piece."""

    def __init__(self, house: House) -> None:
        super().__init__(200, b"", SSE)
        self._house = house

    async def pieces(self) -> AsyncIterator[bytes]:
        first, separator, rest = STREAM.partition(b"\n\n")
        await asyncio.sleep(0)
        yield first + separator
        self._house.table.down = True
        yield rest


async def test_a_table_that_goes_away_under_an_answer_is_made_up_for_by_the_next_sweep(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Fault 21: of the very first request of a process too, which has never signed anything."""
    client.answer = lambda _: Undermining(house)
    answer = await house.http.post("/api/llm/stream", json=CHAT, headers=asker)
    house.table.down = False
    before = await rows_of(house, asker)
    house.clock.pass_by(1800)  # longer than any hold
    headers = {**asker, **await house.signed_in("asker")}
    found, swept = await carry_out(house.services), await sweep(house.services)
    (row,) = await rows_of(house, headers)
    metrics = (await house.http.get("/api/metrics", headers=headers)).text

    assert lines(answer.text)[-1]["type"] == "done"
    assert before == []
    assert (found["settled"], swept.holds) == (1, 0)
    assert (row.outcome, row.attempts, len(client.asked)) == ("done", 1, 1)
    balanced(house, requests=1)
    assert house.services.incidents.counted() == {Unsettled("waiting"): 1, Unsettled("settled"): 1}
    assert 'llm_unsettled_total{state="waiting"} 1' in metrics
    client.answer = answers
    again = await house.http.post("/api/llm/chat", json=CHAT, headers=headers)
    assert again.status_code == 200, again.text
    balanced(house, requests=2)
