"""Somebody takes along what is kept of them, and goes. Threat K10."""

import json
from typing import Any

import pytest

from shared.gateway.conversations.texts import LARGEST, ROWS
from shared.storage.audit import find_flaw
from shared.storage.table import Change, Key
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


async def texts_of(house: House, who: Headers) -> list[dict[str, Any]]:
    """Every page."""
    pages: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        answer = await house.http.get("/api/account/texts", params={"after": after} if after else {}, headers=who)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        after = pages[-1]["next"]
    return pages


async def chatted(house: House, who: Headers, *, messages: Any = HELLO, **headers: str) -> dict[str, Any]:
    body = {"model": "openai/hello", "messages": messages, "keep": True}
    answer = await house.http.post("/api/llm/chat", json=body, headers={**who, **headers})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_the_export_names_where_the_texts_are_and_they_are_all_there(house: House, alice: Headers) -> None:
    """Whatever is sealed in the journal: conversations, their messages, and answers that are kept for a day."""
    told = await chatted(house, alice, **{"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"})
    export = (await house.http.get("/api/account", headers=alice)).json()
    pages = await texts_of(house, alice)
    conversations, messages, answers = (
        [each for page in pages for each in page[kind]] for kind in ("conversations", "messages", "answers")
    )
    sealed = [place for place in export["kept"] if place.startswith(("CHAT#", "SAID#", "REPLAY#"))]

    assert export["texts"] == "/api/account/texts"
    assert [one["id"] for one in conversations] == [told["conversation"]["id"]]
    assert [one["title"] for one in conversations] == ["hello"]
    assert [one["message"]["content"] for one in messages] == ["hello", "Bonjour"]
    assert {one["conversationId"] for one in messages} == {told["conversation"]["id"]}
    assert [(one["status"], json.loads(one["body"])["id"]) for one in answers] == [(200, told["id"])]
    assert len(sealed) == len(conversations) + len(messages) + len(answers)


async def test_texts_come_page_by_page_and_none_twice(house: House, alice: Headers) -> None:
    turns = [{"role": ("user", "assistant")[number % 2], "content": f"turn {number}"} for number in range(121)]
    await chatted(house, alice, messages=turns)
    pages = await texts_of(house, alice)
    said = [one["message"]["content"] for page in pages for one in page["messages"]]

    assert said == [*(turn["content"] for turn in turns), "Bonjour"]
    assert max(len(page["messages"]) for page in pages) == ROWS


async def test_a_page_ends_where_it_is_large(house: House, alice: Headers) -> None:
    """Memory is bounded however long messages are."""
    turns = [{"role": ("user", "assistant")[number % 2], "content": f"{number}" * 250_000} for number in range(9)]
    for _ in range(2):
        await chatted(house, alice, messages=turns)
    pages = await texts_of(house, alice)
    sizes = [sum(len(one["message"]["content"]) for one in page["messages"]) for page in pages]

    assert sum(len(page["messages"]) for page in pages) == 20
    assert max(sizes) < LARGEST + 300_000


async def test_texts_are_their_owners_alone(house: House, alice: Headers) -> None:
    """Threats I3 and I4: not another's, and no program's."""
    await chatted(house, alice)
    bob = await house.signed_up("bob")
    made = (await house.http.post("/api/tokens", json={"name": "laptop"}, headers=alice)).json()
    program = await house.http.get("/api/account/texts", headers={"x-api-key": made["token"]})
    nonsense = await house.http.get("/api/account/texts", params={"after": "people/"}, headers=alice)

    assert await texts_of(house, bob) == [{"conversations": [], "messages": [], "answers": [], "next": None}]
    assert (program.status_code, nonsense.status_code) == (403, 400)


async def test_a_text_that_does_not_open_is_said_to_be_there(house: House, alice: Headers) -> None:
    """Nothing is left out in silence, and one broken row keeps nobody from the others."""
    await chatted(house, alice)
    place = next(place for place in house.table.items if place[1].startswith("SAID#"))
    await house.table.update(Key(*place), Change(set={"said": b"\x01" + bytes(40)}))
    (messages,) = [page["messages"] for page in await texts_of(house, alice) if page["messages"]]

    assert [one["message"] for one in messages] == [None, {"role": "assistant", "content": "Bonjour"}]


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
