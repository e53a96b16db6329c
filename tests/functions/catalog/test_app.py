"""The catalogue door, from outside."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from functions.catalog.app import create_app
from shared.egress.exchange import Outbound
from shared.errors import Unreachable
from shared.identity.opaque import digest_of
from shared.identity.tokens import mint_token
from shared.providers.rows import PROVIDERS
from shared.records.config import ProviderConfig
from shared.records.token import AccessToken
from shared.secrets import ApiKey
from shared.services import Services
from shared.storage.configs import find_config, save_config
from shared.storage.tokens import add_token
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.services import FixedClock
from tests.functions.conftest import GOOD

type Headers = dict[str, str]
ROUTES = ["/api/providers", "/api/providers/metadata", "/api/providers/openai", "/api/models", "/api/models/openai"]


@pytest.fixture
async def door(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        yield http


async def owner_of(services: Services, who: Headers) -> str:
    return (await services.accounts.verify(who["authorization"].removeprefix("Bearer "))).owner


async def keep_key(services: Services, who: Headers, provider: str = "openai", **fields: Any) -> ProviderConfig:
    """As the configs door does."""
    owner, now = await owner_of(services, who), int(services.now())
    config = ProviderConfig(
        owner=owner, id="c1", provider=provider, created_at=now, updated_at=now, key_version=1, **fields
    )
    origins = {"openai": "https://api.openai.com:443", "anthropic": "https://api.anthropic.com:443"}
    sealed = await services.vault.seal(
        ApiKey(GOOD), config.binding(origins.get(provider, "https://api.perplexity.ai:443"))
    )
    return await save_config(services.table, replace(config, sealed=sealed))


def lists(*names: str) -> Callable[[Outbound], Answer]:
    return lambda _: FakeAnswer(200, {"data": [{"id": name} for name in names]})


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
    for route in ("/api/providers/sk-oops", "/api/models/sk-oops", "/api/models?provider=no-such"):
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


async def test_without_a_key_models_are_those_of_the_table(
    door: httpx.AsyncClient, client: FakeClient, alice: Headers
) -> None:
    answer = (await door.get("/api/models/openai", headers=alice)).json()

    assert (answer["source"], answer["reason"]) == ("catalogue", "no_key")
    assert "gpt-4o" in [model["id"] for model in answer["models"]]
    assert client.asked == []


async def test_with_a_key_the_provider_is_asked_what_it_may_use_once_an_hour(
    door: httpx.AsyncClient, client: FakeClient, clock: FixedClock, services: Services, alice: Headers
) -> None:
    await keep_key(services, alice)
    client.answer = lists("gpt-4o", "ft:mine")

    answers = [(await door.get("/api/models/openai", headers=alice)).json() for _ in range(2)]
    clock.pass_by(3601)
    later = (await services.accounts.sign_in("alice@example.com", "correct horse")).token
    await door.get("/api/models/openai", headers={"authorization": f"Bearer {later}"})

    assert answers[0] == answers[1]
    assert answers[0]["source"] == "provider"
    models = {model["id"]: model for model in answers[0]["models"]}
    assert set(models) == {"gpt-4o", "ft:mine"}
    assert (models["gpt-4o"]["available"], models["gpt-4o"]["contextWindow"]) == (True, 128_000)
    assert [asked.url for asked in client.asked] == ["https://api.openai.com/v1/models"] * 2
    assert client.asked[0].headers["authorization"] == f"Bearer {GOOD}"


async def test_anthropic_is_asked_with_its_version_and_for_all_at_once(
    door: httpx.AsyncClient, client: FakeClient, services: Services, alice: Headers
) -> None:
    await keep_key(services, alice, "anthropic")
    client.answer = lists("claude-haiku-4-5-20251001")

    answer = (await door.get("/api/models/claude", headers=alice)).json()

    assert client.asked[0].url == "https://api.anthropic.com/v1/models?limit=1000"
    assert client.asked[0].headers["anthropic-version"] == "2023-06-01"
    assert answer["models"][0]["largestOutput"] == 64_000


async def test_what_the_provider_tells_is_right_and_its_pages_fill_the_gaps(
    door: httpx.AsyncClient, client: FakeClient, services: Services, alice: Headers
) -> None:
    await keep_key(services, alice, "anthropic")
    told = {name: {"supported": name != "pdf_input"} for name in ("image_input", "pdf_input", "thinking")}
    entry = {"id": "claude-haiku-4-5", "max_input_tokens": 123, "capabilities": told}
    client.answer = lambda _: FakeAnswer(200, {"data": [entry, {"id": "claude-haiku-4-5"}]})

    (model,) = (await door.get("/api/models/anthropic", headers=alice)).json()["models"]

    assert (model["contextWindow"], model["largestOutput"]) == (123, 64_000)
    assert model["modalities"] == {"input": ["text", "image"], "output": ["text"]}
    assert model["abilities"] == ["chat", "reasoning", "schema", "tools", "vision"]


async def test_owners_do_not_see_each_others_lists(
    door: httpx.AsyncClient, client: FakeClient, services: Services, alice: Headers, bob: Headers
) -> None:
    await keep_key(services, alice)
    client.answer = lists("ft:alices")
    await door.get("/api/models/openai", headers=alice)

    answer = await door.get("/api/models/openai", headers=bob)

    assert answer.json()["reason"] == "no_key"
    assert "ft:alices" not in answer.text


@pytest.mark.parametrize(
    "failing",
    [
        (Unreachable("no route"), "upstream_unreachable"),
        (FakeAnswer(401, {"error": {"message": f"wrong key {GOOD}"}}), "provider_credential_rejected"),
        (FakeAnswer(200, b"<html>"), "bad_upstream_response"),
    ],
)
async def test_a_provider_that_fails_leaves_the_table_and_the_reason(
    door: httpx.AsyncClient, client: FakeClient, services: Services, alice: Headers, failing: tuple[Answer, str]
) -> None:
    """Trap 77: what the provider repeats of the key is not passed on."""
    failure, reason = failing
    await keep_key(services, alice)
    client.answer = lambda _: failure

    answer = await door.get("/api/models/openai", headers=alice)

    assert (answer.status_code, answer.json()["source"], answer.json()["reason"]) == (200, "catalogue", reason)
    assert GOOD not in answer.text


async def test_a_key_that_does_not_open_is_marked_so(
    door: httpx.AsyncClient, services: Services, alice: Headers
) -> None:
    """Trap 76."""
    config = await keep_key(services, alice)
    await save_config(services.table, replace(config, key_version=7))

    answer = await door.get("/api/models/openai", headers=alice)

    kept = await find_config(services.table, config.owner, "openai")
    assert answer.json()["reason"] == "credential_corrupt"
    assert kept is not None
    assert kept.key_status == "needs_reentry"


async def test_a_provider_without_a_list_and_a_config_at_rest_are_not_asked(
    door: httpx.AsyncClient, client: FakeClient, services: Services, alice: Headers
) -> None:
    await keep_key(services, alice, "perplexity")
    await keep_key(services, alice, is_active=False)

    assert (await door.get("/api/models/perplexity", headers=alice)).json()["reason"] == "no_list"
    assert (await door.get("/api/models/openai", headers=alice)).json()["reason"] == "no_key"
    assert client.asked == []


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
    for route in ("/api/providers/groq", "/api/models/groq", "/api/models?provider=groq"):
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
