from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, HTTPException

from shared.errors import Throttled
from shared.identity.caller import Caller
from shared.services import Services
from shared.web.fastapi import admin, caller, explain, new_door, person
from shared.web.schemas import Body
from tests.fakes.services import fake_services

SECRET = "planted-0123456789"


class Inner(Body):
    max_tokens: int


class Outer(Body):
    parts: list[Inner]


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return fake_services(tmp_path)


@pytest.fixture
async def http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    app = new_door(services, title="Example")

    @app.post("/typed")
    async def typed(body: Outer) -> int:
        return len(body.parts)

    @app.get("/throttled")
    async def throttled() -> None:
        raise Throttled("Slow down.", retry_after=1.2)

    @app.get("/broken")
    async def broken() -> None:
        raise KeyError(SECRET)

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, detail=SECRET)

    @app.get("/caller")
    async def who(who: Annotated[Caller, Depends(caller(services))]) -> str:
        return who.owner

    @app.get("/person")
    async def people(who: Annotated[Caller, Depends(person(services))]) -> str:
        return who.owner

    @app.get("/admin")
    async def admins(who: Annotated[Caller, Depends(admin(services))]) -> str:
        return who.owner

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client


async def test_a_wrong_field_deep_inside_is_named_as_the_caller_wrote_it(http: httpx.AsyncClient) -> None:
    answer = await http.post("/typed", json={"parts": [{"maxTokens": 1}, {"maxTokens": SECRET, "more": SECRET}]})

    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["details"]["parameter"] == "parts[1].maxTokens"
    assert [one["field"] for one in error["details"]["errors"]] == ["parts[1].maxTokens", "parts[1].more"]
    assert SECRET not in answer.text


def test_a_name_that_the_caller_invented_is_cut() -> None:
    error = explain([{"loc": ("body", "x" * 500), "msg": "Extra inputs are not permitted"}])

    assert len(error.message) < 200


def test_a_validator_of_ours_is_heard_in_its_own_words() -> None:
    error = explain([{"loc": ("body", "providers", 0), "msg": "Value error, there is no such provider"}])

    assert error.message == "`providers[0]`: there is no such provider"


async def test_errors_have_our_form_and_say_nothing_more(http: httpx.AsyncClient) -> None:
    found: dict[str, Any] = {path: await http.get(path) for path in ("/throttled", "/broken", "/teapot")}

    assert {path: answer.status_code for path, answer in found.items()} == {
        "/throttled": 429,
        "/broken": 500,
        "/teapot": 418,
    }
    assert found["/throttled"].headers["retry-after"] == "2"
    for answer in found.values():
        error = answer.json()["error"]
        assert set(error) == {"message", "code", "statusCode", "details", "requestId"}
        assert error["requestId"] == answer.headers["x-realmultillm-request-id"]
        assert SECRET not in answer.text


async def test_who_may_go_where(http: httpx.AsyncClient, services: Services) -> None:
    first = await services.accounts.sign_up("first@example.com", "correct horse")
    second = await services.accounts.sign_up("second@example.com", "correct horse")

    async def statuses(headers: dict[str, str]) -> list[int]:
        return [(await http.get(path, headers=headers)).status_code for path in ("/caller", "/person", "/admin")]

    assert await statuses({}) == [401, 401, 401]
    assert await statuses({"x-api-key": "sk-proj-a-provider-key"}) == [401, 401, 401]
    assert await statuses({"authorization": f"Bearer {first.token}"}) == [200, 200, 200]
    assert await statuses({"api-key": second.token}) == [200, 200, 403]


async def test_a_key_in_the_url_is_refused_beside_a_good_one(http: httpx.AsyncClient, services: Services) -> None:
    """Trap 77."""
    session = await services.accounts.sign_up("first@example.com", "correct horse")

    answer = await http.get("/caller?api_key=x", headers={"authorization": f"Bearer {session.token}"})

    assert answer.status_code == 401
    assert "URL" in answer.json()["error"]["message"]


async def test_cors_is_for_nobody(http: httpx.AsyncClient) -> None:
    """Threat H10."""
    answer = await http.options(
        "/typed", headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
    )

    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]
