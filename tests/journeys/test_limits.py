"""Limits through the whole house, as callers of each API meet them; and what is left in the ledger."""

import asyncio
import io
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from shared.egress.exchange import Outbound
from shared.errors import StorageUnavailable
from shared.observability import LimitRefused
from shared.records.ledger import LedgerRow
from shared.records.limits import Limits, Scope, period_name
from shared.storage.admission import spent
from shared.storage.holdings import list_holdings
from shared.storage.ledger import list_rows
from shared.storage.quota import Claim
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


async def hold(house: House, token_id: str, *, micros: int) -> None:
    """Another request of that token is under way."""
    theirs = Claim("another", "asker", int(house.services.now()) + 600, micros=micros)
    limits = Limits(budget_usd=Decimal("0.01"), budget_period="week")
    await house.services.admissions.take(Scope("token", token_id), limits, theirs)


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


async def test_a_budget_is_an_api_status_error_of_the_sdks(house: House, asker: Headers) -> None:
    """402 has no exception of its own in either."""
    _, token = await token_of(house, asker, budgetUsd="0")
    newer = httpx2.AsyncClient(transport=httpx2.ASGITransport(house.app))
    theirs = openai.AsyncOpenAI(api_key=token, base_url="http://house/v1", http_client=newer)
    claude = anthropic.AsyncAnthropic(api_key=token, base_url="http://house", http_client=newer)
    with pytest.raises(openai.APIStatusError) as refused:
        await theirs.chat.completions.create(model="openai/gpt-4o-mini", messages=[{"role": "user", "content": "h"}])
    with pytest.raises(anthropic.APIStatusError) as spent_:
        await claude.messages.create(
            model="openai/gpt-4o-mini", max_tokens=9, messages=[{"role": "user", "content": "h"}]
        )

    assert (refused.value.status_code, refused.value.code) == (402, "budget_spent")
    assert type(refused.value) is openai.APIStatusError
    assert (spent_.value.status_code, spent_.value.type) == (402, "billing_error")


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # limits of a token that was used once: the policy, and a name of the model
    "a rate": ({"requestsPerMinute": 1}, "requests", "gpt-4o-mini"),
    "tokens": ({"tokensPerMinute": 20}, "tokens", "gpt-4o-mini"),
    "a budget": ({"budgetUsd": "0.01", "budgetPeriod": "week"}, "budget", "gpt-4o-mini"),
    "a budget of nothing": ({"budgetUsd": "0"}, "budget", "gpt-4o-mini"),
    "no price": ({"budgetUsd": "1", "budgetPeriod": "total"}, "budget", "nobody-knows-9"),
}


@pytest.mark.parametrize("path", OWNER_ROUTES)
@pytest.mark.parametrize("case", REFUSED)
async def test_every_refusal_has_one_shape_in_every_api(house: House, asker: Headers, path: str, case: str) -> None:
    """Trap 86: `Retry-After` agrees with `resetTime`, however far off."""
    limits, policy, model = REFUSED[case]
    token_id, token = await token_of(house, asker, **limits)
    body = {**body_of(path), "model": model if path == "/api/llm/chat" else f"openai/{model}"}
    headers = {"authorization": f"Bearer {token}"}
    await house.http.post(path, json=body, headers=headers)
    if case == "a budget":
        await hold(house, token_id, micros=9_990)
    refused = await house.http.post(path, json=body, headers=headers)
    details = refused.json()["error"]["details"]
    wait, resets = refused.headers.get("retry-after"), details["resetTime"]

    assert refused.status_code == (402 if policy == "budget" else 429), refused.text
    assert {"limit", "remaining", "resetTime", "policy", "scope"} <= set(details)
    assert (details["policy"], details["scope"]) == (policy, "token")
    assert refused.headers["x-ratelimit-limit"] == str(details["limit"])
    assert refused.headers["x-ratelimit-remaining"] == str(details["remaining"])
    assert refused.headers["ratelimit"].startswith(f'"token-{policy}";r=')
    assert refused.headers["ratelimit-policy"].startswith(f'"token-{policy}";q=')
    assert ("x-should-retry" in refused.headers) is (wait is None)
    assert (wait is not None) is (case in {"a rate", "a budget"})
    if wait is not None:
        at = datetime.fromisoformat(resets).timestamp()
        assert at - house.services.now() == int(wait)
        assert refused.headers["x-ratelimit-reset"] == str(int(at))


@pytest.mark.parametrize("path", ["/api/auth/signin", "/api/account", "/api/provider-config/test"])
async def test_what_is_no_chat_refuses_in_the_same_shape(house: House, asker: Headers, path: str) -> None:
    method, most, body = {
        "/api/auth/signin": ("POST", 20, {"email": "asker@example.com", "password": "wrong horse"}),
        "/api/account": ("DELETE", 20, {"password": "wrong horse"}),
        "/api/provider-config/test": ("POST", 60, {"provider": "openai", "apiKey": "sk-0123456789abcdef"}),
    }[path]
    for _ in range(most):
        await house.http.request(method, path, json=body, headers=asker)
    refused = await house.http.request(method, path, json=body, headers=asker)
    details = refused.json()["error"]["details"]

    assert refused.status_code == 429, refused.text
    assert set(details) == {"limit", "remaining", "resetTime", "policy", "scope"}
    assert (details["limit"], details["remaining"]) == (most, 0)
    assert refused.headers["x-ratelimit-limit"] == str(most)
    assert refused.headers["ratelimit"].startswith(f'"{details["scope"]}-{details["policy"]}";r=0;t=')
    at = datetime.fromisoformat(details["resetTime"]).timestamp()
    assert at - house.services.now() == int(refused.headers["retry-after"])


async def test_a_budget_reserves_what_a_chat_may_cost_and_charges_what_it_did(house: House, asker: Headers) -> None:
    """7 tokens in and 5 out of gpt-4o-mini are 4.05 micro-dollars, rounded up."""
    token_id, token = await token_of(house, asker, budgetUsd="0.02", budgetPeriod="day")
    answer = await house.http.post("/api/llm/chat", json=NATIVE, headers={"authorization": f"Bearer {token}"})
    (row,) = await rows_of(house, asker)

    assert answer.status_code == 200, answer.text
    assert row.cost_usd == Decimal("0.00000405")
    assert (row.outcome, row.charged_micros, row.token_id) == ("done", 5, token_id)
    assert row.first_token_ms is None  # a plain answer comes as a whole
    assert (row.input_tokens, row.output_tokens, row.attempts, row.api) == (7, 5, 1, "native")
    day = period_name("day", house.services.now())
    assert await spent(house.services.table, Scope("token", token_id), day) == 5
    assert await open_holds(house) == 0


async def test_a_budget_bounds_answers_that_nobody_bounds(house: House, asker: Headers, client: FakeClient) -> None:
    """What is reserved is enough, for the provider is told where to stop."""
    _, token = await token_of(house, asker, budgetUsd="5")
    await house.http.post("/v1/chat/completions", json=PRICED, headers={"authorization": f"Bearer {token}"})

    assert b"16384" in client.asked[-1].body


@pytest.mark.parametrize("budget", ["0", "0.000001"])
async def test_a_budget_that_is_too_small_is_402(house: House, asker: Headers, client: FakeClient, budget: str) -> None:
    """Trap 68. 0 is a budget, and counts like any other."""
    _, token = await token_of(house, asker, budgetUsd=budget)
    answer = await house.http.post("/api/llm/chat", json=NATIVE, headers={"authorization": f"Bearer {token}"})
    error = answer.json()["error"]

    assert (answer.status_code, error["code"]) == (402, "budget_spent")
    assert error["details"] == {
        "limit": budget,
        "remaining": budget,
        "resetTime": error["details"]["resetTime"],
        "policy": "budget",
        "scope": "token",
    }
    assert answer.headers["x-should-retry"] == "false"
    assert client.asked == []
    assert await rows_of(house, asker) == []
    assert house.services.incidents.counted() == {LimitRefused("budget", "token"): 1}
    metrics = (await house.http.get("/api/metrics", headers=asker)).text
    assert 'llm_limit_refusals_total{policy="budget",scope="token"} 1' in metrics


async def test_what_has_no_price_is_not_for_budgets(house: House, asker: Headers, client: FakeClient) -> None:
    """Trap 67: else whoever has the token spends without a bound."""
    _, token = await token_of(house, asker, budgetUsd="5")
    unknown = {"provider": "openai", "model": "nobody-knows-9", "messages": HELLO}
    answer = await house.http.post("/api/llm/chat", json=unknown, headers={"authorization": f"Bearer {token}"})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (402, "model_unpriced")
    assert "nobody knows the price" in error["message"]
    assert (error["details"]["parameter"], error["details"]["remaining"]) == ("model", "5")
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


COUNTS: dict[str, dict[str, Any]] = {
    "/api/tokens/count": NATIVE,
    "/v1/messages/count_tokens": PRICED,
    "/v1/responses/input_tokens": {"model": PRICED["model"], "input": "hello"},
}


@pytest.mark.parametrize("path", COUNTS)
async def test_counting_that_asks_a_provider_is_a_request_and_costs_nothing(
    house: House, asker: Headers, client: FakeClient, path: str
) -> None:
    """Threat I10: whoever may ask once a minute asks nobody three times."""
    _, token = await token_of(house, asker, requestsPerMinute=1, tokensPerMinute=1, budgetUsd="0.000001")
    headers = {"authorization": f"Bearer {token}"}
    answers = [await house.http.post(path, json=COUNTS[path], headers=headers) for _ in range(3)]
    (row,) = await rows_of(house, asker)

    assert [answer.status_code for answer in answers] == [200, 429, 429], answers[0].text
    assert answers[0].headers["x-ratelimit-remaining"] == "0"
    assert len(client.asked) == 1
    assert (row.api, row.outcome, row.attempts) == ("counts", "done", 1)
    assert (row.cost_usd, row.charged_micros) == (Decimal(0), 0)
    assert await open_holds(house) == 0


async def test_counting_that_fails_is_settled_too(house: House, asker: Headers, client: FakeClient) -> None:
    client.answer = lambda _: FakeAnswer(401, {"error": {"message": "no"}})
    _, token = await token_of(house, asker, requestsPerMinute=9)
    answer = await house.http.post("/api/tokens/count", json=NATIVE, headers={"authorization": f"Bearer {token}"})
    (row,) = await rows_of(house, asker)

    assert (answer.status_code, answer.headers["x-ratelimit-limit"]) == (424, "9")
    assert (row.api, row.outcome, row.error) == ("counts", "error", "provider_credential_rejected")
    assert await open_holds(house) == 0


async def test_a_guess_asks_nobody_so_nobody_has_to_be_let_in(house: House, asker: Headers, client: FakeClient) -> None:
    await house.with_key(asker, "mistral")
    _, token = await token_of(house, asker, requestsPerMinute=1)
    body = {"provider": "mistral", "model": "mistral-small-latest", "messages": HELLO}
    answers = [
        await house.http.post("/api/tokens/count", json=body, headers={"authorization": f"Bearer {token}"})
        for _ in range(3)
    ]

    assert [(answer.status_code, answer.json()["estimated"]) for answer in answers] == [(200, True)] * 3
    assert client.asked == []


@pytest.mark.parametrize("dated", ["gpt-4.1-2025-04-14", "gpt-4.1-20250414", "gpt-4.1-latest"])
async def test_a_limit_on_a_model_holds_for_its_dated_names(
    house: House, asker: Headers, client: FakeClient, dated: str
) -> None:
    """All names together; the other way round a dated one is itself alone."""
    for name, most in (("gpt-4.1", 2), (dated, 1)):
        limits = {"scope": "model", "id": f"openai/{name}", "requestsPerMinute": most}
        assert (await house.http.put("/api/admin/limits", json=limits, headers=asker)).status_code == 200
    statuses = [
        (await house.http.post("/api/llm/chat", json={**NATIVE, "model": name}, headers=asker)).status_code
        for name in (dated, dated, "gpt-4.1", "gpt-4.1", "gpt-4.1-mini")
    ]

    assert statuses == [200, 429, 200, 429, 200]
    assert len(client.asked) == 3


async def test_moderations_are_free_so_a_budget_lets_them_in(house: House, asker: Headers) -> None:
    _, token = await token_of(house, asker, budgetUsd="0.000001")
    body = {"model": "openai/omni-moderation-latest", "input": "hello"}
    answer = await house.http.post("/v1/moderations", json=body, headers={"authorization": f"Bearer {token}"})
    (row,) = await rows_of(house, asker)

    assert answer.status_code == 200, answer.text
    assert (row.cost_usd, row.charged_micros) == (Decimal(0), 0)


def refusals_in(log: io.StringIO) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in lines if line["message"] == "refused"]


@pytest.mark.parametrize(
    ("limits", "model", "policy"),
    [
        ({"tokensPerMinute": 1}, "gpt-4o-mini", "tokens"),
        ({"budgetUsd": "0"}, "gpt-4o-mini", "budget"),
        ({"budgetUsd": "1"}, "nobody-knows-9", "unpriced"),
    ],
)
async def test_a_refusal_is_a_line_of_the_log_and_a_flood_is_not_many(  # noqa: PLR0917 - fixtures and a case
    house: House, asker: Headers, log: io.StringIO, limits: dict[str, Any], model: str, policy: str
) -> None:
    """Threats H8 and I10: ids and counts, no word of the request."""
    token_id, token = await token_of(house, asker, **limits)
    body, headers = {**NATIVE, "model": model}, {"authorization": f"Bearer {token}"}
    answers = [await house.http.post("/api/llm/chat", json=body, headers=headers) for _ in range(30)]
    house.clock.pass_by(61)
    last = await house.http.post("/api/llm/chat", json=body, headers=headers)
    first, again = refusals_in(log)

    assert {answer.status_code for answer in answers} <= {402, 429}
    assert (first["policy"], first["scope"], first["scope_id"], first["refusals"]) == (policy, "token", token_id, 1)
    assert (first["provider"], first["model"]) == ("openai", model)
    assert first["request_id"] == answers[0].headers["x-realmultillm-request-id"]
    assert (again["refusals"], again["request_id"]) == (30, last.headers["x-realmultillm-request-id"])
    assert token not in log.getvalue()


async def test_wrong_passwords_without_end_are_a_line_of_the_log(
    house: House, asker: Headers, log: io.StringIO
) -> None:
    body = {"email": "asker@example.com", "password": "wrong horse"}
    for _ in range(25):
        await house.http.post("/api/auth/signin", json=body, headers=asker)
    (line,) = refusals_in(log)

    assert (line["policy"], line["scope"], line["refusals"]) == ("sign_ins", "email", 1)
    assert "asker@" not in log.getvalue()


@pytest.mark.parametrize(
    ("said", "rule", "whose"),
    [
        ("so secret", "words[1]", "messages"),
        ("pay 4111 1111 1111 1111", "shapes.card_number", "messages"),
        ("hello to you", "words[0]", "choices"),
    ],
)
async def test_the_log_names_the_rule_that_refused_and_no_word(  # noqa: PLR0917 - fixtures and a case
    house: House, asker: Headers, log: io.StringIO, said: str, rule: str, whose: str
) -> None:
    rules = {"before": True, "after": True, "words": ["bonjour", "secret"], "shapes": ["card_number"]}
    kept = await house.http.put("/api/admin/moderation", json=rules, headers=asker)
    assert kept.status_code == 200, kept.text
    body = {**NATIVE, "messages": [{"role": "user", "content": said}]}
    answer = await house.http.post("/api/llm/chat", json=body, headers=asker)
    (line,) = refusals_in(log)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "content_refused")
    assert (line["policy"], line["rule"], line["whose"]) == ("moderation", rule, whose)
    assert "secret" not in line["rule"]
    assert said not in log.getvalue()


@pytest.mark.parametrize("path", OWNER_ROUTES)
async def test_the_log_tells_of_an_answer_in_the_conventions_words(
    house: House, asker: Headers, log: io.StringIO, path: str
) -> None:
    """Of what was asked its bounds, of the answer its id and end; of neither a word."""
    names = {"/v1/responses": "max_output_tokens", "/api/llm/chat": "maxTokens"}
    bounds = {names.get(path, "max_tokens"): 20, "temperature": 0.5}
    wish = {"options": bounds} if path == "/api/llm/chat" else bounds
    answer = await house.http.post(path, json={**body_of(path), **wish}, headers=asker)
    assert answer.status_code == 200, answer.text
    (line,) = [json.loads(each) for each in log.getvalue().splitlines() if "request ended" in each]

    assert (line["gen_ai.request.max_tokens"], line["gen_ai.request.temperature"]) == (20, 0.5)
    assert line["gen_ai.response.finish_reasons"] == ["stop"]
    assert line["gen_ai.response.id"] == ("x3" if path == "/v1/responses" else "x1")
    assert "Bonjour" not in log.getvalue()
