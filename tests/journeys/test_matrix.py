"""Every route of the OpenAPI document, asked by every role with another's ids: as if they were absent. Routes to come join by themselves.

Alice has one of everything. Wherever a route takes an id, in its path, its query or its body, it is asked with hers and with one that nobody has,
with a body that it would carry out: 404, in the same words. And two houses are alike but for what Alice has: nobody else can tell them apart.
Threat I3.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.egress.exchange import Outbound
from tests.fakes.belongings import HER_CHAT, HER_KEY, ONCE, Belongings, SilentAnswer, belongings, is_silent
from tests.fakes.client import Answer, FakeClient
from tests.fakes.good_bodies import GOOD, SIGN_IN
from tests.fakes.house import Headers, House, Operation, operations, whole_house
from tests.journeys.conftest import answers

ROLES = ("nobody", "program", "user", "admin")
ABSENT = {
    "user_id": "0" * 16,
    "token_id": "0" * 16,
    "conversation": "01HZZZZZZZZZZZZZZZZZZZZZZZ",
    "finished": "01HZZZZZZZZZZZZZZZZZZZZZZZ",
    "growing": "01HZZZZZZZZZZZZZZZZZZZZZZZ",
    "name": "sedge",
    "provider": "groq",
}
"""In the form of Alice's, and nobody's. The provider is one of whom nobody has a key."""
NAMES: dict[str, tuple[str, ...]] = {
    "id": ("growing", "finished", "name"),
    "conversationId": ("conversation",),
    "token": ("token_id",),
    "after": ("conversation", "finished"),
    "before": ("finished",),
    "after_id": ("finished",),
    "before_id": ("finished",),
    "actor": ("user_id",),
    "subject": ("user_id",),
    "search": ("user_id",),
    "ids": ("user_id", "token_id"),
}
"""What a parameter or a member of a body may name, where it is not called as Alice's things are."""
OF_ALL = {
    "/api/chat/{provider}",
    "/api/chat/{provider}/stream",
    "/api/models/{provider}",
    "/api/providers/{provider}",
    "/api/providers/{provider}/test",
}
"""Here a provider is everybody's, as the catalogue has it; whose key is used, the walk of two houses tells."""
MAKES = {("PUT", "/api/routes/{name}")} | {("POST", f"/api/provider-config{s}/{{provider}}") for s in ("", "s")}
"""Makes one's own of a name that is free."""
SEES_ALL = ("/api/admin/", "/api/metrics")
"""What tells an admin of everybody."""
LAST = ["/api/auth/signout", "/api/account"]
"""What ends the walk of whoever asks it."""
LEFT_OUT = {"/api/auth/signup", "/.well-known/jwks.json"}
"""What adds people to a house, and its keys, of which each house has its own."""
_OURS = re.compile(r'[0-9A-HJKMNP-TV-Z]{26}|\d{4}-\d\d-\d\dT[\d:.]+Z|\b1[78]\d{8}\b|(?<=Ms":)\s*\d+')
"""Ids, times and durations of an answer."""
_ONES_OWN = re.compile(r'"(id|token|refreshToken|owner|digest|fingerprint|previous)":\s*"[^"]*"')


def replies(outbound: Outbound) -> Answer:
    return SilentAnswer() if is_silent(outbound) else answers(outbound)


@dataclass(frozen=True, slots=True)
class Walk:
    """A house, what each role calls with, and what Alice has there."""

    house: House
    client: FakeClient
    roles: dict[str, Headers]
    alice: Headers
    has: Belongings | None

    def hers(self) -> list[str]:
        """Her rows, and all that lies at the scopes of her limits."""
        assert self.has is not None
        marks = (self.has.ids["user_id"], self.has.ids["token_id"])
        return sorted(str(item) for item in self.house.table.items.values() if any(mark in str(item) for mark in marks))


async def opened(stack: AsyncExitStack, home: Path, *, alice_has_things: bool, others_have_keys: bool) -> Walk:
    client = FakeClient(replies)
    house = await stack.enter_async_context(whole_house(home, client=client))
    people = {name: await house.signed_up(name) for name in ("root", "user", "alice")}
    made = (await house.http.post("/api/tokens", json={"name": "ci"}, headers=people["user"])).json()
    has = await belongings(house, people["alice"], people["root"]) if alice_has_things else None
    if has is not None:
        stack.push_async_callback(has.leave)
    if others_have_keys:
        for name in ("root", "user"):
            await house.with_key(people[name])
    roles = {"nobody": {}, "program": {"x-api-key": made["token"]}, "user": people["user"], "admin": people["root"]}
    return Walk(house, client, roles, people["alice"], has)


@pytest.fixture
async def walk(tmp_path: Path) -> AsyncIterator[Walk]:
    """The house where Alice has one of everything, and the others have a key of their own."""
    async with AsyncExitStack() as stack:
        yield await opened(stack, tmp_path / "one", alice_has_things=True, others_have_keys=True)


@pytest.fixture
async def walks(tmp_path: Path) -> AsyncIterator[tuple[Walk, Walk]]:
    """The house where Alice has things, and the one where she has none."""
    async with AsyncExitStack() as stack:
        yield (
            await opened(stack, tmp_path / "one", alice_has_things=True, others_have_keys=False),
            await opened(stack, tmp_path / "other", alice_has_things=False, others_have_keys=False),
        )


async def described(walk: Walk) -> list[Operation]:
    """What makes something comes after all that asks for it, and last what ends the walk of whoever asks it."""
    found = [each for each in operations(await walk.house.document()) if each.path not in LEFT_OUT]
    return sorted(found, key=lambda each: (each.path in LAST, (each.method, each.path) in MAKES))


@dataclass(frozen=True, slots=True)
class Asking:
    """One way to name a thing of that kind to an operation."""

    operation: Operation
    kind: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    async def ask(self, walk: Walk, headers: Headers) -> httpx.Response:
        return await walk.house.http.request(
            self.operation.method,
            self.operation.address(**self.path),
            params=self.query,
            json=self.body,
            headers=headers,
        )


def kinds_of(name: str) -> tuple[str, ...]:
    return NAMES.get(name, (name,))


def askings(operation: Operation, document: Mapping[str, Any], ids: Mapping[str, str]) -> Iterator[Asking]:
    """All ways to name one of these ids to it. What is a word of its own (a model, a task) is none."""
    good = GOOD.get((operation.method, operation.path)) if operation.takes_a_body else None
    for name in re.findall(r"\{(\w+)\}", operation.path):
        for kind in () if name == "provider" and operation.path in OF_ALL else kinds_of(name):
            yield Asking(operation, kind, path={name: ids[kind]}, body=good)
    for name in (each["name"] for each in operation.described.get("parameters", []) if each["in"] == "query"):
        for kind in kinds_of(name):
            if kind in ids and kind != "provider":
                yield Asking(operation, kind, query={name: ids[kind]}, body=good)
    for name in sorted(members(operation, document)):
        for kind in kinds_of(name) if name in NAMES else ():
            yield Asking(operation, kind, body={**(good or {}), name: ids[kind]})


def members(operation: Operation, document: Mapping[str, Any]) -> set[str]:
    """What the body may have at its top."""
    schema = operation.described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"][name] if name else schema
    return set(found.get("properties", {}))


def everything_named(operation: Operation) -> Iterator[str]:
    yield from re.findall(r"\{(\w+)\}", operation.path)
    yield from (each["name"] for each in operation.described.get("parameters", []) if each["in"] == "query")


async def test_every_id_that_a_route_names_is_one_that_this_walk_knows(walk: Walk) -> None:
    """A route with a new kind of id fails here until Alice has one."""
    assert walk.has is not None
    document, every = await walk.house.document(), await described(walk)
    in_paths = {name for each in every for name in re.findall(r"\{(\w+)\}", each.path)}
    schemas = document["components"]["schemas"].values()
    asked = {name for each in every for name in (*everything_named(each), *members(each, document))}
    asked |= {name for schema in schemas for name in schema.get("properties", {}) if name in {"id", "ids"}}
    like_ids = {name for name in asked if re.search(r"(^|_)ids?$|I(d|ds)$", name)}

    assert {kind for name in in_paths for kind in kinds_of(name)} <= set(walk.has.ids) | {"provider"}
    assert like_ids <= set(NAMES) | set(walk.has.ids) | {"tool_call_id"}
    assert {(each.method, each.path) for each in every if each.takes_a_body} - set(GOOD) <= {
        ("POST", "/api/auth/refresh")
    }


@pytest.mark.parametrize("role", ROLES)
async def test_anothers_id_is_404_as_if_nobody_had_it_and_nothing_of_theirs_changes(walk: Walk, role: str) -> None:
    """Threat I3."""
    assert walk.has is not None
    document, headers, ids = await walk.house.document(), walk.roles[role], {**walk.has.ids, "provider": "mistral"}
    before, asked_before, wrong = walk.hers(), len(walk.client.asked), []
    for operation in await described(walk):
        if role == "admin" and operation.path.startswith(SEES_ALL):
            continue
        pairs = zip(askings(operation, document, ids), askings(operation, document, ABSENT), strict=True)
        found = [await asyncio.gather(*(each.ask(walk, headers) for each in pair)) for pair in pairs]
        for asking, (one, other) in zip(askings(operation, document, ids), found, strict=True):
            same = _without(one, asking.kind, ids) == _without(other, asking.kind, ABSENT)
            if one.status_code != other.status_code or one.status_code not in promised(asking, role) or not same:
                wrong.append((operation.method, operation.path, asking.kind, one.status_code, one.text, other.text))
            if any(secret in one.text for secret in walk.has.secrets):
                wrong.append((operation.method, operation.path, "tells", one.status_code, one.text, other.text))
    shown = [outbound.headers for outbound in walk.client.asked[asked_before:]]

    assert wrong == []
    assert walk.hers() == before
    assert not walk.has.growing.done()
    assert not [headers for headers in shown if HER_KEY in str(headers)]


def promised(asking: Asking, role: str) -> set[int]:
    """What may be answered where somebody names what is not theirs."""
    operation = asking.operation
    needs = {name for each in operation.described.get("security", []) for name in each}
    if role == "nobody":
        return {401} if needs else {200, 401}
    if operation.path.startswith("/api/admin/") or (role == "program" and needs == {"session"}):
        return {403}
    if (operation.method, operation.path) in MAKES:
        return {200, 201}
    if asking.query:
        return {200, 201, 400, 404}
    return {404}


def _without(answer: httpx.Response, kind: str, ids: Mapping[str, str]) -> str:
    """What it says, without the id that was asked for and what differs from one answer to the next."""
    text = re.sub(rf"\b{re.escape(ids[kind])}\b", "", answer.text, flags=re.IGNORECASE)
    for provider in ("Mistral", "Groq"):
        text = text.replace(provider, "")
    return _OURS.sub("", _ONES_OWN.sub("", text))


async def test_her_idempotency_key_gives_nobody_else_her_answer(walk: Walk) -> None:
    """Threat I3: a key is of whoever sends it."""
    headers = {**walk.roles["user"], "idempotency-key": ONCE}
    asked = len(walk.client.asked)
    theirs = await walk.house.http.post("/api/llm/chat", json=HER_CHAT, headers=headers)
    hers = await walk.house.http.post("/api/llm/chat", json=HER_CHAT, headers={**walk.alice, "idempotency-key": ONCE})

    assert (theirs.status_code, hers.status_code) == (200, 200)
    assert "idempotency-replayed" not in theirs.headers
    assert "idempotency-replayed" in hers.headers
    assert len(walk.client.asked) - asked == 1


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_anothers_is_as_if_it_were_absent(walks: tuple[Walk, Walk], role: str) -> None:
    """Threat I3: also where no id is named, and with the bodies that a route carries out."""
    with_things = walks[0]
    assert with_things.has is not None
    told_apart = []
    for operation in await described(with_things):
        for good in (False, True):
            one, other = [await asked(each, role, operation, with_things.has.ids, good=good) for each in walks]
            if one != other and not (role == "admin" and operation.path.startswith(SEES_ALL)):
                told_apart.append((operation.method, operation.path, one, other))

    assert told_apart == []


async def asked(walk: Walk, role: str, operation: Operation, ids: Mapping[str, str], *, good: bool) -> tuple[int, str]:
    """The answer, without what differs from one to the next. Whoever bids farewell does so with a wrong password the first time."""
    body = (GOOD.get((operation.method, operation.path)) if good else {}) if operation.takes_a_body else None
    names = {**ids, "user_id": ABSENT["user_id"], "provider": "openai"}
    path = {name: names[kinds_of(name)[0]] for name in re.findall(r"\{(\w+)\}", operation.path)}
    answer = await walk.house.http.request(
        operation.method, operation.address(**path), json=body, headers=walk.roles[role]
    )
    return answer.status_code, _OURS.sub("", _ONES_OWN.sub("", answer.text))


@pytest.mark.parametrize("role", ["nobody", "program", "user"])
async def test_only_admins_who_are_signed_in_administer(walk: Walk, role: str) -> None:
    """OWASP API5: by the document, so that no route to come is forgotten."""
    assert walk.has is not None
    administering = [each for each in await described(walk) if each.path.startswith("/api/admin/")]
    before = [str(item) for item in walk.house.table.items.values()]
    got = {await asked(walk, role, operation, walk.has.ids, good=True) for operation in administering}

    assert len(administering) >= 14
    assert {status for status, _ in got} == {401 if role == "nobody" else 403}
    assert [str(item) for item in walk.house.table.items.values()] == before


async def test_who_deletes_their_account_takes_nothing_of_anothers_with_them(walk: Walk) -> None:
    """Threat I3."""
    before = walk.hers()
    kept = await walk.house.http.get("/api/account", headers=walk.roles["user"])
    gone = await walk.house.http.request(
        "DELETE", "/api/account", json={"password": SIGN_IN["password"]}, headers=walk.roles["user"]
    )
    assert walk.has is not None

    assert (kept.status_code, gone.status_code) == (200, 204)
    assert not [secret for secret in (*walk.has.secrets, *walk.has.ids.values()) if secret in kept.text]
    assert walk.hers() == before
