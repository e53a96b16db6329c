"""Named routes, from outside."""

from typing import Any

import httpx
import pytest

from shared.services import Services
from shared.storage.routes import MOST_ROUTES
from tests.fakes.services import FixedClock
from tests.fakes.tokens import narrowed

type Headers = dict[str, str]
GPT = {"provider": "openai", "model": "gpt-4o-mini"}
CLAUDE = {"provider": "claude", "model": "claude-haiku-4-5", "weight": 3}
ROUTE = {"targets": [GPT, CLAUDE], "strategy": "weighted"}


async def put(house: httpx.AsyncClient, who: Headers, name: str = "both", **body: Any) -> httpx.Response:
    return await house.put(f"/api/routes/{name}", json={**ROUTE, **body}, headers=who)


async def test_a_route_is_kept_shown_changed_and_forgotten(
    house: httpx.AsyncClient, alice: Headers, clock: FixedClock
) -> None:
    kept = (await put(house, alice)).json()
    clock.pass_by(60)
    changed = (await put(house, alice, strategy="fastest", afterTimeout=True)).json()
    listed = (await house.get("/api/routes", headers=alice)).json()
    forgotten = await house.delete("/api/routes/both", headers=alice)

    assert kept["targets"] == [{**GPT, "weight": 1}, {**CLAUDE, "provider": "anthropic"}]
    assert (kept["name"], kept["strategy"], kept["afterTimeout"]) == ("both", "weighted", False)
    assert (changed["strategy"], changed["afterTimeout"], changed["createdAt"]) == ("fastest", True, kept["createdAt"])
    assert changed["updatedAt"] > kept["updatedAt"]
    assert listed == {"routes": [changed]}
    assert forgotten.status_code == 204
    assert (await house.get("/api/routes/both", headers=alice)).status_code == 404
    assert (await house.delete("/api/routes/both", headers=alice)).status_code == 404


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"targets": []}, "targets"),
        ({"targets": [GPT] * 17}, "targets"),
        ({"targets": [GPT, GPT]}, "targets[1]"),
        ({"targets": [{**GPT, "provider": "nobody"}]}, "targets[0].provider"),
        ({"targets": [{**GPT, "model": ""}]}, "targets[0].model"),
        ({"targets": [{**GPT, "weight": 0}]}, "targets[0].weight"),
        ({"strategy": "dearest"}, "strategy"),
        ({"owner": "bob"}, "owner"),
    ],
)
async def test_a_wrong_route_is_refused_by_the_fields_name(
    house: httpx.AsyncClient, alice: Headers, body: dict[str, Any], parameter: str
) -> None:
    answer = await put(house, alice, **body)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, parameter)


@pytest.mark.parametrize("name", ["-x", "x-", "a b", "ö", "x" * 65, "openai", "claude", "a%23b", "a:b"])
async def test_a_name_that_is_none_is_refused(house: httpx.AsyncClient, alice: Headers, name: str) -> None:
    """No slash, so none looks like `provider/model`; and none is a provider's."""
    answer = await put(house, alice, name)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, "name")
    assert (await house.get("/api/routes", headers=alice)).json() == {"routes": []}


async def test_another_ones_route_is_not_there(house: httpx.AsyncClient, alice: Headers, bob: Headers) -> None:
    """Threat I3."""
    await put(house, alice)

    assert (await house.get("/api/routes", headers=bob)).json() == {"routes": []}
    assert (await house.get("/api/routes/both", headers=bob)).status_code == 404
    assert (await house.delete("/api/routes/both", headers=bob)).status_code == 404
    assert (await house.get("/api/routes/both", headers=alice)).status_code == 200


async def test_a_narrowed_token_sees_what_it_may_use_and_changes_nothing(
    house: httpx.AsyncClient, services: Services, alice: Headers
) -> None:
    """Threat I4."""
    await put(house, alice)
    await put(house, alice, "other", targets=[GPT])
    program = await narrowed(services, alice, providers=("anthropic",))
    listed = (await house.get("/api/routes", headers=program)).json()

    assert [route["name"] for route in listed["routes"]] == ["both"]
    assert (await house.get("/api/routes/other", headers=program)).status_code == 404
    assert (await put(house, program)).status_code == 403
    assert (await house.delete("/api/routes/both", headers=program)).status_code == 403


async def test_routes_are_bounded(house: httpx.AsyncClient, alice: Headers) -> None:
    for number in range(MOST_ROUTES):
        assert (await put(house, alice, f"r{number}")).status_code == 200

    assert (await put(house, alice, "one-more")).status_code == 409
    assert (await put(house, alice, "r0")).status_code == 200
