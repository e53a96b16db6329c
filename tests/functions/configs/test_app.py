"""The configs door, from outside."""

import base64
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import httpx
import pytest

from functions.configs.app import create_app
from shared.crypto.keyfile import KeyFile
from shared.errors import ProviderFailed, Throttled, Unreachable
from shared.identity.opaque import digest_of
from shared.identity.tokens import mint_token
from shared.records.config import ProviderConfig
from shared.records.token import AccessToken
from shared.secrets import ApiKey
from shared.services import Services
from shared.storage.configs import find_config, save_config
from shared.storage.tokens import add_token
from tests.fakes.client import FakeAnswer, FakeClient, lets_in
from tests.fakes.keys import CountingWrapper
from tests.fakes.services import FixedClock
from tests.functions.conftest import BAD, GOOD, NEWER

type Headers = dict[str, str]
OPENAI = "https://api.openai.com:443"
CUSTOM = {"provider": "custom", "baseUrl": "https://llm.example.com/v1", "apiKey": GOOD}
SHOWN = {
    *("id", "provider", "baseUrl", "models", "settings", "prices", "isActive"),
    *("fingerprint", "keyStatus", "keyVersion", "createdAt", "updatedAt"),
}


async def owner_of(services: Services, who: Headers) -> str:
    return (await services.accounts.verify(who["authorization"].removeprefix("Bearer "))).owner


async def kept(services: Services, who: Headers, provider: str = "openai") -> ProviderConfig:
    config = await find_config(services.table, await owner_of(services, who), provider)
    assert config
    return config


async def opened(services: Services, config: ProviderConfig, origin: str = OPENAI) -> ApiKey:
    assert config.sealed
    return await services.vault.open(config.sealed, config.binding(origin))


async def stored(house: httpx.AsyncClient, who: Headers, **body: Any) -> dict[str, Any]:
    answer = await house.post("/api/provider-configs", json={"provider": "openai", "apiKey": GOOD, **body}, headers=who)
    assert answer.status_code == 201, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


async def test_a_key_is_tried_then_sealed_for_its_place(
    house: httpx.AsyncClient, alice: Headers, services: Services, client: FakeClient
) -> None:
    settings = {"defaultModel": "gpt-5", "temperature": 0.3, "stop": ["END"]}
    answer = await stored(house, alice, settings=settings, models=["gpt-5"])

    assert answer["testResult"] | {"latencyMs": 0} == {
        "valid": True,
        "success": True,
        "message": "OpenAI takes the key.",
        "latencyMs": 0,
        "error": None,
    }
    assert set(answer["config"]) == SHOWN
    assert answer["config"]["keyStatus"] == "valid"
    assert answer["config"]["settings"]["defaultModel"] == "gpt-5"
    assert answer["config"]["settings"]["stop"] == ["END"]
    assert answer["config"]["createdAt"] == "2027-01-15T08:00:00Z"
    (asked,) = client.asked
    assert (asked.method, asked.url) == ("GET", "https://api.openai.com/v1/models")
    assert await opened(services, await kept(services, alice)) == ApiKey(GOOD)


async def test_what_was_stored_reads_back_alone_and_in_the_list(house: httpx.AsyncClient, alice: Headers) -> None:
    config = (await stored(house, alice))["config"]

    assert (await house.get("/api/provider-configs/openai", headers=alice)).json() == config
    assert (await house.get("/api/provider-config/openai", headers=alice)).json() == config
    assert (await house.get("/api/provider-configs", headers=alice)).json() == {"configs": [config]}


async def test_a_key_that_the_provider_refuses_is_not_stored(
    house: httpx.AsyncClient, alice: Headers, services: Services
) -> None:
    answer = await house.post("/api/provider-configs", json={"provider": "openai", "apiKey": BAD}, headers=alice)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["details"] == {"parameter": "apiKey", "error": "provider_credential_rejected"}
    assert "OpenAI refuses this key" in error["message"]
    assert (await house.get("/api/provider-configs/openai", headers=alice)).status_code == 404


async def test_an_untried_key_asks_nobody(house: httpx.AsyncClient, alice: Headers, client: FakeClient) -> None:
    answer = await stored(house, alice, apiKey=BAD, test=False)

    assert answer["testResult"] is None
    assert answer["config"]["keyStatus"] == "untested"
    assert client.asked == []


@pytest.mark.parametrize("fault", [Unreachable("no"), ProviderFailed("down"), Throttled("slow down")])
async def test_a_key_of_which_nobody_speaks_is_stored_as_untested(
    house: httpx.AsyncClient, alice: Headers, client: FakeClient, fault: Exception
) -> None:
    client.answer = lambda _: fault
    answer = await stored(house, alice)

    assert answer["config"]["keyStatus"] == "untested"
    assert answer["testResult"]["success"] is False


async def test_other_names_mean_the_same_provider(house: httpx.AsyncClient, alice: Headers) -> None:
    answer = await house.post("/api/provider-config/claude", json={"apiKey": GOOD}, headers=alice)

    assert answer.status_code == 201
    assert answer.json()["config"]["provider"] == "anthropic"
    assert (await house.get("/api/provider-configs/anthropic", headers=alice)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        ("", {"apiKey": GOOD}, 400, "provider"),
        ("", {"provider": "nobody", "apiKey": GOOD}, 404, "provider"),
        ("/openai", {"provider": "anthropic", "apiKey": GOOD}, 400, "provider"),
        ("/openai", {}, 400, "apiKey"),
        ("/openai", {"apiKey": ""}, 400, "apiKey"),
        ("/openai", {"apiKey": "two words"}, 400, "apiKey"),
        ("/openai", {"apiKey": "line\r\nx-evil: 1"}, 400, "apiKey"),
        ("/openai", {"apiKey": "schlüssel"}, 400, "apiKey"),
        ("/openai", {"apiKey": 7}, 400, "apiKey"),
        ("/openai", {"apiKey": GOOD, "owner": "somebody"}, 400, "owner"),
        ("/openai", {"apiKey": GOOD, "settings": {"temperature": 3}}, 400, "settings.temperature"),
        ("/openai", {"apiKey": GOOD, "baseUrl": "https://proxy.example.com/v1"}, 400, "baseUrl"),
        ("/custom", {"apiKey": GOOD}, 400, "baseUrl"),
        ("/custom", {"apiKey": GOOD, "baseUrl": "http://llm.example.com"}, 400, "baseUrl"),
        ("/custom", {"apiKey": GOOD, "baseUrl": "https://api.openai.com\\@127.0.0.1/"}, 400, "baseUrl"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_asked_or_stored(
    house: httpx.AsyncClient,
    alice: Headers,
    client: FakeClient,
    wrong: tuple[str, dict[str, Any], int, str],
) -> None:
    path, body, status, parameter = wrong
    answer = await house.post(f"/api/provider-configs{path}", json=body, headers=alice)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (status, parameter)
    assert client.asked == []
    assert (await house.get("/api/provider-configs", headers=alice)).json() == {"configs": []}


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.1"])
async def test_a_place_inside_is_refused_and_nothing_is_asked_or_stored(
    house: httpx.AsyncClient, alice: Headers, client: FakeClient, host: str
) -> None:
    """Threat E1."""
    body = {**CUSTOM, "baseUrl": f"https://{host}/v1"}
    answer = await house.post("/api/provider-configs", json=body, headers=alice)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "address_refused")
    assert client.asked == []
    assert (await house.get("/api/provider-configs", headers=alice)).json() == {"configs": []}


async def test_white_space_around_a_pasted_key_is_not_the_key(
    house: httpx.AsyncClient, alice: Headers, services: Services
) -> None:
    await stored(house, alice, apiKey=f" {GOOD}\n")

    assert await opened(services, await kept(services, alice)) == ApiKey(GOOD)


async def test_settings_change_without_the_key(
    house: httpx.AsyncClient, alice: Headers, services: Services, client: FakeClient, clock: FixedClock
) -> None:
    await stored(house, alice, settings={"defaultModel": "gpt-5", "temperature": 0.3, "systemPrompt": "Be kind."})
    clock.pass_by(60)
    change = {"settings": {"temperature": 0.9, "systemPrompt": None}, "isActive": False, "models": ["gpt-5"]}
    answer = await house.put("/api/provider-configs/openai", json=change, headers=alice)

    assert answer.status_code == 200
    assert answer.json()["testResult"] is None
    config = answer.json()["config"]
    settings = {name: value for name, value in config["settings"].items() if value not in (None, [])}
    assert settings == {"defaultModel": "gpt-5", "temperature": 0.9}
    assert (config["isActive"], config["models"], config["keyVersion"]) == (False, ["gpt-5"], 1)
    assert config["updatedAt"] > config["createdAt"]
    assert len(client.asked) == 1
    assert await opened(services, await kept(services, alice)) == ApiKey(GOOD)


async def test_a_change_may_name_its_provider_in_the_body(house: httpx.AsyncClient, alice: Headers) -> None:
    await stored(house, alice)
    change = {"provider": "openai", "isActive": False}

    assert (await house.put("/api/provider-configs", json=change, headers=alice)).json()["config"]["isActive"] is False


async def test_what_is_not_there_is_neither_changed_nor_rotated_nor_forgotten(
    house: httpx.AsyncClient, alice: Headers
) -> None:
    path = "/api/provider-configs/openai"

    assert (await house.put(path, json={"isActive": True}, headers=alice)).status_code == 404
    assert (await house.post(f"{path}/rotate", json={"apiKey": GOOD}, headers=alice)).status_code == 404
    assert (await house.delete(path, headers=alice)).status_code == 404


@pytest.mark.parametrize(
    ("method", "url"),
    [*product(["PUT", "POST"], ["https://evil.example.com/v1", "https://llm.example.com/elsewhere"])],
)
async def test_a_new_base_url_needs_the_key_again(
    house: httpx.AsyncClient, alice: Headers, services: Services, method: str, url: str
) -> None:
    """Threat K1."""
    await stored(house, alice, **CUSTOM)
    services.client = client = FakeClient(lets_in(GOOD))
    answer = await house.request(method, "/api/provider-configs/custom", json={"baseUrl": url}, headers=alice)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (409, "apiKey")
    assert client.asked == []
    assert (await kept(services, alice, "custom")).base_url == CUSTOM["baseUrl"]


async def test_a_new_base_url_with_the_key_seals_it_for_that_place(
    house: httpx.AsyncClient, alice: Headers, services: Services
) -> None:
    """Threat K1."""
    await stored(house, alice, **CUSTOM)
    change = {"baseUrl": "https://new.example.com/v1", "apiKey": GOOD}
    answer = await house.put("/api/provider-configs/custom", json=change, headers=alice)
    config = await kept(services, alice, "custom")

    assert answer.json()["config"]["keyVersion"] == 2
    assert await opened(services, config, "https://new.example.com:443") == ApiKey(GOOD)


async def test_the_same_base_url_written_otherwise_is_no_new_one(house: httpx.AsyncClient, alice: Headers) -> None:
    await stored(house, alice, **CUSTOM)
    change = {"baseUrl": "https://LLM.example.com:443/v1/", "isActive": False}

    assert (await house.put("/api/provider-configs/custom", json=change, headers=alice)).status_code == 200


async def test_a_place_without_a_key_may_be_moved(house: httpx.AsyncClient, alice: Headers) -> None:
    body = {"provider": "custom", "baseUrl": "https://llm.example.com/v1"}
    answer = await house.post("/api/provider-configs", json=body, headers=alice)

    assert answer.json()["config"]["fingerprint"] is None
    change = {"baseUrl": "https://new.example.com/v1"}
    assert (await house.put("/api/provider-configs/custom", json=change, headers=alice)).status_code == 200


async def test_a_row_that_was_edited_in_the_table_sends_its_key_nowhere(
    house: httpx.AsyncClient, alice: Headers, services: Services, client: FakeClient
) -> None:
    """Threat K1, trap 76: an insider writes another base URL into the row."""
    await stored(house, alice, **CUSTOM)
    config = await kept(services, alice, "custom")
    await save_config(services.table, replace(config, base_url="https://evil.example.com/v1"))
    client.asked.clear()
    answer = await house.post("/api/providers/custom/test", headers=alice)

    assert answer.status_code == 200
    assert (answer.json()["valid"], answer.json()["error"]) == (False, "credential_corrupt")
    assert client.asked == []
    assert (await house.get("/api/provider-configs/custom", headers=alice)).json()["keyStatus"] == "needs_reentry"


async def test_a_rotated_key_takes_over_in_one_write(
    house: httpx.AsyncClient, alice: Headers, services: Services
) -> None:
    """Threat K5: the old one is not used again."""
    before = (await stored(house, alice, settings={"defaultModel": "gpt-5"}))["config"]
    assert await opened(services, await kept(services, alice)) == ApiKey(GOOD)
    answer = await house.post("/api/provider-configs/openai/rotate", json={"apiKey": NEWER}, headers=alice)
    after = answer.json()["config"]

    assert answer.status_code == 200
    assert (after["id"], after["keyVersion"], after["settings"]) == (before["id"], 2, before["settings"])
    assert after["fingerprint"] != before["fingerprint"]
    assert await opened(services, await kept(services, alice)) == ApiKey(NEWER)
    assert services.vault._opened.keys() == {name for name in services.vault._opened if name.version == 2}


async def test_a_rotation_that_the_provider_refuses_leaves_the_old_key_in_place(
    house: httpx.AsyncClient, alice: Headers, services: Services
) -> None:
    await stored(house, alice)
    before = await kept(services, alice)
    answer = await house.post("/api/provider-config/openai/rotate", json={"apiKey": BAD}, headers=alice)

    assert answer.status_code == 400
    assert await kept(services, alice) == before


async def test_of_two_changes_at_once_one_is_told(
    house: httpx.AsyncClient, alice: Headers, services: Services, client: FakeClient
) -> None:
    """While the key is being tried, somebody else is quicker."""
    await stored(house, alice)
    before = await kept(services, alice)

    async def meanwhile() -> None:
        await save_config(services.table, replace(before, is_active=False))

    services.table = _Racing(services.table, meanwhile)
    answer = await house.post("/api/provider-configs/openai/rotate", json={"apiKey": NEWER}, headers=alice)

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    assert (await kept(services, alice)).sealed == before.sealed


class _Racing:
    """A table in which something else happens just before the first put of a config."""

    def __init__(self, table: Any, meanwhile: Callable[[], Any]) -> None:
        self._table = table
        self._meanwhile: Callable[[], Any] | None = meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    async def put(self, item: Any, *, when: Any = None) -> None:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile:
            await meanwhile()
        await self._table.put(item, when=when)


async def test_a_forgotten_config_is_gone(house: httpx.AsyncClient, alice: Headers, services: Services) -> None:
    """Threat K10."""
    await stored(house, alice)
    await opened(services, await kept(services, alice))

    assert (await house.delete("/api/provider-configs/openai", headers=alice)).status_code == 204
    assert (await house.get("/api/provider-configs/openai", headers=alice)).status_code == 404
    assert services.vault._opened == {}
    assert not [key for key in _items(services) if "CONFIG" in "".join(key)]


def _items(services: Services) -> dict[tuple[str, str], Any]:
    items: dict[tuple[str, str], Any] = services.table.items  # type: ignore[attr-defined]  # the fake shows them
    return items


async def test_what_another_has_looks_as_if_it_were_not_there(
    house: httpx.AsyncClient, alice: Headers, bob: Headers
) -> None:
    """Threat I3."""
    await stored(house, alice)
    path = "/api/provider-configs/openai"
    answers = [
        await house.get(path, headers=bob),
        await house.put(path, json={"isActive": False}, headers=bob),
        await house.post(f"{path}/rotate", json={"apiKey": NEWER}, headers=bob),
        await house.delete(path, headers=bob),
        await house.post("/api/providers/openai/test", headers=bob),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert (await house.get("/api/provider-configs", headers=bob)).json() == {"configs": []}


async def test_what_reads_back_cannot_be_written(house: httpx.AsyncClient, alice: Headers) -> None:
    """Threat I4."""
    config = (await stored(house, alice))["config"]
    for name in SHOWN - {"provider", "baseUrl", "models", "settings", "prices", "isActive"}:
        answer = await house.put("/api/provider-configs/openai", json={name: config[name]}, headers=alice)

        assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, name)


async def token_of(services: Services, who: Headers, **limits: Any) -> Headers:
    token_id, whole = mint_token()
    now = int(services.now())
    owner = await owner_of(services, who)
    record = AccessToken(token_id, owner, "t", digest_of(whole), now, now, **limits)
    await add_token(services.table, record)
    return {"authorization": f"Bearer {whole}"}


async def test_a_token_for_one_provider_sees_that_one_and_changes_nothing(
    house: httpx.AsyncClient, alice: Headers, services: Services
) -> None:
    """Threats A3 and I4."""
    await stored(house, alice)
    await stored(house, alice, provider="groq")
    token = await token_of(services, alice, providers=("groq",))
    path = "/api/provider-configs"

    listed = (await house.get(path, headers=token)).json()["configs"]
    assert [config["provider"] for config in listed] == ["groq"]
    assert (await house.get(f"{path}/openai", headers=token)).status_code == 403
    assert (await house.post("/api/providers/openai/test", headers=token)).status_code == 403
    assert (await house.post("/api/providers/groq/test", headers=token)).status_code == 200
    for narrowed in (token, await token_of(services, alice, models=())):
        answers = [
            await house.post(f"{path}/groq", json={"apiKey": NEWER}, headers=narrowed),
            await house.put(f"{path}/groq", json={"isActive": False}, headers=narrowed),
            await house.post(f"{path}/groq/rotate", json={"apiKey": NEWER}, headers=narrowed),
            await house.delete(f"{path}/groq", headers=narrowed),
        ]
        assert [answer.status_code for answer in answers] == [403] * 4


async def test_a_token_for_everything_stores_keys(house: httpx.AsyncClient, alice: Headers, services: Services) -> None:
    await stored(house, await token_of(services, alice))

    assert (await house.get("/api/provider-configs/openai", headers=alice)).status_code == 200


@pytest.mark.parametrize(
    "restriction",
    [{"budget_usd": Decimal("0.0001"), "budget_period": "total"}, {"requests_per_minute": 5}, {"expires_at": 2**32}],
)
async def test_a_token_does_not_lift_its_own_budget(
    house: httpx.AsyncClient, alice: Headers, services: Services, restriction: dict[str, Any]
) -> None:
    """Threats I4 and I9: neither by prices of nothing, nor by anything else of a config or a route."""
    await stored(house, alice)
    token, path = await token_of(services, alice, **restriction), "/api/provider-configs/openai"
    answers = [
        await house.put(path, json={"prices": {"*": {"input": "0", "output": "0"}}}, headers=token),
        await house.put(path, json={"isActive": True}, headers=token),
        await house.put("/api/routes/r", json={"targets": [{"provider": "openai", "model": "m"}]}, headers=token),
    ]
    kept = (await house.get(path, headers=alice)).json()

    assert [answer.status_code for answer in answers] == [403] * 3
    assert all("Sign in" in answer.json()["error"]["message"] for answer in answers)
    assert kept["prices"] == {}


@pytest.mark.parametrize("prices", [{"*": {"input": "0", "output": "0"}}, {}, None])
async def test_prices_want_a_session_whatever_a_token_may(
    house: httpx.AsyncClient, alice: Headers, services: Services, prices: dict[str, Any] | None
) -> None:
    """Threat I9: its owner may have a budget, too."""
    await stored(house, alice)
    token = await token_of(services, alice)
    body = {"prices": prices}
    refused = [
        await house.put("/api/provider-configs/openai", json=body, headers=token),
        await house.post("/api/provider-configs/groq", json={"apiKey": GOOD, **body}, headers=token),
    ]

    assert [answer.status_code for answer in refused] == [403, 403]
    assert [answer.json()["error"]["details"] for answer in refused] == [{"parameter": "prices"}] * 2
    assert (await house.put("/api/provider-configs/openai", json=body, headers=alice)).status_code == 200


async def test_no_route_answers_without_a_credential(house: httpx.AsyncClient, services: Services) -> None:
    for path, methods in create_app(services).openapi()["paths"].items():
        for method in methods:
            answer = await house.request(method, path.replace("{provider}", "openai"), json={"apiKey": GOOD})

            assert answer.status_code == 401, (method, path)


async def test_without_the_key_service_nothing_is_stored(
    house: httpx.AsyncClient, alice: Headers, services: Services
) -> None:
    """faults.md: never an unencrypted path."""
    services.vault._wrapper = CountingWrapper(services.key_wrapper)
    services.vault._wrapper.down = True
    answer = await house.post("/api/provider-configs", json={"provider": "openai", "apiKey": GOOD}, headers=alice)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "key_service_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert (await house.get("/api/provider-configs", headers=alice)).json() == {"configs": []}


NOTHING = {"rewrapped": 0, "needsReentry": 0, "journals": 0, "own": 0, "unreadable": 0, "next": None}


async def test_all_keys_are_wrapped_anew_by_the_newest_master_key(
    house: httpx.AsyncClient, admin: Headers, alice: Headers, bob: Headers, services: Services
) -> None:
    for who in (alice, bob):
        await stored(house, who)
    await stored(house, alice, **CUSTOM)
    await house.post("/api/provider-configs", json={"provider": "ollama"}, headers=alice)
    before = await kept(services, bob)
    assert isinstance(services.key_wrapper, KeyFile)
    services.key_wrapper.rotate()
    answer = await house.post("/api/admin/encryption/rewrap", headers=admin)
    after = await kept(services, bob)

    assert answer.json() == {**NOTHING, "rewrapped": 3, "own": 1}
    assert before.sealed
    assert after.sealed
    assert before.sealed != after.sealed
    assert replace(after, sealed=before.sealed, revision=before.revision) == before
    assert await opened(services, after) == ApiKey(GOOD)


async def test_a_key_that_does_not_open_is_counted_and_marked(
    house: httpx.AsyncClient, admin: Headers, alice: Headers, bob: Headers, services: Services
) -> None:
    """Trap 76."""
    for who in (alice, bob):
        await stored(house, who)
    theirs = await kept(services, bob)
    await save_config(services.table, replace(await kept(services, alice), sealed=theirs.sealed))
    answer = await house.post("/api/admin/encryption/rewrap", headers=admin)

    assert answer.json() == {**NOTHING, "rewrapped": 1, "needsReentry": 1, "own": 1}
    assert (await kept(services, alice)).key_status == "needs_reentry"


async def test_whoever_changes_a_config_while_it_is_rewrapped_goes_first(
    house: httpx.AsyncClient, admin: Headers, alice: Headers, services: Services
) -> None:
    await stored(house, alice)
    before = await kept(services, alice)

    async def meanwhile() -> None:
        await save_config(services.table, replace(before, is_active=False))

    services.table = _Racing(services.table, meanwhile)
    answer = await house.post("/api/admin/encryption/rewrap", headers=admin)
    after = await kept(services, alice)

    assert answer.json() == {**NOTHING, "rewrapped": 1, "own": 1}
    assert after.is_active is False
    assert after.sealed != before.sealed


async def test_only_admins_rewrap(house: httpx.AsyncClient, alice: Headers, admin: Headers, services: Services) -> None:
    """Threat I3."""
    path = "/api/admin/encryption/rewrap"

    assert (await house.post(path, headers=alice)).status_code == 403
    assert (await house.post(path, headers=await token_of(services, admin))).status_code == 403


def slices(key: str) -> set[str]:
    """The key, its base64, and every 8 characters of it, but for those that every key has."""
    whole = {key, base64.b64encode(key.encode()).decode(), base64.urlsafe_b64encode(key.encode()).decode()}
    return whole | {key[at : at + 8] for at in range(len(key) - 7)}


async def test_no_answer_holds_the_key_or_a_slice_of_it(
    house: httpx.AsyncClient, alice: Headers, client: FakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Threats K6 and K8: every route, with the key in its place and in every wrong one, good and refused; answers and logs."""
    caplog.set_level(logging.DEBUG)
    answers: list[httpx.Response] = []
    path = "/api/provider-configs"
    for key in (GOOD, BAD):
        misplaced: list[Any] = [
            {"provider": key},
            {"provider": "openai", "apiKey": {"a": key}},
            {"provider": "openai", "apiKey": [key]},
            {"provider": "openai", "apiKey": f"{key} {key}"},
            {"provider": "openai", "apiKey": key * 400},
            {"provider": "openai", "apiKey": key, "settings": {"temperature": key}},
            {"provider": "openai", "apiKey": key, "models": key},
            {"provider": "openai", "apiKey": key, "isActive": key},
            {"provider": "openai", "apiKey": key, "test": key},
            {"provider": "openai", "apiKey": key, "baseUrl": f"https://{key}.example.com"},
            {"provider": "custom", "apiKey": key, "baseUrl": f"https://user:{key}@example.com"},
            key,
            [key],
        ]
        for body in [
            {"provider": "openai", "apiKey": key},
            {"provider": "openai", "apiKey": key, "test": False},
            *misplaced,
        ]:
            answers += [
                await house.post(path, json=body, headers=alice),
                await house.post("/api/test-api-key", json=body, headers=alice),
                await house.post("/api/provider-config/test", json=body, headers=alice),
                await house.put(path, json=body, headers=alice),
                await house.post(f"{path}/openai/rotate", json=body, headers=alice),
            ]
        answers += [
            await house.post(
                path, content=f'{{"apiKey": "{key}"', headers={**alice, "content-type": "application/json"}
            ),
            await house.post(f"{path}/{key}", json={"apiKey": key}, headers=alice),
            await house.get(f"{path}/{key}", headers=alice),
            await house.post(f"{path}/openai/rotate", json={"apiKey": key}, headers=alice),
        ]
        client.answer = lambda _: FakeAnswer(500, {"error": {"message": f"you sent {GOOD} or {BAD}"}})
        answers.append(await house.post("/api/test-api-key", json={"provider": "openai", "apiKey": key}, headers=alice))
        answers += [await house.get(path, headers=alice), await house.get(f"{path}/openai", headers=alice)]
    heard = [record.getMessage() for record in caplog.records if record.name != "httpx"]  # the test's own client
    said = "\n".join([answer.text + json.dumps(dict(answer.headers)) for answer in answers] + heard)

    assert len(answers) > 100
    assert {answer.status_code for answer in answers} <= {200, 201, 400, 404, 409}
    assert [piece for piece in slices(GOOD) | slices(BAD) if piece in said] == []


def test_no_answer_has_a_field_for_a_key(services: Services) -> None:
    """Threat K6: the schema walk."""
    document = create_app(services).openapi()
    answered = json.dumps(
        [operation["responses"] for path in document["paths"].values() for operation in path.values()]
    )
    schemas = document["components"]["schemas"]
    reached: set[str] = set()
    waiting = [name for name in schemas if f'/{name}"' in answered]
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting += [other for other in schemas if f'/{other}"' in json.dumps(schemas[name]) and other not in reached]

    assert "ConfigAnswer" in reached
    fields = {field.lower() for name in reached for field in schemas[name].get("properties", {})}
    assert not {field for field in fields if "apikey" in field or "secret" in field or "sealed" in field}


async def test_an_owners_own_prices_are_kept_exactly_and_replaced_together(
    house: httpx.AsyncClient, alice: Headers, services: Services
) -> None:
    """Trap 67: what the owner pays comes before the price table."""
    prices = {"gpt-4o*": {"input": "0.1", "output": 0.000000000001, "cacheWrite1h": "3"}}

    config = (await stored(house, alice, prices=prices))["config"]
    renamed = (await house.put("/api/provider-configs/openai", json={"isActive": False}, headers=alice)).json()
    emptied = (await house.put("/api/provider-configs/openai", json={"prices": None}, headers=alice)).json()

    assert config["prices"]["gpt-4o*"] == {
        "input": "0.10",
        "output": "0.000000000001",
        "cacheWrite1h": "3.00",
        **dict.fromkeys(("cachedInput", "cacheWrite", "inputAudio", "outputAudio", "reasoning")),
    }
    assert renamed["config"]["prices"] == config["prices"]
    assert emptied["config"]["prices"] == {}
    assert (await kept(services, alice)).prices == {}


@pytest.mark.parametrize(
    ("prices", "field"),
    [
        ({"m": {"input": "1"}}, "prices.m.output"),
        ({"m": {"input": -1, "output": "1"}}, "prices.m.input"),
        ({"m": {"input": "NaN", "output": "1"}}, "prices.m.input"),
        ({"m": {"input": True, "output": "1"}}, "prices.m.input"),
        ({"m": {"input": "1", "output": "1e-13"}}, "prices.m.output"),
        ({"m": {"input": "1", "output": "1", "discount": "1"}}, "prices.m.discount"),
        ({f"m{number}": {"input": "1", "output": "1"} for number in range(201)}, "prices"),
    ],
)
async def test_a_price_that_is_none_is_refused_by_its_name(
    house: httpx.AsyncClient, alice: Headers, prices: Any, field: str
) -> None:
    body = {"provider": "openai", "apiKey": GOOD, "prices": prices}
    answer = await house.post("/api/provider-configs", json=body, headers=alice)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, field)
