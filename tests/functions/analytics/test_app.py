"""The analytics door, from outside."""

import csv
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from itertools import count
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from functions.analytics.app import create_app
from shared.identity.opaque import digest_of
from shared.identity.tokens import mint_token
from shared.records.ledger import LedgerRow
from shared.records.token import AccessToken
from shared.services import Services
from shared.storage.accounts import change_account, find_account
from shared.storage.ledger import add_row
from shared.storage.tokens import add_token
from shared.storage.usage import add_usage

type Headers = dict[str, str]
REPORTS = ["/api/analytics/usage", "/api/analytics/costs", "/api/analytics/performance"]
ROUTES = [*REPORTS, "/api/analytics/requests", "/api/metrics"]
DAY = 86_400
_NUMBERS = count()


@pytest.fixture
async def door(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        yield http


async def owner_of(services: Services, who: Headers) -> str:
    return (await services.accounts.verify(who["authorization"].removeprefix("Bearer "))).owner


async def use(services: Services, owner: str, *, ago: int = 0, **more: Any) -> None:
    """One request, so many days ago."""
    usual: dict[str, Any] = {
        "request_id": str(next(_NUMBERS)),
        "token_id": None,
        "outcome": "done",
        "provider": "openai",
        "model": "gpt-4o",
        "duration_ms": 1000,
        "cost_usd": Decimal("0.001"),
    }
    await add_usage(services.table, LedgerRow(owner=owner, started_at=services.now() - ago * DAY, **{**usual, **more}))


async def token_of(services: Services, owner: str, **narrowed: Any) -> tuple[str, Headers]:
    token_id, text = mint_token()
    token = AccessToken(
        id=token_id, owner=owner, name="t", digest=digest_of(text), created_at=0, updated_at=0, **narrowed
    )
    await add_token(services.table, token)
    return token_id, {"authorization": f"Bearer {text}"}


def counted(page: str) -> float:
    families = text_string_to_metric_families(page)
    return sum(sample.value for family in families if family.name == "llm_requests" for sample in family.samples)


@pytest.mark.parametrize("route", ROUTES)
async def test_every_route_needs_a_credential(door: httpx.AsyncClient, route: str) -> None:
    assert (await door.get(route)).status_code == 401


async def test_usage_by_day_and_model(door: httpx.AsyncClient, services: Services, alice: Headers) -> None:
    owner = await owner_of(services, alice)
    await use(services, owner, input_tokens=10, output_tokens=3, cached_tokens=4)
    await use(services, owner, input_tokens=5, ago=1, outcome="error", error="throttled")
    await use(services, owner, model="o3", estimated=True)

    told = (await door.get("/api/analytics/usage?groupBy=model,day", headers=alice)).json()

    today, yesterday = (datetime.fromtimestamp(services.now() - ago * DAY, UTC).date().isoformat() for ago in (0, 1))
    assert told["groupBy"] == ["day", "model"]
    assert [(row["day"], row["model"], row["inputTokens"], row["errors"]) for row in told["rows"]] == [
        (yesterday, "gpt-4o", 5, 1),
        (today, "gpt-4o", 10, 0),
        (today, "o3", 0, 0),
    ]
    assert {row["provider"] for row in told["rows"]} == {None}
    assert (told["total"]["requests"], told["total"]["cachedTokens"], told["total"]["estimatedRequests"]) == (3, 4, 1)
    assert (told["to"], told["next"]) == (today, None)


async def test_costs_are_exact_and_the_unknown_is_counted(
    door: httpx.AsyncClient, services: Services, alice: Headers
) -> None:
    """Trap 67."""
    owner = await owner_of(services, alice)
    await use(services, owner, cost_usd=Decimal("0.0000000001"))
    await use(services, owner, cost_usd=None)
    await use(services, owner, provider="ollama", cost_usd=None)

    told = (await door.get("/api/analytics/costs?groupBy=provider", headers=alice)).json()

    assert [(row["provider"], row["costUsd"], row["unpricedRequests"]) for row in told["rows"]] == [
        ("ollama", None, 1),
        ("openai", "0.0000000001", 1),
    ]
    assert told["total"]["costUsd"] == "0.0000000001"


async def test_performance_is_within_its_bucket(door: httpx.AsyncClient, services: Services, alice: Headers) -> None:
    owner = await owner_of(services, alice)
    for number in range(1, 101):
        times = {"duration_ms": 1100 * number, "first_token_ms": 100 * number}
        await use(services, owner, streamed=True, output_tokens=100 * number, **times)
    await use(services, owner, outcome="error", error="upstream_timeout")
    await use(services, owner, outcome="disconnected")

    told = (await door.get("/api/analytics/performance", headers=alice)).json()["total"]

    for spread, exact in (("timeToFirstTokenMs", 100), ("durationMs", 1100)):
        assert told[spread]["p50"] == pytest.approx(50 * exact, rel=0.14)
        assert told[spread]["p95"] == pytest.approx(95 * exact, rel=0.14)
        assert told[spread]["p99"] == pytest.approx(99 * exact, rel=0.14)
    assert told["tokensPerSecond"]["p50"] == pytest.approx(100, rel=0.14)
    assert told["errorRate"] == round(1 / 102, 6)
    assert told["outcomes"] == {"done": 100, "error": 1, "disconnected": 1}
    assert told["errors"] == {"upstream_timeout": 1}


@pytest.mark.parametrize("route", REPORTS)
async def test_nothing_used_is_no_line_and_a_sum_of_nothing(
    door: httpx.AsyncClient, alice: Headers, route: str
) -> None:
    told = (await door.get(route, headers=alice)).json()

    assert told["rows"] == []
    assert told["total"]["requests"] == 0


@pytest.mark.parametrize("route", REPORTS)
async def test_pages_are_gone_through_by_next(
    door: httpx.AsyncClient, services: Services, alice: Headers, route: str
) -> None:
    for number in range(7):
        await use(services, await owner_of(services, alice), model=f"m/{number}")
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        query: dict[str, str] = {"groupBy": "model", "limit": "3", **({"after": after} if after else {})}
        page = (await door.get(route, params=query, headers=alice)).json()
        found += [row["model"] for row in page["rows"]]
        assert page["total"]["requests"] == 7
        after = page["next"]

    assert found == [f"m/{number}" for number in range(7)]


async def test_days_providers_models_and_tokens_can_be_chosen(
    door: httpx.AsyncClient, services: Services, alice: Headers
) -> None:
    owner = await owner_of(services, alice)
    for ago in range(5):
        await use(services, owner, ago=ago)
    await use(services, owner, provider="groq", model="llama", token_id="t1")
    day = datetime.fromtimestamp(services.now() - 2 * DAY, UTC).date().isoformat()

    async def requests(**query: str) -> int:
        told = (await door.get("/api/analytics/usage", params=query, headers=alice)).json()
        return int(told["total"]["requests"])

    assert await requests() == 6
    assert await requests(**{"from": day}) == 4
    assert await requests(**{"from": day, "to": day}) == 1
    assert await requests(provider="groq") == await requests(token="t1") == await requests(model="llama") == 1
    assert await requests(provider="groq", model="gpt-4o") == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-12-02", "to": "2026-12-01"}, "from"),
        ({"from": "2025-01-01", "to": "2026-12-01"}, "from"),
        ({"from": "yesterday"}, "from"),
        ({"groupBy": "owner"}, "groupBy"),
        ({"groupBy": "week"}, "groupBy"),
        ({"groupBy": ""}, "groupBy"),
        ({"provider": "nobody"}, "provider"),
        ({"after": "zzz"}, "after"),
        ({"outcome": "error"}, "outcome"),
        ({"Token": "x"}, "Token"),
        ({"limit": "0"}, "limit"),
    ],
)
async def test_a_question_that_is_none_is_refused_by_its_name(
    door: httpx.AsyncClient, alice: Headers, query: dict[str, str], field: str
) -> None:
    answer = await door.get("/api/analytics/usage", params=query, headers=alice)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, field)
    assert f"`{field}`" in answer.json()["error"]["message"]
    assert "pattern" not in answer.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"outcome": "failed"}, "outcome"),
        ({"provider": "nobody"}, "provider"),
        ({"after": "zzz"}, "after"),
        ({"limit": "many"}, "limit"),
        ({"from": "2026-01-01"}, "from"),
        ({"owner": "bob"}, "owner"),
    ],
)
async def test_of_requests_too_what_is_not_honoured_is_refused_by_its_name(
    door: httpx.AsyncClient, alice: Headers, query: dict[str, str], field: str
) -> None:
    answer = await door.get("/api/analytics/requests", params=query, headers=alice)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, field)


async def test_an_alias_names_its_provider(door: httpx.AsyncClient, services: Services, alice: Headers) -> None:
    await use(services, await owner_of(services, alice), provider="anthropic")
    told = (await door.get("/api/analytics/costs", params={"provider": "claude"}, headers=alice)).json()

    assert told["total"]["requests"] == 1


@pytest.mark.parametrize("route", REPORTS)
async def test_a_spreadsheet_has_the_same_lines(
    door: httpx.AsyncClient, services: Services, alice: Headers, route: str
) -> None:
    owner = await owner_of(services, alice)
    await use(services, owner, model="=HYPERLINK(1)")
    await use(services, owner, model="o3,\n", outcome="error", error="throttled", cost_usd=None)

    answer = await door.get(f"{route}?groupBy=model", headers={**alice, "accept": "text/csv"})
    lines = list(csv.DictReader(StringIO(answer.text, newline="")))

    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="analytics.csv"'
    assert [line["model"] for line in lines] == ["'=HYPERLINK(1)", "o3,\n"]
    assert [line["requests"] for line in lines] == ["1", "1"]


async def test_a_spreadsheet_names_every_column_and_its_next_page(
    door: httpx.AsyncClient, services: Services, alice: Headers
) -> None:
    owner = await owner_of(services, alice)
    await use(services, owner, model="a")
    await use(services, owner, model="b", outcome="error", error="throttled")

    first = await door.get("/api/analytics/performance?groupBy=model&limit=1", headers={**alice, "accept": "text/csv"})
    head = first.text.split("\r\n")[0].split(",")
    after = first.headers["x-realmultillm-next"]
    second = await door.get(
        "/api/analytics/performance",
        params={"groupBy": "model", "after": after},
        headers={**alice, "accept": "text/csv"},
    )

    assert {"outcomes.done", "outcomes.aborted", "errors", "durationMs.p95"} <= set(head)
    assert not [column for column in head if column.startswith("errors.")]
    (line,) = csv.DictReader(StringIO(second.text, newline=""))
    assert (line["outcomes.error"], line["outcomes.done"], line["errors"]) == ("1", "0", "throttled:1")
    nothing = await door.get(
        "/api/analytics/performance?from=2020-01-01&to=2020-01-02", headers={**alice, "accept": "text/csv"}
    )
    assert nothing.text.split("\r\n")[0].split(",") == head
    assert second.text.split("\r\n")[0].split(",") == head
    assert "x-realmultillm-next" not in second.headers


@pytest.mark.parametrize("route", REPORTS)
async def test_nobody_is_told_of_anothers_use(
    door: httpx.AsyncClient, services: Services, alice: Headers, bob: Headers, route: str
) -> None:
    """Threat I3: not by naming another's token, nor a place of another's page; an admin neither."""
    token_id, _ = await token_of(services, await owner_of(services, bob))
    await use(services, await owner_of(services, bob), token_id=token_id)

    for query in ({}, {"token": token_id}, {"groupBy": "token", "after": "///0"}):
        told = (await door.get(route, params=query, headers=alice)).json()
        assert (told["rows"], told["total"]["requests"]) == ([], 0)
    assert (await door.get(route, headers=bob)).json()["total"]["requests"] == 1


@pytest.mark.parametrize("route", REPORTS)
async def test_an_access_token_is_told_of_its_own_use_alone(
    door: httpx.AsyncClient, services: Services, alice: Headers, route: str
) -> None:
    """Threat I4: a program sees no more of its owner than it did itself."""
    owner = await owner_of(services, alice)
    token_id, program = await token_of(services, owner)
    await use(services, owner)
    await use(services, owner, token_id="another")
    await use(services, owner, token_id=token_id)

    told = (await door.get(f"{route}?groupBy=token", headers=program)).json()
    other = (await door.get(f"{route}?token=another", headers=program)).json()

    assert [(row["token"], row["requests"]) for row in told["rows"]] == [(token_id, 1)]
    assert other["total"]["requests"] == 0


async def keep(services: Services, owner: str, request_id: str, **more: Any) -> None:
    """A row of the ledger, whose id begins so."""
    usual: dict[str, Any] = {"token_id": None, "outcome": "done", "provider": "openai", "model": "gpt-4o"}
    row = LedgerRow(request_id=request_id.ljust(26, "Z"), owner=owner, started_at=services.now(), **{**usual, **more})
    assert await add_row(services.table, row)


async def all_requests(door: httpx.AsyncClient, who: Headers, limit: int, **wanted: str) -> list[str]:
    """Page by page, each but the last one full."""
    found: list[str] = []
    query: dict[str, str] = {"limit": str(limit), **wanted}
    while True:
        page = (await door.get("/api/analytics/requests", params=query, headers=who)).json()
        found += [request["id"].rstrip("Z") for request in page["requests"]]
        if page["next"] is None:
            assert len(page["requests"]) <= limit
            return found
        assert len(page["requests"]) == limit
        query["after"] = page["next"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_each_request_is_listed_once_the_newest_first(
    door: httpx.AsyncClient, services: Services, alice: Headers, bob: Headers, limit: int
) -> None:
    """Threats I3 and I4: an access token sees its own among them, and nobody another's."""
    owner = await owner_of(services, alice)
    token_id, program = await token_of(services, owner)
    for number in range(7):
        await keep(services, owner, f"01{number}", token_id=token_id if number % 3 == 0 else None)
    await keep(services, await owner_of(services, bob), "019")

    assert await all_requests(door, alice, limit) == [f"01{number}" for number in range(6, -1, -1)]
    assert await all_requests(door, program, limit) == ["016", "013", "010"]
    assert await all_requests(door, alice, limit, token=token_id) == ["016", "013", "010"]


async def test_requests_are_chosen_before_they_are_paged(
    door: httpx.AsyncClient, services: Services, alice: Headers
) -> None:
    owner = await owner_of(services, alice)
    for number in range(9):
        outcome = "error" if number % 4 == 0 else "done"
        provider = "anthropic" if number % 2 else "openai"
        await keep(services, owner, f"01{number}", outcome=outcome, provider=provider, model=f"m{number}")

    assert await all_requests(door, alice, 2, outcome="error") == ["018", "014", "010"]
    assert await all_requests(door, alice, 3, provider="claude") == ["017", "015", "013", "011"]
    assert await all_requests(door, alice, 1, model="m5", provider="anthropic", outcome="done") == ["015"]
    assert await all_requests(door, alice, 1, token="another") == []


async def test_a_token_is_told_nothing_by_naming_another(
    door: httpx.AsyncClient, services: Services, alice: Headers
) -> None:
    """Threat I4."""
    owner = await owner_of(services, alice)
    _, program = await token_of(services, owner)
    other, _ = await token_of(services, owner)
    await keep(services, owner, "01", token_id=other)

    assert await all_requests(door, program, 5, token=other) == []


async def test_a_request_is_told_with_its_cost_or_why_there_is_none(
    door: httpx.AsyncClient, services: Services, alice: Headers
) -> None:
    """Trap 67."""
    owner = await owner_of(services, alice)
    await keep(
        services, owner, "01", cost_usd=Decimal("0.00125"), cost_source="table", first_token_ms=80, input_tokens=0,
        charged_micros=1250, listed_micros=2000,
    )  # fmt: skip
    await keep(services, owner, "02", cost_reason="nobody knows", outcome="error", error="throttled", charged_micros=7)
    await keep(
        services, owner, "00", cost_usd=Decimal("0.000"), cost_source="unused", outcome="error", error="throttled"
    )

    unknown, known, unused = (await door.get("/api/analytics/requests", headers=alice)).json()["requests"]
    sheet = await door.get("/api/analytics/requests", headers={**alice, "accept": "text/csv"})

    assert (known["costUsd"], known["costSource"], known["timeToFirstTokenMs"]) == ("0.00125", "table", 80)
    assert (known["inputTokens"], known["outputTokens"]) == (0, None)
    assert (known["chargedUsd"], known["chargedListedUsd"], known["costReason"]) == ("0.00125", "0.002", None)
    assert (unknown["costUsd"], unknown["costSource"], unknown["costReason"]) == (None, None, "nobody knows")
    assert (unknown["error"], unknown["chargedUsd"], unknown["chargedListedUsd"]) == (
        "throttled",
        "0.000007",
        "0.000007",
    )
    assert (unused["costUsd"], unused["costSource"], unused["chargedUsd"]) == ("0", "unused", "0")
    lines = list(csv.DictReader(StringIO(sheet.text, newline="")))
    assert [(line["id"][:2], line["costUsd"]) for line in lines] == [("02", ""), ("01", "0.00125"), ("00", "0")]


async def test_prometheus_is_told_of_everybody_by_an_admins_session_or_token(
    door: httpx.AsyncClient, services: Services, admin: Headers, bob: Headers
) -> None:
    owner, user = await owner_of(services, admin), await owner_of(services, bob)
    _, scraper = await token_of(services, owner)
    narrow_id, narrow = await token_of(services, owner, providers=("openai",))
    _, routed = await token_of(services, owner, routes=("fast",))
    users_id, users = await token_of(services, user)
    await use(services, owner)
    await use(services, user)
    await use(services, user, token_id=users_id)
    await use(services, owner, token_id=narrow_id, ago=1)

    seen = {
        name: counted((await door.get("/api/metrics", headers=who)).text)
        for name, who in (
            ("admin", admin),
            ("scraper", scraper),
            ("narrow", narrow),
            ("routed", routed),
            ("user", bob),
            ("users", users),
        )
    }

    assert seen == {"admin": 3, "scraper": 3, "narrow": 0, "routed": 0, "user": 2, "users": 1}


async def test_a_crown_that_was_taken_away_scrapes_no_more(
    door: httpx.AsyncClient, services: Services, admin: Headers, bob: Headers
) -> None:
    """Threat I9: the role is asked for at each scrape, not when the token was made."""
    owner = await owner_of(services, admin)
    _, scraper = await token_of(services, owner)
    await use(services, await owner_of(services, bob))
    before = counted((await door.get("/api/metrics", headers=scraper)).text)
    account = await find_account(services.table, owner)
    assert account is not None
    await change_account(services.table, account, role="user")

    assert (before, counted((await door.get("/api/metrics", headers=scraper)).text)) == (1, 0)


async def test_the_page_for_prometheus_is_todays(door: httpx.AsyncClient, services: Services, alice: Headers) -> None:
    owner = await owner_of(services, alice)
    await use(services, owner)
    await use(services, owner, ago=1)
    page = await door.get("/api/metrics", headers=alice)

    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert counted(page.text) == 1
