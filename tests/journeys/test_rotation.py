"""A master key is rotated, everything is wrapped anew, and the old one is taken away: nothing is lost. Threat K10's other side."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.configs.rewrap import Tally, rewrap_some
from functions.local import create_app
from shared.crypto.keyfile import KeyFile
from shared.errors import InvalidRequest
from shared.gateway.guard.webhook import signing_secret
from shared.storage import layout
from shared.storage.policies import find_policies
from shared.storage.table import Change
from tests.fakes.client import FakeClient
from tests.fakes.house import HELLO, KEY, Headers, House
from tests.fakes.services import fake_services

SECRET = "a-webhook-secret-91c04be72d5fa386"
REWRAP = "/api/admin/encryption/rewrap"
REPLAY = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
CHAT = {"model": "openai/hello", "messages": HELLO, "keep": True}


@pytest.fixture
async def root(house: House) -> Headers:
    return await house.signed_up("root")


async def rewrapped(house: House, root: Headers) -> list[dict[str, Any]]:
    """Every call until there is no next one."""
    answers: list[dict[str, Any]] = []
    after: str | None = None
    while not answers or after is not None:
        answer = await house.http.post(REWRAP, params={"after": after} if after else {}, headers=root)
        assert answer.status_code == 200, answer.text
        answers.append(answer.json())
        after = answers[-1]["next"]
    return answers


def masters(home: Path) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = json.loads((home / "keys.json").read_text())["keys"]
    return keys


def retire_oldest(home: Path) -> None:
    (home / "keys.json").write_text(json.dumps({"version": 1, "keys": masters(home)[1:]}))


async def test_after_a_rotation_and_a_rewrap_the_old_master_key_is_needed_no_more(
    house: House, root: Headers, client: FakeClient
) -> None:
    """Conversations, kept answers, provider keys, sessions, and what alerts are signed with."""
    alice, home = await house.signed_up("alice"), house.services.settings.home
    await house.with_key(alice)
    first = await house.http.post("/api/llm/chat", json=CHAT, headers={**alice, **REPLAY})
    hook = {"url": "https://alerts.example.com/hook", "secret": SECRET}
    assert (await house.http.put("/api/admin/alerts/webhook", json=hook, headers=root)).status_code == 200
    assert isinstance(house.services.key_wrapper, KeyFile)
    house.services.key_wrapper.rotate()
    (tally,) = await rewrapped(house, root)
    retire_oldest(home)

    services = fake_services(home, clock=house.clock, table=house.table)
    services.client = client
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        told = first.json()["conversation"]["id"]
        read = await http.get(f"/api/chat/history/{told}", headers=alice)
        again = await http.post("/api/llm/chat", json=CHAT, headers={**alice, **REPLAY})
        anew = await http.post("/api/llm/chat", json={**CHAT, "conversationId": told}, headers=alice)
    webhook = (await find_policies(services.table)).webhook
    assert webhook is not None
    secret = await signing_secret(services, webhook)
    await services.close()

    assert len(masters(home)) == 1
    assert tally == {"rewrapped": 1, "needsReentry": 0, "journals": 1, "own": 2, "unreadable": 0, "next": None}
    assert [one["message"]["content"] for one in read.json()["messages"]] == ["hello", "Bonjour"]
    assert again.content == first.content
    assert anew.json()["conversation"]["kept"] is True
    assert KEY in str(client.asked[-1].headers)
    assert secret.reveal() == SECRET


async def test_a_journal_that_no_master_key_opens_is_counted_and_left_as_it_is(house: House, root: Headers) -> None:
    """So that nobody takes a master key away which it may still need."""
    alice = await house.signed_up("alice")
    await house.with_key(alice)
    await house.http.post("/api/llm/chat", json=CHAT, headers=alice)
    owner = (await house.http.get("/api/auth/session", headers=alice)).json()["user"]["id"]
    await house.table.update(layout.journal(owner), Change(set={"wrapped": b"\x01" + bytes(68)}))
    (tally,) = await rewrapped(house, root)
    item = await house.table.get(layout.journal(owner))

    assert (tally["journals"], tally["unreadable"]) == (0, 1)
    assert item is not None
    assert item["wrapped"] == b"\x01" + bytes(68)


async def test_a_call_goes_over_so_many_and_the_next_one_goes_on(house: House, root: Headers) -> None:
    """Bounded: a door on AWS has half a minute. None is passed over and none is done twice."""
    for name in ("a", "b", "c"):
        headers = await house.signed_up(name)
        await house.with_key(headers)
        await house.http.post("/api/llm/chat", json=CHAT, headers=headers)
    tallies: list[Tally] = []
    after = None
    while not tallies or after is not None:
        tally, after = await rewrap_some(house.services, after, most=2)
        tallies.append(tally)

    assert sum(tally.rewrapped for tally in tallies) == 3
    assert sum(tally.journals for tally in tallies) == 3
    assert max(tally.rewrapped + tally.journals for tally in tallies) == 2
    with pytest.raises(InvalidRequest):
        await rewrap_some(house.services, "people/x")
