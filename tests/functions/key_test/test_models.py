"""Which models a key may use, from outside."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from functions.key_test.app import create_app
from shared.egress.exchange import Outbound
from shared.errors import Unreachable
from shared.identity.opaque import digest_of
from shared.identity.tokens import mint_token
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


async def test_the_route_needs_a_credential(door: httpx.AsyncClient) -> None:
    assert (await door.get("/api/models/openai")).status_code == 401


async def test_an_unknown_provider_is_404_and_not_repeated(door: httpx.AsyncClient, alice: Headers) -> None:
    answer = await door.get("/api/models/sk-oops", headers=alice)

    assert answer.status_code == 404
    assert "sk-oops" not in answer.text


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
    door: httpx.AsyncClient, client: FakeClient, services: Services, alice: Headers
) -> None:
    """Threat A3."""
    await keep_key(services, alice)
    client.answer = lists("gpt-4o", "ft:mine")
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

    models = (await door.get("/api/models/openai", headers=program)).json()["models"]

    assert [model["id"] for model in models] == ["gpt-4o"]
    assert (await door.get("/api/models/groq", headers=program)).status_code == 403
