"""Every operation of the OpenAPI document, asked rightly and wrongly at random: no failure of ours, and no answer that is not described."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from shared.storage.people import list_people
from tests.fakes.client import FakeClient
from tests.fakes.good_bodies import CHAT, GOOD, SIGN_IN
from tests.fakes.house import Headers, House, operations, whole_house
from tests.journeys.conftest import answers

type Role = Literal["nobody", "token", "user", "admin"]

EXAMPLES = 2
"""Of each kind, right and wrong, for each operation and role."""
NOT_CHECKED: list[Any] = [positive_data_acceptance]
"""What the fields of one body ask of each other is not for JSON schema to say."""


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
    """A fresh session, or a fresh access token: signing out and forgetting tokens are among the operations."""
    if role == "nobody":
        return {}
    name = "root" if role == "admin" else "user"
    session = asyncio.run(house.services.accounts.sign_in(f"{name}@example.com", "correct horse"))
    headers = {"Authorization": f"Bearer {session.token}"}
    if role != "token":
        return headers
    made = asyncio.run(house.http.post("/api/tokens", json={"name": "program"}, headers=headers))
    return {"Authorization": f"Bearer {made.json()['token']}"}


@pytest.mark.parametrize("role", ["nobody", "token", "user", "admin"])
def test_whatever_is_asked_the_answer_is_described(open_house: House, role: Role) -> None:
    """Threat H11."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", open_house.app)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        headers = headers_of(open_house, role)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _ask(found.ok().as_strategy(generation_mode=mode), headers)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, "a route without parameters cannot be asked wrongly"


def _ask(cases: Any, headers: Headers) -> None:
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: Case[Any]) -> None:
        if "provider" in case.path_parameters and case.path_parameters["provider"].isalpha():
            case.path_parameters["provider"] = "openai"
        case.call_and_validate(headers=headers, excluded_checks=NOT_CHECKED)

    ask()


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
        response = case.call_and_validate(headers=headers, excluded_checks=NOT_CHECKED)

        assert response.status_code < 300, (operation, response.text)
