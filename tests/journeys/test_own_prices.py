"""A caller's own prices are theirs: they say what the ledger and their tokens reckon with, and lift no budget that an admin sets."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from shared.gateway.books.admit import Asked, admit, limits_of
from shared.gateway.books.estimate import Need
from shared.gateway.books.sweep import sweep
from shared.gateway.targets.course import plan
from shared.records.config import OwnPrice
from shared.records.ledger import LedgerRow
from shared.records.limits import Scope, period_name
from shared.records.policy import INSTALLATION
from shared.storage.admission import spent
from shared.storage.configs import find_config, save_config
from shared.storage.policies import ORGANISATION
from tests.fakes.books import rows_of
from tests.fakes.client import FakeClient
from tests.fakes.house import HELLO, KEY, Headers, House

CHAT: dict[str, Any] = {"provider": "openai", "model": "gpt-4o-mini", "messages": HELLO}
FREE = {"*": {"input": "0", "output": "0"}}
DEAR = {"*": {"input": "1", "output": "2"}}
LISTED = 5
"""Micro-dollars that 7 tokens in and 5 out of gpt-4o-mini are by the table, rounded up; at $1 and $2 a million they are 17."""
SCOPES = ("organisation", "user", "provider", "model")


@pytest.fixture
async def root(house: House) -> Headers:
    return await house.signed_up("root")


@pytest.fixture
async def bob(house: House, root: Headers) -> Headers:
    session = await house.signed_up("bob")
    await house.with_key(session)
    return session


async def priced_by(house: House, headers: Headers, prices: dict[str, Any]) -> None:
    changed = await house.http.put("/api/provider-configs/openai", json={"prices": prices}, headers=headers)
    assert changed.status_code == 200, changed.text


async def owner_of(house: House, headers: Headers) -> str:
    return (await house.services.accounts.verify(headers["authorization"].removeprefix("Bearer "))).owner


async def limited(house: House, root: Headers, kind: str, usd: str, bob: Headers) -> Scope:
    """Bob, or everybody, may spend so much a month."""
    ids = {"user": await owner_of(house, bob), "provider": "openai", "model": "openai/gpt-4o-mini"}
    named = {"id": ids[kind]} if kind in ids else {}
    body = {"scope": kind, "budgetUsd": usd, **named}
    decided = await house.http.put("/api/admin/limits", json=body, headers=root)
    assert decided.status_code == 200, decided.text
    return Scope(decided.json()["scope"], ids.get(kind, ORGANISATION))


async def chat(house: House, headers: Headers, **more: Any) -> httpx.Response:
    return await house.http.post("/api/llm/chat", json={**CHAT, **more}, headers=headers)


async def last_row(house: House, headers: Headers) -> LedgerRow:
    return (await rows_of(house, headers))[0]


async def spent_of(house: House, scope: Scope) -> int:
    return await spent(house.services.table, scope, period_name("month", house.services.now()))


@pytest.mark.parametrize("kind", SCOPES)
async def test_a_budget_that_an_admin_sets_is_not_lifted_by_a_price_of_zero(
    house: House, root: Headers, bob: Headers, client: FakeClient, kind: str
) -> None:
    await priced_by(house, bob, FREE)
    await limited(house, root, kind, "0.00001", bob)
    asked = len(client.asked)
    refused = await chat(house, bob)

    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "budget_spent")
    assert refused.json()["error"]["details"]["scope"] == kind
    assert len(client.asked) == asked


@pytest.mark.parametrize("kind", SCOPES)
async def test_what_it_is_charged_is_the_table_s_price_and_the_ledger_says_the_caller_s(
    house: House, root: Headers, bob: Headers, kind: str
) -> None:
    await priced_by(house, bob, FREE)
    scope = await limited(house, root, kind, "1", bob)
    answer = await chat(house, bob)
    row = await last_row(house, bob)

    assert answer.status_code == 200, answer.text
    assert (row.cost_usd, row.cost_source) == (Decimal(0), "custom")
    assert (row.charged_micros, row.listed_micros) == (0, LISTED)
    assert await spent_of(house, scope) == LISTED


async def test_a_price_that_is_dearer_than_the_table_s_holds_everywhere(
    house: House, root: Headers, bob: Headers
) -> None:
    await priced_by(house, bob, DEAR)
    scope = await limited(house, root, "user", "1", bob)
    await chat(house, bob)
    row = await last_row(house, bob)

    assert (row.charged_micros, row.listed_micros) == (17, None)
    assert await spent_of(house, scope) == 17


async def test_a_token_s_budget_is_its_maker_s_and_goes_by_their_prices(
    house: House, root: Headers, bob: Headers
) -> None:
    await priced_by(house, bob, FREE)
    scope = await limited(house, root, "user", "1", bob)
    made = await house.http.post("/api/tokens", json={"name": "ci", "budgetUsd": "0.000001"}, headers=bob)
    answer = await chat(house, {"x-api-key": made.json()["token"]})

    assert answer.status_code == 200, answer.text
    assert await spent_of(house, Scope("token", made.json()["id"])) == 0
    assert await spent_of(house, scope) == LISTED


async def test_a_model_that_the_table_does_not_know_has_no_price_there(
    house: House, root: Headers, bob: Headers
) -> None:
    """Trap 67. It has one for a token of theirs, and for them where no admin bounds them."""
    await priced_by(house, bob, DEAR)
    unbounded = await chat(house, bob, model="acme-9")
    made = await house.http.post("/api/tokens", json={"name": "ci", "budgetUsd": "1"}, headers=bob)
    by_token = await chat(house, {"x-api-key": made.json()["token"]}, model="acme-9")
    await limited(house, root, "user", "1", bob)
    refused = await chat(house, bob, model="acme-9")

    assert [answer.status_code for answer in (unbounded, by_token, refused)] == [200, 200, 402]
    assert "does not count here" in refused.json()["error"]["message"]


async def test_a_shared_key_goes_by_the_prices_of_whoever_shares_it(house: House, root: Headers) -> None:
    body = {
        "sharedKey": {"apiKey": KEY, "test": False},
        "sharing": {"to": "all", "limits": {"budgetUsd": "1", "budgetPeriod": "month"}},
    }
    shared = await house.http.put("/api/admin/providers/openai", json=body, headers=root)
    assert shared.status_code == 200, shared.text
    config = await find_config(house.services.table, INSTALLATION, "openai")
    assert config is not None
    theirs = {"*": OwnPrice(input=Decimal("0.01"), output=Decimal("0.02"))}
    await save_config(house.services.table, replace(config, prices=theirs))
    carol = await house.signed_up("carol")
    known, unknown = await chat(house, carol), await chat(house, carol, model="acme-9")
    row = await last_row(house, carol)

    assert (known.status_code, unknown.status_code) == (200, 200)
    assert (row.key, row.cost_source, row.charged_micros, row.listed_micros) == ("shared", "custom", 1, None)
    assert await spent_of(house, Scope("provider", "shared:openai")) == 2


async def test_the_sweeper_charges_each_budget_what_was_reserved_in_it(
    house: House, root: Headers, bob: Headers
) -> None:
    """Fault 30."""
    await priced_by(house, bob, {"*": {"input": "0", "output": "0.03"}})
    scope = await limited(house, root, "user", "1", bob)
    made = await house.http.post("/api/tokens", json={"name": "ci", "budgetUsd": "1"}, headers=bob)
    caller = await house.services.access_tokens.verify(made.json()["token"])
    target = await plan(house.services, caller, wished="openai", model="gpt-4o-mini")
    asked = Asked.now(house.services, caller, "R1", "native", streamed=False)
    bounds = await limits_of(house.services, asked, [target])
    await admit(house.services, asked, bounds, [(target, Need(1000, 1000, 100))], within=1)
    house.clock.pass_by(120)
    first, second = await sweep(house.services), await sweep(house.services)
    row = await last_row(house, bob)

    assert (first.aborted + second.aborted, first.holds + second.holds) == (1, 2)
    assert (row.outcome, row.charged_micros, row.listed_micros) == ("aborted", 30, 750)
    assert await spent_of(house, Scope("token", made.json()["id"])) == 30
    assert await spent_of(house, scope) == 750
