"""The catalogue door, from outside."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from functions.catalog.app import create_app
from shared.identity.opaque import digest_of
from shared.identity.tokens import mint_token
from shared.providers.rows import PROVIDERS
from shared.records.token import AccessToken
from shared.services import Services
from shared.storage.tokens import add_token

type Headers = dict[str, str]
ROUTES = ["/api/providers", "/api/providers/metadata", "/api/providers/openai", "/api/models"]


@pytest.fixture
async def door(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        yield http


async def owner_of(services: Services, who: Headers) -> str:
    return (await services.accounts.verify(who["authorization"].removeprefix("Bearer "))).owner


@pytest.mark.parametrize("route", ROUTES)
async def test_every_route_needs_a_credential(door: httpx.AsyncClient, route: str) -> None:
    assert (await door.get(route)).status_code == 401
    assert (await door.post("/api/models/compare", json={"models": ["openai/gpt-4o"]})).status_code == 401


async def test_all_providers_come_with_what_a_page_needs(door: httpx.AsyncClient, alice: Headers) -> None:
    providers = (await door.get("/api/providers", headers=alice)).json()["providers"]

    assert [each["id"] for each in providers] == [row.id for row in PROVIDERS]
    openai = providers[0]
    assert (openai["name"], openai["requiresApiKey"], openai["defaultModel"]) == ("OpenAI", True, "gpt-4o-mini")
    assert "gpt-4o" in openai["models"]


async def test_metadata_is_the_same_by_id(door: httpx.AsyncClient, alice: Headers) -> None:
    metadata = (await door.get("/api/providers/metadata", headers=alice)).json()["providers"]
    listed = (await door.get("/api/providers", headers=alice)).json()["providers"]

    assert metadata == {each["id"]: each for each in listed}


async def test_one_provider_by_its_alias(door: httpx.AsyncClient, alice: Headers) -> None:
    answer = await door.get("/api/providers/claude", headers=alice)

    assert (answer.json()["id"], answer.json()["dialect"]) == ("anthropic", "anthropic")


async def test_one_provider_tells_of_each_of_its_models(door: httpx.AsyncClient, alice: Headers) -> None:
    answer = (await door.get("/api/providers/openai", headers=alice)).json()
    details = {model["id"]: model for model in answer["modelDetails"]}

    assert list(details) == answer["models"]
    assert details["gpt-4o"]["modalities"] == {"input": ["text", "image"], "output": ["text"]}
    assert details["gpt-4o"]["abilities"] == ["chat", "json", "schema", "tools", "vision"]
    assert (details["gpt-4o"]["contextWindow"], details["gpt-4o"]["largestOutput"]) == (128_000, 16_384)
    assert details["gpt-4o"]["prices"]["input"] == "2.50"


async def test_models_that_do_not_chat_are_no_models_of_a_provider(door: httpx.AsyncClient, alice: Headers) -> None:
    listed = (await door.get("/api/providers/openai", headers=alice)).json()["models"]
    all_of_them = (await door.get("/api/models?provider=openai", headers=alice)).json()["models"]

    without = {model["id"]: model["abilities"] for model in all_of_them if model["id"] not in listed}
    assert without["gpt-4o-mini-tts"] == []
    assert "gpt-image-1" in without


async def test_an_unknown_provider_is_404_and_not_repeated(door: httpx.AsyncClient, alice: Headers) -> None:
    for route in ("/api/providers/sk-oops", "/api/models?provider=no-such"):
        answer = await door.get(route, headers=alice)

        assert answer.status_code == 404
        assert route.rpartition("/")[2].rpartition("=")[2] not in answer.text


async def test_models_come_page_by_page_and_each_once(door: httpx.AsyncClient, alice: Headers) -> None:
    found, page = list[str](), dict[str, Any](next="")
    while (after := page["next"]) is not None:
        page = (await door.get("/api/models", params={"after": after, "limit": 700}, headers=alice)).json()
        found += [f"{model['provider']}/{model['id']}" for model in page["models"]]

    assert len(found) > 1000
    assert found == sorted(set(found))


async def test_money_is_a_decimal_string_and_the_unknown_is_null(door: httpx.AsyncClient, alice: Headers) -> None:
    models = (await door.get("/api/models", params={"provider": "anthropic"}, headers=alice)).json()["models"]

    haiku = next(model for model in models if model["id"] == "claude-haiku-4-5")
    assert haiku["prices"]["input"] == "1.00"
    assert haiku["prices"]["cachedInput"] == "0.10"
    assert next(model for model in models if model["id"] == "claude-v1")["largestOutput"] is None
    assert (haiku["contextWindow"], haiku["largestOutput"], haiku["available"]) == (200_000, 64_000, None)


async def test_a_narrowed_token_sees_its_providers_and_models_alone(
    door: httpx.AsyncClient, services: Services, alice: Headers
) -> None:
    """Threat A3."""
    token_id, text = mint_token()
    token = AccessToken(
        id=token_id,
        owner=await owner_of(services, alice),
        name="narrow",
        digest=digest_of(text),
        created_at=0,
        updated_at=0,
        providers=("openai",),
        models=("openai/gpt-4o",),
    )
    await add_token(services.table, token)
    program = {"authorization": f"Bearer {text}"}

    seen = (await door.get("/api/providers", headers=program)).json()["providers"]
    one = (await door.get("/api/providers/openai", headers=program)).json()
    models = (await door.get("/api/models", headers=program)).json()["models"]

    assert [(each["id"], each["models"]) for each in seen] == [("openai", ["gpt-4o"])]
    assert [model["id"] for model in one["modelDetails"]] == ["gpt-4o"]
    assert [model["id"] for model in models] == ["gpt-4o"]
    for route in ("/api/providers/groq", "/api/models?provider=groq"):
        assert (await door.get(route, headers=program)).status_code == 403


async def test_models_side_by_side(door: httpx.AsyncClient, alice: Headers) -> None:
    body = {"models": ["openai/gpt-4o", "claude/claude-haiku-4-5"], "inputTokens": 1_000_000, "outputTokens": 0}

    answer = (await door.post("/api/models/compare", json=body, headers=alice)).json()

    assert [model["provider"] for model in answer["models"]] == ["openai", "anthropic"]
    assert [Decimal(model["cost"]["usd"]) for model in answer["models"]] == [Decimal("2.5"), Decimal(1)]
    assert (answer["cheapest"], answer["longestContext"]) == (
        "anthropic/claude-haiku-4-5",
        "anthropic/claude-haiku-4-5",
    )


async def test_with_an_unknown_model_among_them_nobody_is_cheapest(door: httpx.AsyncClient, alice: Headers) -> None:
    """Trap 67."""
    body = {"models": ["openai/gpt-4o", "openai/mystery"], "inputTokens": 10}

    answer = (await door.post("/api/models/compare", json=body, headers=alice)).json()

    assert (answer["models"][1]["modalities"], answer["models"][1]["abilities"]) == (None, None)
    assert answer["models"][1]["cost"] == {"usd": None, "reason": "the price table does not know this model"}
    assert (answer["cheapest"], answer["longestContext"]) == (None, None)


@pytest.mark.parametrize("names", [["gpt-4o"], ["openai/"], [], ["x/y"] * 51])
async def test_a_comparison_needs_names_of_models(door: httpx.AsyncClient, alice: Headers, names: list[str]) -> None:
    answer = await door.post("/api/models/compare", json={"models": names}, headers=alice)

    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"].startswith("models")
