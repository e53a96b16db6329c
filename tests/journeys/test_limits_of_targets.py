"""A target that a limit of its own keeps out is passed over for the next; what is common to all refuses at once. Promise 6."""

import asyncio
from typing import Any

import pytest

from shared.records.limits import Scope, period_name
from shared.storage.admission import spent
from shared.storage.holdings import list_holdings
from shared.storage.ledger import list_rows
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.house import HELLO, Headers, House
from tests.fakes.providers import ANTHROPIC, OPENAI, TwoProviders, does
from tests.fakes.tokens import narrowed

GPT, CLAUDE = "openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"
CHAT = {"model": GPT, "messages": HELLO, "options": {"maxTokens": 50}, "fallback": [CLAUDE]}
THEIRS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": HELLO, "max_tokens": 50},
    "/v1/messages": {"messages": HELLO, "max_tokens": 50},
    "/v1/responses": {"input": "hello", "max_output_tokens": 50},
}


@pytest.fixture
def providers() -> TwoProviders:
    return TwoProviders()


@pytest.fixture
def client(providers: TwoProviders) -> FakeClient:
    return FakeClient(providers)


@pytest.fixture
async def caller(house: House) -> Headers:
    """The admin, with a key of each provider and a route over both."""
    headers = await house.signed_up("root")
    for provider in ("openai", "anthropic"):
        await house.with_key(headers, provider)
    targets = [
        {"provider": "openai", "model": "gpt-4o-mini"},
        {"provider": "anthropic", "model": "claude-haiku-4-5"},
    ]
    kept = await house.http.put("/api/routes/both", json={"targets": targets}, headers=headers)
    assert kept.status_code == 200, kept.text
    return headers


async def limit(house: House, admin: Headers, scope: str, name: str, **limits: Any) -> None:
    body = {"scope": scope, "id": name, **limits}
    said = await house.http.put("/api/admin/limits", json=body, headers=admin)
    assert said.status_code == 200, said.text


async def chat(house: House, headers: Headers, **body: Any) -> Any:
    return await house.http.post("/api/llm/chat", json={**CHAT, **body}, headers=headers)


def tried(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(one["provider"], one["outcome"]) for one in answer.json()["receipt"]["attempts"]]


async def held(house: House) -> list[str]:
    """What is still held anywhere."""
    found, _ = await list_holdings(house.services.table)
    items = [await house.services.table.get(holding.key) or {} for holding in found]
    return [name for item in items for name in item if name.startswith("h_")]


@pytest.mark.parametrize(
    ("scope", "limits", "why"),
    [
        (("provider", "openai"), {"requestsPerMinute": 1}, "limit_reached"),
        (("model", GPT), {"requestsPerMinute": 1}, "limit_reached"),
        (("provider", "openai"), {"tokensPerMinute": 1}, "limit_reached"),
        (("model", GPT), {"budgetUsd": "0"}, "budget_spent"),
        (("provider", "openai"), {"budgetUsd": "0.000001"}, "budget_spent"),
    ],
)
async def test_a_target_out_of_its_own_limit_is_passed_over_and_the_receipt_says_so(  # noqa: PLR0917 - fixtures and a case
    house: House,
    caller: Headers,
    providers: TwoProviders,
    scope: tuple[str, str],
    limits: dict[str, Any],
    why: str,
) -> None:
    await limit(house, caller, *scope, **limits)
    if limits.get("requestsPerMinute"):
        assert tried(await chat(house, caller)) == [("openai", "answered")]
    providers.asked.clear()
    answer = await chat(house, caller)
    owner = (await house.services.accounts.verify(caller["authorization"].removeprefix("Bearer "))).owner
    rows, _ = await list_rows(house.services.table, owner)

    assert tried(answer) == [("openai", why), ("anthropic", "answered")]
    assert providers.asked == [ANTHROPIC]
    assert answer.headers["x-realmultillm-attempts"] == "1"
    assert answer.headers["x-realmultillm-tried"] == f"{GPT} {why}"
    assert [(row.attempts, row.outcome) for row in rows if row.provider == "anthropic"] == [(1, "done")]
    assert await held(house) == []


@pytest.mark.parametrize("path", THEIRS)
@pytest.mark.parametrize("by_route", [True, False])
async def test_it_is_so_in_every_api_by_a_route_and_by_the_header(
    house: House, caller: Headers, providers: TwoProviders, path: str, *, by_route: bool
) -> None:
    await limit(house, caller, "provider", "openai", requestsPerMinute=1)
    await chat(house, caller)
    providers.asked.clear()
    body = {**THEIRS[path], "model": "both" if by_route else GPT}
    more = {} if by_route else {"x-realmultillm-fallback": CLAUDE}
    answer = await house.http.post(path, json=body, headers={**caller, **more})

    assert answer.status_code == 200, answer.text
    assert providers.asked == [ANTHROPIC]
    assert answer.headers["x-realmultillm-tried"].startswith(f"{GPT} limit_reached")


async def test_a_healthy_first_target_never_fails_because_a_fallback_is_out_of_its_limit(
    house: House, caller: Headers, providers: TwoProviders
) -> None:
    await limit(house, caller, "provider", "anthropic", requestsPerMinute=2)
    answers = await asyncio.gather(*(chat(house, caller) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5
    assert providers.asked == [OPENAI] * 5
    assert sorted(len(tried(answer)) for answer in answers) == [1, 1, 2, 2, 2]
    assert await held(house) == []


async def test_a_fallback_that_was_passed_over_is_not_asked_when_the_first_one_fails(
    house: House, caller: Headers, providers: TwoProviders
) -> None:
    await limit(house, caller, "provider", "anthropic", tokensPerMinute=1)
    providers.does[OPENAI] = [does(FakeAnswer(500, {"error": {"message": "no"}}))]
    answer = await chat(house, caller)

    assert answer.status_code == 502
    assert set(providers.asked) == {OPENAI}
    assert f"{CLAUDE} limit_reached" in answer.headers["x-realmultillm-tried"]


async def test_when_nobody_can_be_admitted_the_first_ones_refusal_is_the_answer(
    house: House, caller: Headers, providers: TwoProviders
) -> None:
    await limit(house, caller, "model", GPT, tokensPerMinute=1)
    await limit(house, caller, "provider", "anthropic", budgetUsd="0")
    answer = await chat(house, caller)

    assert answer.status_code == 429
    assert answer.json()["error"]["details"]["scope"] == "model"
    assert providers.asked == []
    assert await held(house) == []


async def test_what_is_common_to_all_refuses_at_once(house: House, caller: Headers, providers: TwoProviders) -> None:
    token = await narrowed(house.services, caller, requests_per_minute=1)
    await chat(house, token)
    providers.asked.clear()
    answer = await chat(house, token)

    assert answer.status_code == 429
    assert answer.json()["error"]["details"]["scope"] == "token"
    assert providers.asked == []


@pytest.mark.parametrize("unknown_first", [True, False])
async def test_under_a_budget_a_model_without_a_price_is_passed_over(
    house: House, caller: Headers, providers: TwoProviders, *, unknown_first: bool
) -> None:
    """Trap 67: what nobody can count nobody can bound; that keeps nobody else out."""
    made = await house.http.post("/api/tokens", json={"name": "ci", "budgetUsd": "5"}, headers=caller)
    token = {"authorization": f"Bearer {made.json()['token']}"}
    names = ["openai/unknown-q", CLAUDE] if unknown_first else [CLAUDE, "openai/unknown-q"]
    answer = await chat(house, token, model=names[0], fallback=names[1:])
    outcomes = tried(answer)

    assert answer.json()["receipt"]["provider"] == "anthropic"
    assert providers.asked == [ANTHROPIC]
    assert [provider for provider, _ in outcomes] == ["openai", "anthropic"]
    assert outcomes[0][1] not in {"answered", "limit_reached"}
    budget = Scope("token", made.json()["id"])
    assert await spent(house.services.table, budget, period_name("month", house.services.now())) > 0
