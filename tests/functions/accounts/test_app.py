import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.accounts.app import create_app
from shared.records.route import Route, RouteTarget
from shared.services import Services
from shared.storage.alerts import list_alerts
from shared.storage.routes import delete_route, save_route
from tests.fakes.services import CountingTable, FixedClock, fake_services

ALICE = {"email": "alice@example.com", "password": "correct horse"}
BOB = {"email": "bob@example.com", "password": "battery staple"}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def services(tmp_path: Path, clock: FixedClock) -> Services:
    return fake_services(tmp_path, clock=clock)


@pytest.fixture
async def http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client


async def signed_up(http: httpx.AsyncClient, who: dict[str, str]) -> dict[str, str]:
    """The header that this person now calls with."""
    answer = await http.post("/api/auth/signup", json=who)
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['token']}"}


async def a_token(http: httpx.AsyncClient, headers: dict[str, str], **fields: Any) -> dict[str, Any]:
    answer = await http.post("/api/tokens", json={"name": "laptop", **fields}, headers=headers)
    assert answer.status_code == 201, answer.text
    token: dict[str, Any] = answer.json()
    return token


async def test_signing_up_and_in_answer_exactly_what_was_promised(http: httpx.AsyncClient) -> None:
    up = (await http.post("/api/auth/signup", json=ALICE)).json()
    inside = (await http.post("/api/auth/signin", json={**ALICE, "email": " Alice@Example.COM".strip()})).json()

    for answer in (up, inside):
        assert set(answer) == {"token", "refreshToken", "expiresAt", "user"}
        assert answer["expiresAt"] == "2027-01-15T08:30:00Z"
        assert answer["user"] == {"id": up["user"]["id"], "email": "alice@example.com", "role": "admin"}


async def test_of_twenty_who_come_first_at_once_one_is_admin(http: httpx.AsyncClient) -> None:
    people = [{"email": f"person{number}@example.com", "password": "correct horse"} for number in range(20)]

    answers = await asyncio.gather(*(http.post("/api/auth/signup", json=one) for one in people))
    roles = [answer.json()["user"]["role"] for answer in answers]
    again = [(await http.post("/api/auth/signin", json=one)).json()["user"]["role"] for one in people]

    assert sorted(roles) == ["admin"] + ["user"] * 19
    assert again == roles


async def test_one_source_signs_up_twenty_and_waits_for_more(http: httpx.AsyncClient, clock: FixedClock) -> None:
    """A limit of a user is worth little where anybody makes users by the dozen. Threat H1: a header makes no other source."""
    answers = [
        await http.post(
            "/api/auth/signup",
            json={**ALICE, "email": f"{number}@example.com"},
            headers={"x-forwarded-for": str(number)},
        )
        for number in range(21)
    ]
    refused = answers.pop()
    inside = await http.post("/api/auth/signin", json={**ALICE, "email": "0@example.com"})
    clock.pass_by(int(refused.headers["retry-after"]))
    later = await http.post("/api/auth/signup", json={**ALICE, "email": "20@example.com"})

    assert {answer.status_code for answer in answers} == {201}
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "limit_reached")
    assert refused.json()["error"]["details"] | {"resetTime": None} == {
        "limit": 20, "remaining": 0, "resetTime": None, "policy": "sign_ups", "scope": "source",
    }  # fmt: skip
    assert (inside.status_code, later.status_code) == (200, 201)


async def test_one_email_is_one_account_under_concurrency(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(http.post("/api/auth/signup", json=ALICE) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "ALICE@example.com"}, "password"),
        ({"role": "admin"}, "role"),
        ({"email": None}, "email"),
    ],
)
async def test_a_wrong_field_is_named_and_not_echoed(
    http: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    """Threat I4: nobody signs up as admin."""
    answer = await http.post("/api/auth/signup", json={**ALICE, **change})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["details"]["parameter"]) == (400, "invalid_request", field)
    assert field in error["message"]
    assert "x" * 20 not in answer.text


async def test_a_wrong_password_and_an_unknown_email_read_alike(http: httpx.AsyncClient) -> None:
    await signed_up(http, ALICE)
    answers = [
        await http.post("/api/auth/signin", json=body)
        for body in ({**ALICE, "password": "wrong horse"}, {**BOB, "password": "wrong horse"})
    ]
    errors = [answer.json()["error"] | {"requestId": ""} for answer in answers]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert errors[0] == errors[1]


async def test_guessing_is_slowed_down(http: httpx.AsyncClient, services: Services, clock: FixedClock) -> None:
    await signed_up(http, ALICE)
    wrong = {**ALICE, "password": "wrong horse"}

    statuses = [
        answer.status_code
        for answer in await asyncio.gather(*(http.post("/api/auth/signin", json=wrong) for _ in range(50)))
    ]
    refused = await http.post("/api/auth/signin", json=ALICE, headers={"x-forwarded-for": "203.0.113.9"})

    assert sorted(statuses) == [401] * 20 + [429] * 30
    assert refused.status_code == 429, "threat H1: a header does not make another source"
    details = refused.json()["error"]["details"]
    assert set(details) == {"limit", "remaining", "resetTime", "policy", "scope"}
    (alert,) = (await list_alerts(services.table))[0]
    assert (alert.kind, alert.details) == ("failed_sign_ins", {"limit": "20", "resetTime": details["resetTime"]})
    clock.pass_by(int(refused.headers["retry-after"]))
    assert (await http.post("/api/auth/signin", json=ALICE)).status_code == 200


async def test_who_signs_in_rightly_is_never_slowed_down(http: httpx.AsyncClient) -> None:
    await signed_up(http, ALICE)

    for _ in range(30):
        assert (await http.post("/api/auth/signin", json=ALICE)).status_code == 200


async def test_signing_out_ends_the_session_and_its_refresh_token(http: httpx.AsyncClient) -> None:
    session = (await http.post("/api/auth/signup", json=ALICE)).json()
    headers = {"authorization": f"Bearer {session['token']}"}
    assert (await http.get("/api/auth/session", headers=headers)).json() == {"user": session["user"]}

    assert (await http.post("/api/auth/signout", headers=headers)).status_code == 204

    assert (await http.get("/api/auth/session", headers=headers)).status_code == 401
    refresh = {"refreshToken": session["refreshToken"]}
    assert (await http.post("/api/auth/refresh", json=refresh)).status_code == 401


async def test_a_session_is_refreshed(http: httpx.AsyncClient) -> None:
    session = (await http.post("/api/auth/signup", json=ALICE)).json()

    renewed = await http.post("/api/auth/refresh", json={"refreshToken": session["refreshToken"]})

    assert set(renewed.json()) == set(session)
    headers = {"authorization": f"Bearer {renewed.json()['token']}"}
    assert (await http.get("/api/auth/session", headers=headers)).status_code == 200


async def test_the_key_set_verifies_and_has_no_private_part(http: httpx.AsyncClient) -> None:
    await signed_up(http, ALICE)

    keys = (await http.get("/.well-known/jwks.json")).json()["keys"]

    assert [set(key) for key in keys] == [{"kty", "crv", "x", "y", "kid", "use", "alg"}]


async def test_a_token_is_shown_whole_once(http: httpx.AsyncClient, services: Services) -> None:
    headers = await signed_up(http, ALICE)
    limits = {
        "providers": ["openai", "anthropic"],
        "models": ["openai/gpt-5"],
        "requestsPerMinute": 60,
        "tokensPerMinute": 100_000,
        "maxConcurrent": 4,
        "budgetUsd": "12.50",
        "expiresAt": "2027-02-01T00:00:00Z",
    }

    made = await a_token(http, headers, **limits)
    listed = (await http.get("/api/tokens", headers=headers)).json()["tokens"]

    assert made["token"].startswith(f"sk-rml-{made['id']}_")
    assert {name: made[name] for name in limits} == limits
    assert made["budgetPeriod"] == "month"
    unused = {"spentUsd": "0", "remaining": "12.50", "lastUsedAt": None}
    assert listed == [{**{name: value for name, value in made.items() if name != "token"}, **unused}]
    assert isinstance(services.table, CountingTable)
    secret = made["token"].split("_", 1)[1]
    assert secret not in str(services.table.items)


async def test_a_token_calls_for_its_owner_but_makes_no_tokens(http: httpx.AsyncClient, services: Services) -> None:
    """Threat I4, CVE-2026-47101: a token cannot make one that may more."""
    made = await a_token(http, await signed_up(http, ALICE))
    calls = {"x-api-key": made["token"]}

    caller = await services.access_tokens.verify(made["token"])

    assert caller.role == "user"
    assert (await http.post("/api/tokens", json={"name": "child"}, headers=calls)).status_code == 403
    assert (await http.patch(f"/api/tokens/{made['id']}", json={"models": None}, headers=calls)).status_code == 403


async def test_a_foreign_token_looks_absent_on_every_route(http: httpx.AsyncClient) -> None:
    """Threat I3."""
    alice, bob = await signed_up(http, ALICE), await signed_up(http, BOB)
    hers = await a_token(http, alice)

    for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "/rotate")):
        answers = [
            await http.request(method, f"/api/tokens/{one}{path}", json={} if method == "PATCH" else None, headers=bob)
            for one in (hers["id"], "0123456789abcdef", "..%2F%23", "x" * 3000)
        ]
        assert {answer.status_code for answer in answers} == {404}, method
        assert len({answer.json()["error"]["message"] for answer in answers[:2]}) == 1
    assert (await http.get("/api/tokens", headers=bob)).json() == {"tokens": []}
    assert len((await http.get("/api/tokens", headers=alice)).json()["tokens"]) == 1


async def test_what_is_only_read_cannot_be_written(http: httpx.AsyncClient, services: Services) -> None:
    """Threat I4: every field of the answer sent back, one at a time."""
    headers = await signed_up(http, ALICE)
    made = await a_token(http, headers)
    writable = {
        "name", "providers", "models", "routes", "origins", "requestsPerMinute", "tokensPerMinute",
        "maxConcurrent", "budgetUsd", "budgetPeriod", "expiresAt",
    }  # fmt: skip

    for name in {*made, "owner", "digest", "role", "spent"} - writable:
        answer = await http.patch(f"/api/tokens/{made['id']}", json={name: made.get(name, "bob")}, headers=headers)
        assert answer.status_code == 400, name
        assert answer.json()["error"]["details"]["parameter"] == name

    record = (await services.access_tokens.verify(made["token"])).token
    assert record is not None
    assert record.updated_at == record.created_at


async def test_a_change_keeps_what_is_left_out_and_null_lifts_a_limit(
    http: httpx.AsyncClient, clock: FixedClock
) -> None:
    headers = await signed_up(http, ALICE)
    made = await a_token(http, headers, models=["a"], requestsPerMinute=5, budgetUsd=0, budgetPeriod="day")
    clock.pass_by(60)

    changed = await http.patch(
        f"/api/tokens/{made['id']}", json={"name": "desk", "models": None, "providers": ["openai"]}, headers=headers
    )

    expected = {
        **made,
        "name": "desk",
        "models": None,
        "providers": ["openai"],
        "updatedAt": changed.json()["updatedAt"],
    }
    del expected["token"]
    assert changed.json() == expected
    assert changed.json()["budgetUsd"] == "0"
    assert changed.json()["updatedAt"] != made["updatedAt"]


@pytest.mark.parametrize(
    "field",
    [
        {"name": " "},
        {"name": None},
        {"name": "x" * 101},
        {"requestsPerMinute": 0},
        {"requestsPerMinute": "5"},
        {"maxConcurrent": True},
        {"budgetUsd": "-1"},
        {"budgetUsd": "NaN"},
        {"budgetUsd": "lots"},
        {"budgetPeriod": "fortnight"},
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"expiresAt": "2030-01-01T00:00:00"},
        {"providers": ["Open AI"]},
        {"providers": "openai"},
        {"providers": ["nope"]},
        {"providers": []},
        {"models": [""]},
        {"models": []},
        {"routes": ["missing"]},
        {"routes": ["no/route"]},
        {"routes": []},
        {"origins": []},
        {"budgetPeriod": "day"},
        {"budgetUsd": "0.00000001"},
    ],
)
async def test_a_wrong_limit_is_refused_by_name(http: httpx.AsyncClient, field: dict[str, Any]) -> None:
    headers = await signed_up(http, ALICE)
    made = await a_token(http, headers)

    for answer in (
        await http.post("/api/tokens", json={"name": "x", **field}, headers=headers),
        await http.patch(f"/api/tokens/{made['id']}", json=field, headers=headers),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"].startswith(next(iter(field)))


async def test_a_list_that_would_allow_nothing_is_refused_with_the_remedy(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/tokens", json={"name": "x", "models": []}, headers=await signed_up(http, ALICE))

    assert "leave it out" in answer.json()["error"]["message"]


async def test_a_provider_is_kept_by_its_id_however_it_was_called(http: httpx.AsyncClient) -> None:
    """A token for `claude` was refused on every call to Anthropic."""
    made = await a_token(http, await signed_up(http, ALICE), providers=["claude", "Anthropic", "gemini"])

    assert made["providers"] == ["anthropic", "google"]


async def test_the_period_of_a_budget_that_is_lifted_goes_with_it(http: httpx.AsyncClient) -> None:
    headers = await signed_up(http, ALICE)
    made = await a_token(http, headers, budgetUsd="1", budgetPeriod="day")
    path = f"/api/tokens/{made['id']}"
    lifted = await http.patch(path, json={"budgetUsd": None}, headers=headers)
    alone = await http.patch(path, json={"budgetPeriod": "week"}, headers=headers)
    both = await http.patch(path, json={"budgetUsd": "0.000001", "budgetPeriod": "week"}, headers=headers)

    assert (lifted.json()["budgetUsd"], lifted.json()["budgetPeriod"]) == (None, None)
    assert (alone.status_code, alone.json()["error"]["details"]["parameter"]) == (400, "budgetPeriod")
    assert (both.json()["budgetUsd"], both.json()["budgetPeriod"]) == ("0.000001", "week")


async def test_a_token_names_routes_of_its_owner_that_are_there_or_that_it_has(
    http: httpx.AsyncClient, services: Services
) -> None:
    headers = await signed_up(http, ALICE)
    owner = (await http.get("/api/auth/session", headers=headers)).json()["user"]["id"]
    for who, name in ((owner, "mine"), ("somebody", "theirs")):
        await save_route(services.table, Route(who, name, "fallback", (RouteTarget("openai", "gpt-5"),), 0, 0))
    made = await a_token(http, headers, routes=["mine"])
    theirs = await http.patch(f"/api/tokens/{made['id']}", json={"routes": ["mine", "theirs"]}, headers=headers)
    await delete_route(services.table, owner, "mine")
    kept = await http.patch(f"/api/tokens/{made['id']}", json={"routes": ["mine"]}, headers=headers)

    assert (theirs.status_code, theirs.json()["error"]["details"]["parameter"]) == (400, "routes[1]")
    assert (kept.status_code, kept.json()["routes"]) == (200, ["mine"])


async def test_rotating_replaces_the_secret_alone(http: httpx.AsyncClient, services: Services) -> None:
    headers = await signed_up(http, ALICE)
    made = await a_token(http, headers, models=["a"])
    await services.access_tokens.verify(made["token"])

    rotated = (await http.post(f"/api/tokens/{made['id']}/rotate", headers=headers)).json()

    assert rotated["token"] != made["token"]
    assert rotated["id"] == made["id"]
    assert rotated["models"] == ["a"]
    assert (await services.access_tokens.verify(rotated["token"])).token_id == made["id"]
    refused = await http.get("/api/auth/session", headers={"x-api-key": made["token"]})
    assert refused.status_code == 401


async def test_a_revoked_token_is_refused_at_once_and_gone_from_the_list(http: httpx.AsyncClient) -> None:
    headers = await signed_up(http, ALICE)
    made = await a_token(http, headers)
    calls = {"x-api-key": made["token"]}
    assert (await http.get("/api/tokens", headers=calls)).status_code == 403

    assert (await http.delete(f"/api/tokens/{made['id']}", headers=headers)).status_code == 204

    assert (await http.get("/api/tokens", headers=calls)).status_code == 401
    assert (await http.delete(f"/api/tokens/{made['id']}", headers=headers)).status_code == 404
    assert (await http.get("/api/tokens", headers=headers)).json() == {"tokens": []}


async def test_there_are_at_most_a_hundred_tokens(http: httpx.AsyncClient) -> None:
    headers = await signed_up(http, ALICE)
    for _ in range(100):
        await a_token(http, headers)

    assert (await http.post("/api/tokens", json={"name": "one more"}, headers=headers)).status_code == 409


async def test_a_table_that_does_not_answer_is_503_never_401(http: httpx.AsyncClient, services: Services) -> None:
    """Trap 74."""
    headers = await signed_up(http, ALICE)
    made = await a_token(http, headers)
    services.accounts = fake_services(services.settings.home, table=services.table).accounts
    services.__dict__.pop("access_tokens", None)
    assert isinstance(services.table, CountingTable)
    services.table.down = True

    for given in (headers, {"x-api-key": made["token"]}):
        assert (await http.get("/api/auth/session", headers=given)).status_code == 503
    assert (await http.post("/api/auth/signin", json=ALICE)).status_code == 503


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", "application/json"),
        (b'{"email":"a@example.com","email":"b@example.com","password":"correct horse"}', "application/json"),
        (b'{"email":NaN}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"email":"\\ud800@example.com","password":"correct horse"}', "application/json"),
        (b"\xff", "application/json"),
        (b"[]", "application/json"),
        (b"", "application/json"),
        (json.dumps(ALICE).encode(), "text/plain"),
        (json.dumps(ALICE).encode(), "multipart/form-data"),
    ],
)
async def test_what_is_not_json_in_one_reading_is_400(http: httpx.AsyncClient, body: bytes, content_type: str) -> None:
    """Threats H5, H6 and H10: no form of a web page posts here."""
    answer = await http.post("/api/auth/signup", content=body, headers={"content-type": content_type})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_request"


async def test_a_body_past_six_megabytes_is_413(http: httpx.AsyncClient) -> None:
    """Threat H5."""
    answer = await http.post("/api/auth/signup", json={**ALICE, "email": "x" * 6 * 1024 * 1024})

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request_too_large"


async def test_no_route_and_no_method_have_our_form(http: httpx.AsyncClient) -> None:
    """Threat H11: no documentation is served by a door."""
    for path in ("/nothing", "/docs", "/redoc", "/openapi.json", "/api/tokens/"):
        answer = await http.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), path
    wrong = await http.put("/api/tokens")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "allow" in wrong.headers


async def test_every_route_but_the_open_ones_needs_a_credential(services: Services, http: httpx.AsyncClient) -> None:
    """Threats H11 and I17: the routes are taken from the document, which has all of them."""
    document = create_app(services).openapi()
    opened = set()

    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answer = await http.request(method, path.replace("{token_id}", "x"), json={})
            if answer.status_code != 401:
                opened.add(path)
            assert ("security" in operation) is (answer.status_code == 401)

    assert opened == {"/api/auth/signup", "/api/auth/signin", "/api/auth/refresh", "/.well-known/jwks.json"}


async def test_no_header_of_an_intermediary_says_who_calls(http: httpx.AsyncClient) -> None:
    """Threat H1."""
    await signed_up(http, ALICE)
    spoofs = {"x-amz-tenant-id": "alice", "x-amzn-request-context": "{}", "x-forwarded-user": "alice", "x-user-id": "1"}

    assert (await http.get("/api/auth/session", headers=spoofs)).status_code == 401


async def test_a_body_that_is_missing_is_told_with_what_it_needs(http: httpx.AsyncClient) -> None:
    headers = await signed_up(http, ALICE)
    error = (await http.delete("/api/account", headers=headers)).json()["error"]

    assert (error["code"], error["details"]["parameter"]) == ("invalid_request", "password")
    assert "`password`" in error["message"]
