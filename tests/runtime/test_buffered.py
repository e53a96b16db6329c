"""The app as a plain handler, where nothing streams. Not coroutines: the handler brings its own event loop."""

import asyncio
import json
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from shared.runtime.asgi import App, Receive, Scope, Send
from shared.runtime.buffered import Buffered
from shared.runtime.reply import NoAnswer
from tests.fakes.aws_lambda.samples import event


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-path", scope["raw_path"])]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})


def answered(app: App, *events: object, context: object = None) -> list[dict[str, Any]]:
    """What one handler says to these."""
    with closing(Buffered(app)) as handler:
        return [handler(one, context) for one in events]


def decoded(version: str = "2.0", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(event(version, method="POST", target="/a%20b", body=b"hello", **more))
    return found


@pytest.mark.parametrize(
    ("version", "field", "value"), [("2.0", "headers", "/a%20b"), ("1.0", "multiValueHeaders", ["/a%20b"])]
)
def test_an_answer_is_gathered_in_the_form_of_its_payload(version: str, field: str, value: object) -> None:
    said = answered(echo, decoded(version, headers=[("content-type", "text/plain")]))[0]

    assert (said["statusCode"], said["body"], said["isBase64Encoded"]) == (201, "hello!", False)
    assert said[field]["x-path"] == value


def test_events_share_a_loop_for_connections_do() -> None:
    loops = list[object]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        loops.append(asyncio.get_running_loop())
        await echo(scope, receive, send)

    answered(app, decoded(), decoded())

    assert loops[0] is loops[1]


@pytest.mark.parametrize(
    "unknown", [{}, None, [], {"Records": []}, {**decoded(), "isBase64Encoded": True, "body": "%"}]
)
def test_an_event_that_cannot_be_read_is_refused_politely(unknown: object) -> None:
    assert answered(echo, unknown)[0]["statusCode"] == 400


def test_the_app_learns_when_it_has_to_end() -> None:
    """Trap 70."""
    left = list[float]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        left.append(scope["state"]["deadline"] - asyncio.get_running_loop().time())
        await echo(scope, receive, send)

    answered(app, decoded(), context=SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000))

    assert left[0] == pytest.approx(55, abs=1)


def test_half_an_answer_is_none() -> None:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})

    with pytest.raises(NoAnswer):
        answered(app, decoded())
