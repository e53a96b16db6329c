"""The key test door, from outside."""

from typing import Any

import httpx
import pytest

from functions.key_test.app import create_app
from shared.errors import ProviderTimeout
from shared.gateway.asking.trials import MOST
from shared.services import Services
from tests.fakes.client import FakeClient
from tests.functions.conftest import BAD, GOOD, NEWER

type Headers = dict[str, str]
PATHS = ["/api/providers/openai/test", "/api/test-api-key", "/api/provider-config/test"]


async def store(house: httpx.AsyncClient, who: Headers, **body: Any) -> None:
    whole = {"provider": "openai", "apiKey": GOOD, "test": False, **body}
    assert (await house.post("/api/provider-configs", json=whole, headers=who)).status_code == 201


async def status_of(house: httpx.AsyncClient, who: Headers) -> str:
    config = (await house.get("/api/provider-configs/openai", headers=who)).json()
    return str(config["keyStatus"])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", [GOOD, BAD])
async def test_a_given_key_is_tried_and_not_kept(house: httpx.AsyncClient, alice: Headers, path: str, key: str) -> None:
    answer = await house.post(path, json={"provider": "openai", "apiKey": key}, headers=alice)

    assert answer.status_code == 200
    assert set(answer.json()) == {"valid", "success", "message", "latencyMs", "error"}
    assert answer.json()["valid"] is answer.json()["success"] is (key == GOOD)
    assert answer.json()["error"] == (None if key == GOOD else "provider_credential_rejected")
    assert isinstance(answer.json()["latencyMs"], int)
    assert (await house.get("/api/provider-configs", headers=alice)).json() == {"configs": []}


@pytest.mark.parametrize("path", PATHS)
async def test_without_one_the_stored_key_is_tried_and_what_was_learnt_is_noted(
    house: httpx.AsyncClient, alice: Headers, path: str
) -> None:
    await store(house, alice)
    assert await status_of(house, alice) == "untested"
    answer = await house.post(path, json={"provider": "openai"}, headers=alice)

    assert answer.json()["valid"] is True
    assert await status_of(house, alice) == "valid"


async def test_a_stored_key_that_is_refused_is_marked(
    house: httpx.AsyncClient, alice: Headers, client: FakeClient
) -> None:
    await store(house, alice, apiKey=BAD)
    await house.post("/api/providers/openai/test", headers=alice)
    assert await status_of(house, alice) == "rejected"

    client.answer = lambda _: ProviderTimeout("silence")
    answer = await house.post("/api/providers/openai/test", headers=alice)
    assert answer.json()["error"] == "upstream_unreachable"
    assert await status_of(house, alice) == "rejected"


async def test_a_stored_key_goes_to_its_stored_place_alone(
    house: httpx.AsyncClient, alice: Headers, client: FakeClient
) -> None:
    """Threat K1: no request names another place for it."""
    await store(house, alice, provider="custom", baseUrl="https://llm.example.com/v1")
    body = {"baseUrl": "https://evil.example.com/v1"}
    answer = await house.post("/api/providers/custom/test", json=body, headers=alice)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, "apiKey")
    assert client.asked == []
    await house.post("/api/providers/custom/test", headers=alice)
    assert [asked.url for asked in client.asked] == ["https://llm.example.com/v1/models"]


async def test_a_given_key_goes_where_it_says_and_the_stored_one_stays_home(
    house: httpx.AsyncClient, alice: Headers, client: FakeClient
) -> None:
    """Threat K1."""
    await store(house, alice, provider="custom", baseUrl="https://llm.example.com/v1")
    body = {"provider": "custom", "apiKey": NEWER, "baseUrl": "https://new.example.com/v1"}
    await house.post("/api/test-api-key", json=body, headers=alice)
    (asked,) = client.asked

    assert asked.url == "https://new.example.com/v1/models"
    assert GOOD not in str(dict(asked.headers))


async def test_a_server_that_needs_no_key_is_tried_without_one(
    house: httpx.AsyncClient, alice: Headers, client: FakeClient
) -> None:
    body = {"provider": "custom", "baseUrl": "https://llm.example.com/v1"}
    await house.post("/api/test-api-key", json=body, headers=alice)

    assert "authorization" not in client.asked[0].headers


@pytest.mark.parametrize(
    "wrong",
    [
        ("/api/test-api-key", {}, 400),
        ("/api/test-api-key", {"provider": "nobody"}, 404),
        ("/api/test-api-key", {"provider": "openai"}, 404),
        ("/api/providers/nobody/test", {"apiKey": GOOD}, 404),
        ("/api/providers/openai/test", {"provider": "anthropic", "apiKey": GOOD}, 400),
        ("/api/providers/openai/test", {"apiKey": GOOD, "baseUrl": "https://evil.example.com"}, 400),
        ("/api/providers/custom/test", {"apiKey": GOOD, "baseUrl": "https://169.254.169.254/"}, 400),
        ("/api/providers/openai/test", {"apiKey": GOOD, "headers": {}}, 400),
    ],
)
async def test_what_cannot_be_tried_asks_nobody(
    house: httpx.AsyncClient, alice: Headers, client: FakeClient, wrong: tuple[str, dict[str, Any], int]
) -> None:
    path, body, status = wrong
    answer = await house.post(path, json=body, headers=alice)

    assert answer.status_code == status
    assert client.asked == []


async def test_trials_are_counted(house: httpx.AsyncClient, alice: Headers, bob: Headers) -> None:
    """Threat E8."""
    body = {"provider": "openai", "apiKey": GOOD}
    for _ in range(MOST):
        await house.post("/api/test-api-key", json=body, headers=alice)
    answer = await house.post("/api/test-api-key", json=body, headers=alice)
    stored = await house.post("/api/provider-configs", json=body, headers=alice)

    assert answer.status_code == stored.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert set(answer.json()["error"]["details"]) == {"limit", "remaining", "resetTime", "policy", "scope"}
    assert (await house.post("/api/test-api-key", json=body, headers=bob)).status_code == 200


async def test_no_route_answers_without_a_credential(house: httpx.AsyncClient, services: Services) -> None:
    tries = [path for path, methods in create_app(services).openapi()["paths"].items() if "post" in methods]
    assert len(tries) == len(PATHS)
    for path in tries:
        answer = await house.post(path.replace("{provider}", "openai"), json={"provider": "openai", "apiKey": GOOD})

        assert answer.status_code == 401, path
