"""Somebody takes along what is kept of them, and goes. Threat K10."""

import json

import pytest

from shared.storage.audit import find_flaw
from tests.fakes.house import HELLO, KEY, Headers, House

PASSWORD = "correct horse"


@pytest.fixture
async def alice(house: House) -> Headers:
    await house.signed_up("root")
    headers = await house.signed_up("alice")
    await house.with_key(headers)
    return headers


async def test_all_that_is_kept_is_shown_but_no_secret(house: House, alice: Headers) -> None:
    """Threat K6."""
    made = (await house.http.post("/api/tokens", json={"name": "laptop"}, headers=alice)).json()
    kept = await house.http.get("/api/account", headers=alice)
    said = kept.json()

    assert said["account"]["email"] == "alice@example.com"
    assert said["kept"]["CONFIG#openai"]["provider"] == "openai"
    assert said["kept"][f"TOKEN#{made['id']}"]["name"] == "laptop"
    assert {deed["action"] for deed in said["audit"]} >= {"config.stored", "token.created"}
    for secret in (KEY, made["token"], "scrypt", "sealed", "digest"):
        assert secret not in json.dumps(said["kept"]) + json.dumps(said["account"])


async def test_who_leaves_leaves_nothing_but_entries_of_the_log(house: House, alice: Headers) -> None:
    """Threat K10: no row holds their id or e-mail but the audit log's and the tombstone, which hold the id alone."""
    owner = (await house.http.get("/api/auth/session", headers=alice)).json()["user"]["id"]
    made = (await house.http.post("/api/tokens", json={"name": "laptop"}, headers=alice)).json()
    gone = await house.http.request("DELETE", "/api/account", json={"password": PASSWORD}, headers=alice)
    after = [
        await house.http.get("/api/account", headers=alice),
        await house.http.get("/api/provider-configs", headers={"x-api-key": made["token"]}),
        await house.http.post("/api/auth/signin", json={"email": "alice@example.com", "password": PASSWORD}),
    ]
    rows = {place: json.dumps(item, default=str) for place, item in house.table.items.items()}

    assert gone.status_code == 204
    assert [answer.status_code for answer in after] == [401, 401, 401]
    assert {pk for (pk, _), text in rows.items() if owner in pk + text} == {"AUDIT", "ERASED"}
    assert not [place for place, text in rows.items() if "alice@" in str(place) + text]
    assert await find_flaw(house.table) is None


async def test_another_password_deletes_nothing_and_guesses_count(house: House, alice: Headers) -> None:
    """A stolen session is no password."""
    answers = [
        await house.http.request("DELETE", "/api/account", json={"password": f"guess {number}"}, headers=alice)
        for number in range(21)
    ]

    assert [answer.status_code for answer in answers] == [403] * 20 + [429]
    assert (await house.http.get("/api/account", headers=alice)).status_code == 200


async def test_a_program_neither_exports_nor_deletes_who_made_it(house: House, alice: Headers) -> None:
    """Threat I4."""
    made = (await house.http.post("/api/tokens", json={"name": "laptop"}, headers=alice)).json()
    program = {"x-api-key": made["token"]}
    answers = [
        await house.http.get("/api/account", headers=program),
        await house.http.request("DELETE", "/api/account", json={"password": PASSWORD}, headers=program),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]


async def test_others_keep_what_is_theirs(house: House, alice: Headers) -> None:
    bob = await house.signed_up("bob")
    await house.with_key(bob)
    await house.http.request("DELETE", "/api/account", json={"password": PASSWORD}, headers=alice)
    answer = await house.http.post(
        "/api/llm/chat", json={"provider": "openai", "model": "hello", "messages": HELLO}, headers=bob
    )

    assert answer.status_code == 200
