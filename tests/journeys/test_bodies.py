"""Bodies that two readers could read differently, or none: every route that takes one refuses them. Threats H5 and H6."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.client import FakeClient
from tests.fakes.house import HELLO, Headers, House, Operation, operations
from tests.fakes.vectors import json_suite, utf8_cases

DEEP = 100_000
BOMBS = {
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep arrays, never closed": b"[" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep in a field": b'{"provider":' + b"[" * 65 + b"]" * 65 + b"}",
    "a huge integer": b'{"provider":' + b"9" * 100_000 + b"}",
    "a number past a double": b'{"provider":1e400}',
    "NaN": b'{"provider":NaN}',
    "Infinity": b'{"provider":-Infinity}',
    "a name twice": b'{"provider":"openai","provider":"anthropic"}',
    "a lone surrogate": b'{"provider":"\\ud800"}',
    "a surrogate in a name": b'{"\\udfff":1}',
    "a raw NUL": b'{"provider":"a\x00b"}',
    "half a code point": b'{"provider":"\xe2\x82"}',
    "a byte order mark": b'\xef\xbb\xbf{"provider":"openai"}',
    "UTF-16": '{"provider":"openai"}'.encode("utf-16"),
    "a list": b"[]",
    "null": b"null",
    "a string": b'"provider"',
    "a number": b"0",
    "nothing": b"",
    "spaces": b" \n ",
    "a form": b"provider=openai",
    "two documents": b"{}{}",
    "ten thousand names": json.dumps(dict.fromkeys(map(str, range(10_000)), 0)).encode(),
}
MAY_BE_LEFT_OUT = {"nothing", "null"}
"""Where the document says that the body is not required, these are no body."""


async def with_bodies(house: House) -> list[Operation]:
    """Every operation that takes a body."""
    return [operation for operation in operations(await house.document()) if operation.takes_a_body]


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_is_400_on_every_route_and_touches_nothing(
    house: House, client: FakeClient, asker: Headers, bomb: str
) -> None:
    """Threats H5 and H6."""
    before, asked = house.table.writes, len(client.asked)
    for operation in await with_bodies(house):
        if bomb in MAY_BE_LEFT_OUT and not operation.described["requestBody"].get("required"):
            continue
        answer = await house.http.request(
            operation.method, operation.address(), content=BOMBS[bomb], headers=asker, timeout=10
        )

        assert answer.status_code == 400, (operation, answer.text)
        error = answer.json()["error"]
        assert error.get("code", error.get("type")) in {"invalid_request", "invalid_request_error"}
        assert len(answer.content) < 20_000
    assert (house.table.writes, len(client.asked)) == (before, asked)


@pytest.mark.vectors
async def test_what_is_no_json_is_400_on_every_route(
    house: House, client: FakeClient, asker: Headers, shared_material: Path
) -> None:
    """Threats H5 and H6: JSONTestSuite."""
    bad = [body for _, expect, body in json_suite(shared_material) if expect == "reject"]
    before = house.table.writes
    for operation in await with_bodies(house):
        for body in bad:
            if not body.strip() and not operation.described["requestBody"].get("required"):
                continue
            answer = await house.http.request(operation.method, operation.address(), content=body, headers=asker)

            assert answer.status_code == 400, (operation, body[:80], answer.text)
    assert (len(bad), house.table.writes, client.asked) == (188, before, [])


@pytest.mark.vectors
async def test_whatever_else_the_suites_hold_is_no_failure_of_ours(
    house: House, asker: Headers, shared_material: Path
) -> None:
    """Threat H6: JSONTestSuite, also where a reader may choose, and utf8tests."""
    bodies = [body for _, expect, body in json_suite(shared_material) if expect != "reject"]
    bodies += [b'{"provider":"' + raw + b'"}' for _, raw in utf8_cases(shared_material)]
    for path in ("/api/llm/chat", "/api/provider-configs", "/api/auth/signup", "/api/models/compare"):
        statuses = {(await house.http.post(path, content=body, headers=asker)).status_code for body in bodies}

        assert statuses <= {400, 404}, path


def chat(**options: Any) -> dict[str, Any]:
    return {"model": "openai/hello", "messages": HELLO, "options": options}


def tool(**parameters: Any) -> dict[str, Any]:
    return {"function": {"name": "f", "parameters": parameters}}


TOO_MUCH: dict[str, tuple[dict[str, Any], str]] = {
    "tools": (chat(tools=[tool()] * 129), "options.tools"),
    "messages": ({"model": "openai/hello", "messages": HELLO * 2049}, "messages"),
    "no messages": ({"model": "openai/hello", "messages": []}, "messages"),
    "a schema of a tool": (chat(tools=[tool(), tool(x="y" * 70_000)]), "options.tools[1].function.parameters"),
    "a schema of an answer": (
        chat(responseFormat={"type": "json_schema", "json_schema": {"schema": {"x": "y" * 70_000}}}),
        "options.responseFormat.json_schema.schema",
    ),
    "pictures": (
        {
            "model": "openai/hello",
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}] * 501,
                }
            ],
        },
        "messages",
    ),
}


@pytest.mark.parametrize("what", TOO_MUCH)
async def test_too_much_of_anything_is_refused_by_name(
    house: House, client: FakeClient, asker: Headers, what: str
) -> None:
    """Threat H5."""
    body, parameter = TOO_MUCH[what]
    for path in ("/api/llm/chat", "/api/llm/stream", "/api/chat/openai", "/api/chat/openai/stream"):
        answer = await house.http.post(path, json=body, headers=asker)

        assert (answer.status_code, answer.json()["error"]["details"].get("parameter")) == (400, parameter)
    assert client.asked == []


async def test_as_much_as_is_allowed_is_answered(house: House, asker: Headers) -> None:
    body = {**chat(tools=[tool(x="y" * 60_000)] * 50), "messages": HELLO * 2048}
    answer = await house.http.post("/api/llm/chat", json=body, headers=asker)

    assert answer.status_code == 200, answer.text


async def test_what_is_wrong_with_everything_is_told_of_a_few(house: House, asker: Headers) -> None:
    """Threat H5: an error is not larger than what it is about."""
    body = dict.fromkeys(map(str, range(10_000)), 0)
    answer = await house.http.post("/api/provider-configs", json=body, headers=asker)

    assert answer.status_code == 400
    assert len(answer.json()["error"]["details"]["errors"]) == 20
