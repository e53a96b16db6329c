"""Every operation of the OpenAPI document, asked rightly and wrongly at random: no failure of ours, and no answer that is not described."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import schemathesis
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import CheckNode

from shared.storage.people import list_people
from tests.fakes.client import FakeClient
from tests.fakes.good_bodies import CHAT, GOOD, SIGN_IN
from tests.fakes.house import Headers, House, operations, whole_house
from tests.journeys.conftest import answers

type Role = Literal["nobody", "narrowed", "token", "user", "admin"]

ROLES: tuple[Role, ...] = ("nobody", "narrowed", "token", "user", "admin")
EXAMPLES = 3
"""At random, of each operation and role; before these come all boundaries of each parameter and field, some ten thousand requests a role."""
ENDS_THE_WALK = ["/api/auth/signout"]
"""After it all else would be 401. The walk of good answers asks it."""
NARROW = {"name": "narrow", "providers": ["openai"], "models": ["openai/hello"], "budgetUsd": "25.00"}
EXCUSED = {
    "positive_data_acceptance": (
        "",
        "names of models, cursors, and what the fields of one body ask of each other are no schema's: see the walk of good answers",
    ),
    "negative_data_rejection": (
        "parameter `Idempotency-Key` in header - ",
        "an `Idempotency-Key` that is no text: on the wire a header is nothing else",
    ),
}
"""By check: which of its words are no flaw, and why. All else that any check of the library says is one."""


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[House]:
    """For callers that are no coroutines. Its provider answers every chat and every trial."""
    with asyncio.Runner() as runner:
        opening = whole_house(tmp_path, client=FakeClient(answers))
        house = runner.run(opening.__aenter__())
        for name in ("root", "user"):
            runner.run(house.signed_up(name))
        yield house
        runner.run(opening.__aexit__(None, None, None))


def headers_of(house: House, role: Role) -> Headers:
    """A session, or an access token: one that may do all that its owner may, or one that is narrowed."""
    if role == "nobody":
        return {}
    name = "root" if role == "admin" else "user"
    session = asyncio.run(house.services.accounts.sign_in(f"{name}@example.com", "correct horse"))
    headers = {"Authorization": f"Bearer {session.token}"}
    asyncio.run(house.with_key(headers))
    if role not in {"token", "narrowed"}:
        return headers
    wanted = {"name": "program"} if role == "token" else NARROW
    made = asyncio.run(house.http.post("/api/tokens", json=wanted, headers=headers))
    return {"Authorization": f"Bearer {made.json()['token']}"}


def at_openai(_: Any, parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of the providers drawn, those whose names could be one's are the one whose key is stored."""
    named = str((parameters or {}).get("provider", ""))
    return {**(parameters or {}), "provider": "openai"} if named.isalpha() and named.isascii() else parameters


@pytest.mark.parametrize("role", ROLES)
def test_whatever_is_asked_the_answer_is_described(open_house: House, role: Role) -> None:
    """Threat H11: examples, boundaries, chance and sequences, with every check of the library. Each role has a chance of its own."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", open_house.app).exclude(path=ENDS_THE_WALK)
    schema.hook("map_path_parameters")(at_openai)
    schema.config.headers = headers_of(open_house, role)
    schema.config.seed = ROLES.index(role)
    schema.config.generation.update(max_examples=EXAMPLES, no_shrink=True)
    answered, flaws = Counter[int](), set[tuple[str, str, str]]()
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError | FatalError):
            flaws.add(("the walk itself", str(event), ""))
        if isinstance(event, ScenarioFinished):
            answers_of = (each.response for each in event.recorder.interactions.values())
            answered.update(answer.status_code // 100 for answer in answers_of if answer is not None)
            flaws |= {flaw for checks in event.recorder.checks.values() for flaw in flaws_of(event.label, checks)}

    assert flaws == set()
    assert answered.total() > 2000
    assert set(answered) == {2, 4}
    assert answered[2] > 50 or role == "nobody"


def flaws_of(label: str | None, checks: Iterable[CheckNode]) -> Iterator[tuple[str, str, str]]:
    """What failed without an excuse: the check, the operation, and what it says."""
    for check in checks:
        if check.failure_info is not None:
            said, (words, _) = check.failure_info.failure.message, EXCUSED.get(check.name, (None, ""))
            if words is None or words not in said:
                yield check.name, str(label), said


def test_every_good_answer_is_described(open_house: House) -> None:
    """Threat H11: each operation succeeds once, and the document knows the answer to its last field."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", open_house.app)
    described = asyncio.run(open_house.document())
    people = asyncio.run(list_people(open_house.services.table, search="user@"))[0]
    for operation in sorted(
        operations(described), key=lambda each: (each.method == "DELETE", each.path == "/api/account")
    ):
        if operation.path.startswith(("/v1/responses/{id}", "/api/requests/{id}")):
            continue  # nothing is stored, and nothing grows here, so nothing is ever found
        session = asyncio.run(open_house.services.accounts.sign_in(SIGN_IN["email"], SIGN_IN["password"]))
        headers = {"Authorization": f"Bearer {session.token}"}
        asyncio.run(open_house.with_key(headers))
        made = asyncio.run(open_house.http.post("/api/tokens", json={"name": "x"}, headers=headers)).json()
        kept = asyncio.run(
            open_house.http.post("/api/llm/chat", json={"provider": "openai", **CHAT, "keep": True}, headers=headers)
        ).json()["conversation"]
        asyncio.run(open_house.http.put("/api/routes/mine", json=GOOD["PUT", "/api/routes/{name}"], headers=headers))
        bodies = {("POST", "/api/auth/refresh"): {"refreshToken": session.refresh_token}, **GOOD}
        case = schema[operation.path][operation.method].Case(
            path_parameters={
                "provider": "openai",
                "token_id": made["id"],
                "id": "openai/hello",
                "conversation": kept["id"],
                "name": "mine",
                "user_id": people[0].owner,
            },
            body=bodies.get((operation.method, operation.path), schemathesis.core.NOT_SET),
            media_type="application/json" if operation.takes_a_body else None,
        )
        response = case.call_and_validate(headers=headers)

        assert response.status_code < 300, (operation, response.text)
