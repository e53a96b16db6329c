"""What moderation refuses after its provider has answered is on the bill as if it had been said: the provider takes its money all the same."""

from decimal import Decimal
from typing import Any

import pytest

from shared.records.ledger import LedgerRow
from tests.fakes.books import balanced, rows_of
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.house import HELLO, Headers, House
from tests.journeys.test_fault_rows import DONE, END, WORD, Growing, event, says, usage

CHAT: dict[str, Any] = {"provider": "openai", "model": "gpt-4o-mini", "messages": HELLO}
PLAIN = {
    "id": "x1",
    "model": "gpt-4o-mini",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "so bad"}, "finish_reason": "stop"}],
    "usage": usage(7, 5),
}
REPORT = event({"choices": [], "usage": usage(7, 5)})
EXACT = Decimal("0.00000405")
"""7 tokens in and 5 out of gpt-4o-mini."""


@pytest.fixture
async def root(house: House) -> Headers:
    return await house.signed_up("root")


@pytest.fixture
async def asker(house: House, root: Headers) -> tuple[Headers, Headers]:
    """Their session, and a token of theirs with a budget."""
    session = await house.signed_up("asker")
    await house.with_key(session)
    made = await house.http.post("/api/tokens", json={"name": "program", "budgetUsd": "5"}, headers=session)
    judged = await house.http.put("/api/admin/moderation", json={"after": True, "words": ["bad"]}, headers=root)
    assert (made.status_code, judged.status_code) == (201, 200)
    return session, {"authorization": f"Bearer {made.json()['token']}"}


async def recorded(house: House, session: Headers) -> LedgerRow:
    balanced(house, requests=1)
    (row,) = await rows_of(house, session)
    return row


async def test_a_plain_answer_that_is_refused_costs_what_it_cost(
    house: House, asker: tuple[Headers, Headers], client: FakeClient
) -> None:
    session, program = asker
    client.answer = lambda _: FakeAnswer(200, PLAIN)
    answer = await house.http.post("/api/llm/chat", json=CHAT, headers=program)
    row = await recorded(house, session)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "content_refused")
    assert (row.outcome, row.error, row.attempts) == ("error", "content_refused", 1)
    assert (row.cost_usd, row.cost_source, row.charged_micros) == (EXACT, "table", 5)
    assert (row.input_tokens, row.output_tokens, row.estimated) == (7, 5, False)


@pytest.mark.parametrize(
    "pieces",
    [(says("so bad"), END, REPORT, DONE), (b"".join([says("so bad, well"), END, REPORT, DONE]),)],
    ids=["at its last word", "all at once"],
)
async def test_a_stream_that_is_refused_at_its_end_costs_what_its_provider_says(
    house: House, asker: tuple[Headers, Headers], client: FakeClient, pieces: tuple[bytes, ...]
) -> None:
    session, program = asker
    client.answer = lambda _: Growing(*pieces)
    answer = await house.http.post("/api/llm/stream", json=CHAT, headers=program)
    row = await recorded(house, session)

    assert "content_refused" in answer.text
    assert (row.outcome, row.error, row.attempts, row.streamed) == ("error", "content_refused", 1, True)
    assert (row.cost_usd, row.cost_source, row.charged_micros) == (EXACT, "table", 5)


async def test_a_stream_that_is_refused_midway_silences_its_provider_and_is_charged_as_far_as_it_came(
    house: House, asker: tuple[Headers, Headers], client: FakeClient
) -> None:
    """8 characters of `Bonjour ` and 12 of what was not said any more are 5 tokens, by our rule of thumb."""
    session, program = asker
    growing = Growing(says("Bonjour "), says("so bad it is"), again=WORD)
    client.answer = lambda _: growing
    answer = await house.http.post("/api/llm/stream", json=CHAT, headers=program)
    row = await recorded(house, session)

    assert lines(answer.text)[-1]["error"]["code"] == "content_refused"
    assert "so bad" not in answer.text
    assert growing.given < 10 * len(WORD)
    assert (row.outcome, row.error, row.attempts) == ("error", "content_refused", 1)
    assert (row.output_tokens, row.estimated, row.cost_usd) == (5, True, None)
    assert row.charged_micros > 0


async def test_what_nobody_was_asked_costs_nothing(
    house: House, root: Headers, asker: tuple[Headers, Headers], client: FakeClient
) -> None:
    session, program = asker
    await house.http.put("/api/admin/moderation", json={"before": True, "words": ["hello"]}, headers=root)
    asked = len(client.asked)
    answer = await house.http.post("/api/llm/chat", json=CHAT, headers=program)
    row = await recorded(house, session)

    assert answer.json()["error"]["code"] == "content_refused"
    assert len(client.asked) == asked
    assert (row.attempts, row.charged_micros, row.input_tokens) == (0, 0, None)
