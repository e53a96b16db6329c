"""Which models fit a need, from outside."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from functions.catalog.app import create_app
from functions.configs.app import create_app as create_configs
from shared.services import Services
from tests.fakes.client import FakeClient
from tests.functions.conftest import GOOD

type Headers = dict[str, str]


@pytest.fixture
async def door(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        yield http


@pytest.fixture
async def keys(services: Services, alice: Headers) -> None:
    """Alice has keys of three providers; one is put aside."""
    transport = httpx.ASGITransport(create_configs(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=alice) as http:
        for provider, more in (("openai", {}), ("anthropic", {}), ("google", {"isActive": False})):
            body = {"provider": provider, "apiKey": GOOD, "test": False, **more}
            assert (await http.post("/api/provider-configs", json=body)).status_code == 201


async def recommended(door: httpx.AsyncClient, who: Headers, **body: Any) -> dict[str, Any]:
    answer = await door.post("/api/models/recommend", json={"limit": 50, **body}, headers=who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("keys")
async def test_only_models_of_the_callers_active_providers_are_there(
    door: httpx.AsyncClient, alice: Headers, bob: Headers
) -> None:
    """Threat I3."""
    alices, bobs = await recommended(door, alice), await recommended(door, bob)

    assert {model["provider"] for model in alices["models"]} == {"openai", "anthropic"}
    assert bobs == {"models": [], "considered": 0, "excluded": []}


@pytest.mark.usefixtures("keys")
async def test_the_cheapest_comes_first_with_its_reasons_and_the_same_question_has_the_same_answer(
    door: httpx.AsyncClient, alice: Headers
) -> None:
    first, again = [await recommended(door, alice, inputTokens=10_000, outputTokens=100) for _ in range(2)]
    costs = [Decimal(model["cost"]["usd"]) for model in first["models"] if model["cost"]["usd"] is not None]

    assert first == again
    assert costs == sorted(costs)
    assert [model["rank"] for model in first["models"]] == list(range(1, len(first["models"]) + 1))
    assert "a request of 10000 tokens in and 100 out costs" in first["models"][0]["reasons"][-1]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("task", ["chat", "coding", "agents", "extraction", "reasoning", "vision"])
async def test_a_task_stands_for_abilities(door: httpx.AsyncClient, alice: Headers, task: str) -> None:
    needed = {"coding": "tools", "agents": "tools", "extraction": "schema", "chat": "chat"}.get(task, task)
    found = await recommended(door, alice, task=task)

    assert found["models"]
    if task != "chat":
        assert all(needed in model["abilities"] for model in found["models"])


@pytest.mark.usefixtures("keys")
async def test_what_does_not_fit_or_is_not_known_to_is_counted_by_reason(
    door: httpx.AsyncClient, alice: Headers
) -> None:
    need = {"abilities": ["vision"], "minContext": 500_000, "maxCostUsd": "0.01"}
    found = await recommended(door, alice, **need)
    reasons = {each["reason"]: each["models"] for each in found["excluded"]}

    assert {"context window too small", "not known to have vision"} <= set(reasons)
    assert all(model["contextWindow"] >= 500_000 for model in found["models"])
    assert all(Decimal(model["cost"]["usd"]) <= Decimal("0.01") for model in found["models"])
    assert (
        len(found["models"]) + max(reasons.values())
        <= found["considered"]
        <= len(found["models"]) + sum(reasons.values())
    )


@pytest.mark.usefixtures("keys")
async def test_who_prefers_context_gets_the_longest_first(door: httpx.AsyncClient, alice: Headers) -> None:
    found = (await recommended(door, alice, prefer="context"))["models"]
    windows = [model["contextWindow"] or 0 for model in found if model["cost"]["usd"] is not None]

    assert windows == sorted(windows, reverse=True)


@pytest.mark.usefixtures("keys")
async def test_nobody_is_asked_and_no_key_is_opened(
    door: httpx.AsyncClient, client: FakeClient, services: Services, alice: Headers
) -> None:
    await recommended(door, alice)

    assert client.asked == []
    assert services.vault._opened == {}


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"task": "poetry"}, "task"),
        ({"abilities": ["telepathy"]}, "abilities[0]"),
        ({"maxCostUsd": "-1"}, "maxCostUsd"),
        ({"limit": 0}, "limit"),
        ({"cheapest": True}, "cheapest"),
    ],
)
async def test_a_wrong_field_is_named(
    door: httpx.AsyncClient, alice: Headers, body: dict[str, Any], parameter: str
) -> None:
    answer = await door.post("/api/models/recommend", json=body, headers=alice)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, parameter)
