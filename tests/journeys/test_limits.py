"""Limits through the whole house, as callers of each API meet them; and what is left in the ledger."""

import asyncio
from decimal import Decimal
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from shared.egress.exchange import Outbound
from shared.errors import StorageUnavailable
from shared.observability import Incident, LimitRefused
from shared.records.ledger import LedgerRow
from shared.records.limits import Scope, period_name
from shared.storage.admission import spent
from shared.storage.holdings import list_holdings
from shared.storage.ledger import list_rows
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.house import HELLO, Headers, House

PRICED = {"model": "openai/gpt-4o-mini", "messages": HELLO}
NATIVE = {"provider": "openai", "model": "gpt-4o-mini", "messages": HELLO}
OWNER_ROUTES = ("/v1/chat/completions", "/v1/messages", "/v1/responses", "/api/llm/chat")


def body_of(path: str, *, stream: bool = False) -> dict[str, Any]:
    match path:
        case "/v1/messages":
            return {**PRICED, "max_tokens": 10, "stream": stream}
        case "/v1/responses":
            return {"model": PRICED["model"], "input": "hello", "stream": stream}
        case "/v1/chat/completions":
            return {**PRICED, "stream": stream}
        case _:
            return NATIVE


async def token_of(house: House, asker: Headers, **limits: Any) -> tuple[str, str]:
    made = await house.http.post("/api/tokens", json={"name": "program", **limits}, headers=asker)
    assert made.status_code == 201, made.text
    return made.json()["id"], made.json()["token"]


async def rows_of(house: House, asker: Headers) -> list[LedgerRow]:
    caller = await house.services.accounts.verify(asker["authorization"].removeprefix("Bearer "))
    return (await list_rows(house.services.table, caller.owner))[0]


async def open_holds(house: House) -> int:
    found, _ = await list_holdings(house.services.table)
    items = [await house.services.table.get(holding.key) or {} for holding in found]
    return sum(name.startswith("h_") for item in items for name in item)


@pytest.mark.parametrize("path", OWNER_ROUTES)
async def test_a_rate_that_is_reached_is_429_in_every_api_and_nobody_is_asked(
    house: House, asker: Headers, client: FakeClient, path: str
) -> None:
    """Trap 31, threat I10."""
    _, token = await token_of(house, asker, requestsPerMinute=2)
    headers = {"authorization": f"Bearer {token}"}
    good = [await house.http.post(path, json=body_of(path), headers=headers) for _ in range(2)]
    asked = len(client.asked)
    refused = await house.http.post(path, json=body_of(path), headers=headers)

    assert [answer.status_code for answer in good] == [200, 200]
    assert [answer.headers["x-ratelimit-remaining"] for answer in good] == ["1", "0"]
    assert good[0].headers["ratelimit"] == '"token-requests";r=1;t=30'
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "30"
    assert refused.headers["x-ratelimit-limit"] == "2"
    assert refused.headers["ratelimit-policy"] == '"token-requests";q=2;w=60'
    assert len(client.asked) == asked


async def test_the_sdks_raise_what_their_users_catch(house: House, asker: Headers) -> None:
    _, token = await token_of(house, asker, requestsPerMinute=1)
    newer = httpx2.AsyncClient(transport=httpx2.ASGITransport(house.app))
    theirs = openai.AsyncOpenAI(api_key=token, base_url="http://house/v1", http_client=newer, max_retries=0)
    claude = anthropic.AsyncAnthropic(api_key=token, base_url="http://house", http_client=newer, max_retries=0)
    await theirs.chat.completions.create(model="openai/gpt-4o-mini", messages=[{"role": "user", "content": "hello"}])

    with pytest.raises(openai.RateLimitError) as refused:
        await theirs.chat.completions.create(model="openai/gpt-4o-mini", messages=[{"role": "user", "content": "h"}])
    with pytest.raises(anthropic.RateLimitError):
        await claude.messages.create(
            model="openai/gpt-4o-mini", max_tokens=9, messages=[{"role": "user", "content": "hello"}]
        )
    assert refused.value.response.headers["retry-after"] == "60"


async def test_a_budget_reserves_what_a_chat_may_cost_and_charges_what_it_did(house: House, asker: Headers) -> None:
    """7 tokens in and 5 out of gpt-4o-mini are 4.05 micro-dollars, rounded up."""
    token_id, token = await token_of(house, asker, budgetUsd="0.02", budgetPeriod="day")
    answer = await house.http.post("/api/llm/chat", json=NATIVE, headers={"authorization": f"Bearer {token}"})
    (row,) = await rows_of(house, asker)

    assert answer.status_code == 200, answer.text
    assert row.cost_usd == Decimal("0.00000405")
    assert (row.outcome, row.charged_micros, row.token_id) == ("done", 5, token_id)
    assert (row.input_tokens, row.output_tokens, row.attempts, row.api) == (7, 5, 1, "native")
    day = period_name("day", house.services.now())
    assert await spent(house.services.table, Scope("token", token_id), day) == 5
    assert await open_holds(house) == 0


async def test_a_budget_bounds_answers_that_nobody_bounds(house: House, asker: Headers, client: FakeClient) -> None:
    """What is reserved is enough, for the provider is told where to stop."""
    _, token = await token_of(house, asker, budgetUsd="5")
    await house.http.post("/v1/chat/completions", json=PRICED, headers={"authorization": f"Bearer {token}"})

    assert b"16384" in client.asked[-1].body


@pytest.mark.parametrize(("budget", "counted"), [("0", {}), ("0.000001", {LimitRefused("budget", "token"): 1})])
async def test_a_budget_that_is_too_small_is_402(
    house: House, asker: Headers, client: FakeClient, budget: str, counted: dict[Incident, int]
) -> None:
    """Trap 68. A token that may spend nothing was meant to; one whose budget is used up is told to the operator."""
    _, token = await token_of(house, asker, budgetUsd=budget)
    answer = await house.http.post("/api/llm/chat", json=NATIVE, headers={"authorization": f"Bearer {token}"})
    error = answer.json()["error"]

    assert (answer.status_code, error["code"]) == (402, "budget_spent")
    assert {"limit", "remaining", "resetTime"} <= set(error["details"])
    assert client.asked == []
    assert await rows_of(house, asker) == []
    assert house.services.incidents.counted() == counted
    metrics = (await house.http.get("/api/metrics", headers=asker)).text
    assert ('llm_limit_refusals_total{policy="budget",scope="token"} 1' in metrics) is bool(counted)


async def test_what_has_no_price_is_not_for_budgets(house: House, asker: Headers, client: FakeClient) -> None:
    """Trap 67: else whoever has the token spends without a bound."""
    _, token = await token_of(house, asker, budgetUsd="5")
    unknown = {"provider": "openai", "model": "nobody-knows-9", "messages": HELLO}
    answer = await house.http.post("/api/llm/chat", json=unknown, headers={"authorization": f"Bearer {token}"})

    assert answer.status_code == 402
    assert "nobody knows the price" in answer.json()["error"]["message"]
    assert house.services.incidents.counted() == {LimitRefused("unpriced", "token"): 1}
    assert client.asked == []


async def test_a_table_that_is_away_lets_nobody_in(house: House, asker: Headers, client: FakeClient) -> None:
    """Fault 20. faults.md: fail closed, with a time to come back. Trap 74."""
    await house.http.post("/api/llm/chat", json=NATIVE, headers=asker)
    asked = len(client.asked)

    async def away(*_: Any, **__: Any) -> Any:
        raise StorageUnavailable("the table does not answer: try again", retry_after=1)

    house.services.admissions._table = type("Away", (), {"update": staticmethod(away)})()
    answer = await house.http.post("/api/llm/chat", json=NATIVE, headers=asker)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(client.asked) == asked


@pytest.mark.parametrize(
    ("path", "body", "api"),
    [
        ("/v1/embeddings", {"model": "openai/text-embedding-3-small", "input": "hello"}, "embeddings"),
        ("/v1/moderations", {"model": "openai/omni-moderation-latest", "input": "hello"}, "moderations"),
        ("/v1/images/generations", {"model": "openai/gpt-image-1", "prompt": "a dot"}, "images"),
    ],
)
async def test_what_is_no_chat_is_let_in_and_settled_too(
    house: House, asker: Headers, path: str, body: dict[str, Any], api: str
) -> None:
    _, token = await token_of(house, asker, requestsPerMinute=1)
    headers = {"authorization": f"Bearer {token}"}
    first, second = [await house.http.post(path, json=body, headers=headers) for _ in range(2)]
    (row,) = await rows_of(house, asker)

    assert (first.status_code, second.status_code) == (200, 429), first.text
    assert first.headers["x-ratelimit-remaining"] == "0"
    assert (row.api, row.outcome) == (api, "done")
    assert await open_holds(house) == 0


async def test_of_many_at_once_as_many_are_asked_as_may_be(house: House, asker: Headers, client: FakeClient) -> None:
    """Threat I8, through the door."""
    _, token = await token_of(house, asker, requestsPerMinute=7)
    headers = {"authorization": f"Bearer {token}"}
    answers = await asyncio.gather(
        *(house.http.post("/v1/chat/completions", json=PRICED, headers=headers) for _ in range(40))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [429] * 33
    assert len(client.asked) == len(await rows_of(house, asker)) == 7
    assert await open_holds(house) == 0


async def test_a_provider_that_fails_is_in_the_ledger_and_costs_nothing(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Trap 69: only what may have been billed is charged."""
    client.answer = lambda _: FakeAnswer(500, {"error": {"message": "no"}})
    _, token = await token_of(house, asker, budgetUsd="1", requestsPerMinute=9)
    answer = await house.http.post("/api/llm/chat", json=NATIVE, headers={"authorization": f"Bearer {token}"})
    (row,) = await rows_of(house, asker)

    assert answer.status_code == 502
    assert "x-ratelimit-remaining" in answer.headers
    assert (row.outcome, row.error, row.charged_micros, row.attempts) == ("error", "upstream_error", 0, 2)
    assert await open_holds(house) == 0


async def test_what_a_chat_costs_the_table(house: House, asker: Headers) -> None:
    """One write lets it in, then the ledger, the counts of usage, and the settlement: four in all, and no read but of config and key."""
    await house.http.post("/api/llm/chat", json=NATIVE, headers=asker)
    before = house.table.writes, house.table.reads
    await house.http.post("/api/llm/chat", json=NATIVE, headers=asker)

    assert house.table.writes - before[0] == 4
    assert house.table.reads - before[1] <= 2


async def test_a_stream_that_breaks_is_charged_for_what_was_said(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Traps 22 and 69; the estimate is called one."""
    broken = b'data: {"choices": [{"index": 0, "delta": {"content": "Bonjour, le monde"}}]}\n\n'

    def breaks(_: Outbound) -> FakeAnswer:
        return FakeAnswer(200, broken, {"content-type": "text/event-stream"})

    client.answer = breaks
    _, token = await token_of(house, asker, budgetUsd="1")
    answer = await house.http.post("/api/llm/stream", json=NATIVE, headers={"authorization": f"Bearer {token}"})
    (row,) = await rows_of(house, asker)

    assert "stream_truncated" in answer.text
    assert (row.outcome, row.error, row.estimated, row.cost_usd) == ("error", "stream_truncated", True, None)
    assert row.output_tokens == 5
    assert row.charged_micros > 0
    assert row.first_token_ms is not None
    assert await open_holds(house) == 0


async def test_a_token_is_for_its_networks_alone_whatever_a_header_says(house: House, asker: Headers) -> None:
    """Threats I9 and H1: the peer is the server's word."""
    _, here = await token_of(house, asker, origins=["127.0.0.1"])
    _, there = await token_of(house, asker, origins=["203.0.113.0/24"])
    spoofed = {"x-forwarded-for": "203.0.113.7", "x-real-ip": "203.0.113.7", "forwarded": "for=203.0.113.7"}
    answers = [
        await house.http.post("/api/llm/chat", json=NATIVE, headers={**spoofed, "authorization": f"Bearer {token}"})
        for token in (here, there)
    ]

    assert [answer.status_code for answer in answers] == [200, 403]


async def test_a_token_is_changed_strictly_and_shows_what_it_is_for(house: House, asker: Headers) -> None:
    targets = {"targets": [{"provider": "openai", "model": "hello"}]}
    assert (await house.http.put("/api/routes/cheap", json=targets, headers=asker)).status_code == 200
    token_id, _ = await token_of(house, asker, origins=["203.0.113.7"], routes=["cheap"])
    wrong = await house.http.patch(f"/api/tokens/{token_id}", json={"origins": ["nowhere"]}, headers=asker)
    lifted = await house.http.patch(f"/api/tokens/{token_id}", json={"routes": None}, headers=asker)

    assert (wrong.status_code, "origins" in wrong.json()["error"]["message"]) == (400, True)
    assert (lifted.json()["origins"], lifted.json()["routes"]) == (["203.0.113.7/32"], None)


async def test_what_never_fits_is_429_once_and_tells_what_is_left(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """The SDK does not ask again in vain. Trap 31."""
    _, token = await token_of(house, asker, tokensPerMinute=1100)
    newer = httpx2.AsyncClient(transport=httpx2.ASGITransport(house.app))
    theirs = openai.AsyncOpenAI(api_key=token, base_url="http://house/v1", http_client=newer)
    await theirs.chat.completions.create(model="openai/gpt-4o-mini", messages=[{"role": "user", "content": "hello"}])
    asked = len(client.asked)
    with pytest.raises(openai.RateLimitError) as refused:
        await theirs.chat.completions.create(
            model="openai/gpt-4o-mini", messages=[{"role": "user", "content": "hello"}], max_tokens=2000
        )
    answer = refused.value.response
    details = answer.json()["error"]["details"]

    assert answer.request.headers["x-stainless-retry-count"] == "0"
    assert answer.headers["x-should-retry"] == "false"
    assert "retry-after" not in answer.headers
    assert (details["limit"], details["remaining"]) == (1100, 1088)
    assert details["resetTime"] is not None
    assert len(client.asked) == asked
