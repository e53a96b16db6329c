"""What faults.md promises after every fault, whichever it was: the one helper that each of its rows ends with, where a house in one process can have it."""

import io

from tests.fakes.books import balanced, rows_of
from tests.fakes.client import FakeClient
from tests.fakes.house import HELLO, Headers, House
from tests.fakes.sinks import no_secret_anywhere

CHAT = {"provider": "openai", "model": "gpt-4o-mini", "messages": HELLO}


async def program(house: House) -> Headers:
    """Somebody whose token has a budget, so that whatever is charged is seen; and how they call: `x-program` is the token."""
    session = await house.signed_up("asker")
    await house.with_key(session)
    made = await house.http.post("/api/tokens", json={"name": "program", "budgetUsd": "5"}, headers=session)
    assert made.status_code == 201, made.text
    return {**session, "x-program": made.json()["token"]}


async def six_invariants(house: House, asker: Headers, client: FakeClient, log: io.StringIO) -> None:
    """(a) to (d) by the books, (e) in every sink, (f) by the next request. The client answers again as it should."""
    before = await rows_of(house, asker)
    headers = {"authorization": f"Bearer {asker['x-program']}"}
    answer = await house.http.post("/api/llm/chat", json=CHAT, headers=headers)
    rows = await rows_of(house, asker)
    attempts = [row.attempts or 0 for row in rows]
    token, session = asker["x-program"].partition("_")[2], asker["authorization"].rpartition(".")[2]

    assert answer.status_code == 200, answer.text
    balanced(house, requests=len(before) + 1)
    assert max(attempts) <= 2  # at the one target that there is
    assert sum(attempts) == len(client.asked)
    assert all(row.attempts == 1 for row in rows if row.streamed and row.first_token_ms is not None)
    await no_secret_anywhere(house, log.getvalue(), token, session)
