"""Every route of the OpenAPI document, asked by every role with another's ids: as if they were absent. Routes to come join by themselves.

Two houses are alike but for what Alice has: in one there are her key, her token and whatever else routes name by an id; in the other she has
nothing. Whoever is not Alice cannot tell the houses apart. Threat I3.
"""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.client import FakeClient
from tests.fakes.house import HELLO, Headers, House, Operation, operations, whole_house
from tests.journeys.conftest import answers

ROLES = ("nobody", "program", "user", "admin")
FREE = {"provider", "id", "name"}
"""Parameters whose values people choose or the catalogue has: nobody's ids."""
ABSENT = "0" * 16
_OURS = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}|\d{4}-\d\d-\d\dT[\d:.]+Z|\b1[78]\d{8}\b")
"""Ids and times of an answer."""
LEFT_OUT = {"/api/auth/signout", "/api/auth/signup", "/api/account", "/.well-known/jwks.json"}
"""What ends the walk of whoever asks it, or begins another; and the keys of the house, of which each has its own."""
SEES_ALL = ("/api/admin/", "/api/metrics")
"""What tells an admin of everybody."""
BODIES: list[Any] = [{}, {"provider": "openai", "model": "hello", "messages": HELLO, "name": "x", "max_tokens": 5}]


@dataclass(frozen=True, slots=True)
class Walk:
    """A house, what each role calls with, and Alice's ids by the names that paths give them."""

    house: House
    roles: dict[str, Headers]
    alices: dict[str, str]


async def opened(stack: AsyncExitStack, home: Path, *, alice_has_things: bool) -> Walk:
    house = await stack.enter_async_context(whole_house(home, client=FakeClient(answers)))
    people = {name: await house.signed_up(name) for name in ("admin", "user", "alice")}
    made = (await house.http.post("/api/tokens", json={"name": "ci"}, headers=people["user"])).json()
    who = (await house.http.get("/api/auth/session", headers=people["alice"])).json()["user"]
    alices = {"user_id": who["id"]}
    if alice_has_things:
        await house.with_key(people["alice"])
        token = await house.http.post("/api/tokens", json={"name": "hers"}, headers=people["alice"])
        alices["token_id"] = token.json()["id"]
        said = {"provider": "openai", "model": "hello", "messages": HELLO, "keep": True}
        chat = await house.http.post("/api/llm/chat", json=said, headers=people["alice"])
        alices["conversation"] = chat.json()["conversation"]["id"]
    roles = {"nobody": {}, "program": {"x-api-key": made["token"]}, "user": people["user"], "admin": people["admin"]}
    return Walk(house, roles, alices)


@pytest.fixture
async def walks(tmp_path: Path) -> AsyncIterator[tuple[Walk, Walk]]:
    """The house where Alice has things, and the one where she has none."""
    async with AsyncExitStack() as stack:
        yield (
            await opened(stack, tmp_path / "one", alice_has_things=True),
            await opened(stack, tmp_path / "other", alice_has_things=False),
        )


async def described(walk: Walk) -> list[Operation]:
    return [each for each in operations(await walk.house.document()) if each.path not in LEFT_OUT]


async def test_every_id_that_a_path_names_is_one_that_this_walk_knows(walks: tuple[Walk, Walk]) -> None:
    """A route with a new kind of id fails here until Alice has one."""
    named = {name for each in await described(walks[0]) for name in re.findall(r"\{(\w+)\}", each.path)}

    assert named - FREE <= set(walks[0].alices)


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_anothers_is_as_if_it_were_absent(walks: tuple[Walk, Walk], role: str) -> None:
    """Threat I3."""
    with_things, without = walks
    ids = {**with_things.alices, "user_id": ABSENT}
    told_apart = []
    for operation in await described(with_things):
        for body in BODIES:
            one, other = [await asked(walk, role, operation, ids, body) for walk in (with_things, without)]
            if one != other and not (role == "admin" and operation.path.startswith(SEES_ALL)):
                told_apart.append((operation.method, operation.path, one, other))

    assert told_apart == []


async def asked(walk: Walk, role: str, operation: Operation, ids: dict[str, str], body: Any) -> tuple[int, str]:
    """The answer, without what differs from one to the next."""
    sent = body if operation.takes_a_body else None
    answer = await walk.house.http.request(
        operation.method, operation.address(**ids), json=sent, headers=walk.roles[role]
    )
    text = re.sub(r'"(id|token|owner|digest|fingerprint|previous)":\s*"[^"]*"', "", answer.text)
    return answer.status_code, _OURS.sub("", text)


@pytest.mark.parametrize("role", ["nobody", "program", "user"])
async def test_only_admins_who_are_signed_in_administer(walks: tuple[Walk, Walk], role: str) -> None:
    """OWASP API5: by the document, so that no route to come is forgotten."""
    walk = walks[0]
    administering = [each for each in await described(walk) if each.path.startswith("/api/admin/")]
    before = json.dumps([str(item) for item in walk.house.table.items.values()])
    got = {await asked(walk, role, operation, walk.alices, {}) for operation in administering}

    assert len(administering) >= 14
    assert {status for status, _ in got} == {401 if role == "nobody" else 403}
    assert json.dumps([str(item) for item in walk.house.table.items.values()]) == before


@pytest.mark.parametrize("role", ["program", "user"])
async def test_nobody_changes_what_is_anothers(walks: tuple[Walk, Walk], role: str) -> None:
    """Threat I3: after every route was asked with Alice's ids, her rows are what they were."""
    walk = walks[0]
    alice = walk.alices["user_id"]

    def hers() -> list[str]:
        return sorted(str(item) for item in walk.house.table.items.values() if alice in str(item))

    before = hers()
    for operation in await described(walk):
        for body in BODIES:
            await asked(walk, role, operation, walk.alices, body)

    assert hers() == before
