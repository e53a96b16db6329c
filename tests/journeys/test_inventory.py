"""The OpenAPI document is the inventory: nothing answers that is not in it, and nothing in it answers a stranger. Routes to come join by themselves."""

from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts

from functions.local import OnePort
from tests.fakes.client import FakeClient
from tests.fakes.house import House, operations

REFERENCE = {"/", "/openapi.json", "/docs", "/docs/start.js", "/docs/assets"}
"""The document itself and the page that reads it: nobody's data."""
OPEN = {
    ("POST", "/api/auth/signup"),
    ("POST", "/api/auth/signin"),
    ("POST", "/api/auth/refresh"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/api/health"),
}


def routes(app: OnePort) -> Iterator[tuple[str, str]]:
    """Every method and path that some door would answer."""
    for door in app._doors:
        for route in iter_route_contexts(door.routes):
            path = str(route.path).replace(":model}", "}")  # how a route says that an id may hold slashes
            yield from ((method, path) for method in (route.methods or {"any"}) - {"HEAD"})


async def test_every_route_is_in_the_document_and_the_reverse(house: House) -> None:
    """Threat H11."""
    answered = {(method, path) for method, path in routes(house.app) if path not in REFERENCE}
    described = {(operation.method, operation.path) for operation in operations(await house.document())}

    assert answered == described


async def test_what_is_open_was_opened_on_purpose(house: House) -> None:
    """Threat H11: a route whose author forgot the credential shows up here."""
    described = operations(await house.document())

    assert {(operation.method, operation.path) for operation in described if operation.is_open} == OPEN


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."},
        {"x-api-key": "sk-rml-0000000000000000-nobody"},
    ],
    ids=["none", "nonsense", "unsigned", "unknown"],
)
async def test_a_stranger_gets_401_and_changes_nothing(
    house: House, client: FakeClient, headers: dict[str, str]
) -> None:
    """Threat H11."""
    await house.with_key(await house.signed_up("alice"))
    before, asked = house.table.writes, len(client.asked)
    closed = [operation for operation in operations(await house.document()) if not operation.is_open]
    answers = [
        await house.http.request(operation.method, operation.address(), json=body, headers=headers)
        for operation in closed
        for body in ({}, {"provider": "openai", "apiKey": "sk-other", "test": False, "name": "x"})
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert all(answer.headers["www-authenticate"] == "Bearer" for answer in answers)
    assert (house.table.writes, len(client.asked)) == (before, asked)


async def test_a_method_that_no_route_takes_is_405_and_a_path_that_none_has_404(house: House) -> None:
    described = list(operations(await house.document()))
    wrong = [await house.http.request("TRACE", operation.address()) for operation in described]
    absent = [await house.http.get(path) for path in ("/api", "/api/nothing", "/openapi.yaml", "/redoc", "/events")]

    methods: dict[str, set[str]] = {}
    for operation in described:
        methods.setdefault(operation.path, set()).add(operation.method)

    assert {answer.status_code for answer in wrong} == {405}
    assert [set(answer.headers["allow"].split(", ")) - {"HEAD"} for answer in wrong] == [
        methods[operation.path] for operation in described
    ]
    assert {answer.status_code for answer in absent} == {404}
    assert all(answer.headers["x-realmultillm-request-id"] for answer in wrong)
    assert all(answer.json()["error"]["requestId"] for answer in absent)


async def test_no_path_is_nearly_right(house: House) -> None:
    """Threat H11. A redirect to the right one would send body and credential to whatever the Host header says."""
    paths = [f"{operation.address()}/" for operation in operations(await house.document())] + [
        "/docs/",
        "/docs/assets/x",
    ]
    answers = [await house.http.post(path, json={}, headers={"host": "evil.example"}) for path in paths]
    answers += [await house.http.get(path, headers={"host": "evil.example"}) for path in paths]

    assert {answer.status_code for answer in answers} <= {404, 405}
    assert not [answer for answer in answers if "evil.example" in str(answer.headers) + answer.text]


async def test_every_answer_is_named_and_walled(house: House) -> None:
    """Threat H11: also the page that reads the document, and what is not there."""
    paths = [
        "/",
        "/openapi.json",
        "/docs",
        "/docs/start.js",
        "/docs/assets/swagger-ui.css",
        "/docs/assets/none",
        "/none",
    ]
    answers = [await house.http.get(path) for path in [*paths, "/api/health"]]

    assert len({answer.headers["x-realmultillm-request-id"] for answer in answers}) == len(answers)
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}
    assert all("frame-ancestors 'none'" in answer.headers["content-security-policy"] for answer in answers)
