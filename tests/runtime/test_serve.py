"""Invocations through the runtime, by plain ASGI apps and the fake Runtime API. Traps 70 to 73 are where the tests name them."""

import asyncio
import json
import os
import time
from typing import Any

import pytest

from shared.runtime.api import RuntimeApi
from shared.runtime.asgi import Message, Receive, Scope, Send
from shared.runtime.line import RuntimeApiGone
from shared.runtime.serve import serve
from tests.fakes.aws_lambda.inside import runtime_api, served
from tests.fakes.aws_lambda.invocation import FunctionFailed, Invocation
from tests.fakes.aws_lambda.runtime_api import RuntimeApi as FakeRuntimeApi
from tests.fakes.aws_lambda.samples import changed, event

START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def invoke(api: FakeRuntimeApi, raw: bytes | None = None, **more: Any) -> Invocation:
    invocation = Invocation(event() if raw is None else raw, **more)
    api.invoke(invocation)
    return invocation


def parted(answer: bytes) -> tuple[dict[str, Any], bytes]:
    head, _, body = answer.partition(bytes(8))
    return json.loads(head), body


async def hello(_: Scope, __: Receive, send: Send) -> None:
    await send(START)
    await send(part(b"hello", more=False))


async def test_an_answer_is_streamed_with_its_prelude() -> None:
    async with served(hello) as api:
        invocation = invoke(api)
        head, body = parted(await invocation.whole())

    assert (head["statusCode"], body) == (200, b"hello")
    assert invocation.is_stream
    assert invocation.content_type == "application/vnd.awslambda.http-integration-response"


async def test_the_app_gets_the_whole_body_at_once_and_then_waits() -> None:
    heard: list[Message] = []

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        heard.append(await receive())
        await hello(_, receive, send)

    async with served(app) as api:
        await invoke(api, event(method="POST", body=b"x" * 100_000)).whole()

    assert heard == [{"type": "http.request", "body": b"x" * 100_000, "more_body": False}]


async def test_a_piece_arrives_before_the_next_is_made() -> None:
    """Trap 73: nothing between the app and Lambda gathers pieces."""
    go_on = asyncio.Event()

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send(START)
        await send(part(b"first"))
        await go_on.wait()
        await send(part(b"last", more=False))

    async with served(app) as api:
        pieces = invoke(api).pieces()
        first = await anext(pieces)
        go_on.set()
        rest = b"".join([piece async for piece in pieces])

    assert first.endswith(b"first")
    assert rest == b"last"


@pytest.mark.parametrize("parts", [[part(b"", more=False)], [part(b""), part(b"", more=False)], [part(b"")] * 3])
async def test_an_empty_body_does_not_hang(parts: list[Message]) -> None:
    """Prelude and delimiter go out whatever happens; an answer without an end is a broken one."""

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({**START, "status": 204})
        for one in parts:
            await send(one)

    async with served(app) as api:
        invocation = invoke(api)
        if parts[-1]["more_body"]:
            with pytest.raises(FunctionFailed, match="NoAnswer"):
                await invocation.whole()
        else:
            assert parted(await invocation.whole()) == (
                {"statusCode": 204, "headers": {"content-type": "text/plain"}},
                b"",
            )


async def test_a_failure_before_the_first_byte_is_an_error_of_the_invocation() -> None:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send(START)
        raise LookupError("nothing of it was sent")

    async with served(app) as api:
        invocation = invoke(api)
        with pytest.raises(FunctionFailed) as failed:
            await invocation.whole()
        again = await invoke(api, event()).over.wait()

    assert (failed.value.kind, invocation.is_stream, again) == ("LookupError", False, True)
    assert api.heard[:3] == ["next", "error", "next"]


async def test_a_failure_after_the_first_byte_breaks_the_stream_off_and_says_why() -> None:
    """Trap 73: as trailers, never as data; and the process lives on."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/fine":
            await hello(scope, receive, send)
            return
        await send(START)
        await send(part(b"first"))
        raise LookupError("the second was lost")

    async with served(app) as api:
        invocation = invoke(api)
        heard: list[bytes] = []
        with pytest.raises(FunctionFailed, match="LookupError: the second was lost"):
            heard.extend([piece async for piece in invocation.pieces()])
        fine = await invoke(api, event(target="/fine")).whole()

    assert b"Error" not in b"".join(heard)
    assert parted(fine)[1] == b"hello"
    assert "error" not in api.heard


async def test_a_failure_behind_a_whole_answer_changes_nothing() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await hello(scope, receive, send)
        raise LookupError("too late")

    async with served(app) as api:
        assert parted(await invoke(api).whole())[1] == b"hello"
        assert parted(await invoke(api).whole())[1] == b"hello"


async def test_an_app_that_is_silent_is_told_of_not_waited_for() -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        """Nothing."""

    async with served(app) as api:
        with pytest.raises(FunctionFailed, match="NoAnswer"):
            await invoke(api).whole()


@pytest.mark.parametrize("mistake", [[START, START], [part(b"x")], [START, part(b"x", more=False), part(b"y")]])
async def test_an_app_that_breaks_the_protocol_does_not_end_the_process(mistake: list[Message]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/fine":
            await hello(scope, receive, send)
        else:
            for message in mistake:
                await send(message)

    async with served(app) as api:
        invocation = invoke(api)
        await asyncio.wait_for(invocation.over.wait(), 5)

        assert parted(await invoke(api, event(target="/fine")).whole())[1] == b"hello"


async def test_a_cancellation_that_slips_out_of_the_app_is_its_failure() -> None:
    async def app(_: Scope, __: Receive, ___: Send) -> None:
        raise asyncio.CancelledError

    async with served(app) as api:
        with pytest.raises(FunctionFailed, match="CancelledError"):
            await invoke(api).whole()
        with pytest.raises(FunctionFailed, match="CancelledError"):
            await invoke(api).whole()


@pytest.mark.parametrize("raw", [b"{}", b"[1, 2]", b"not json", b'{"completion": true, "requestContext": {}}'])
async def test_an_unknown_event_is_refused_politely(raw: bytes) -> None:
    """No error of the function's, which would ring an alarm, and no end of the process."""
    async with served(hello) as api:
        said = await invoke(api, raw).json()
        after = await invoke(api).whole()

    assert said["statusCode"] == 400
    assert json.loads(said["body"])["error"]["code"] == "invalid_request"
    assert parted(after)[1] == b"hello"


async def test_a_malformed_request_is_answered_to_its_caller() -> None:
    async with served(hello) as api:
        head, body = parted(await invoke(api, changed(body="%", isBase64Encoded=True)).whole())

    assert head["statusCode"] == 400
    assert "isBase64Encoded" in json.loads(body)["error"]["message"]


async def test_a_caller_of_lambdas_that_takes_nothing_makes_the_app_wait() -> None:
    """Trap 71: 2 MB a second is all that goes out after the first six; what waits is bounded."""
    sent = 0

    async def app(_: Scope, __: Receive, send: Send) -> None:
        nonlocal sent
        await send(START)
        for _piece in range(64):
            await send(part(b"x" * 1_000_000))
            sent += 1
        await send(part(b"", more=False))

    async with served(app) as api:
        invocation = invoke(api)
        pieces = invocation.pieces()
        await anext(pieces)
        for _ in range(200):
            await asyncio.sleep(0)  # whatever can move without being read has moved
        stuck = sent
        length = sum([len(piece) async for piece in pieces])

    assert stuck < 30
    assert sent == 64
    assert length > 63_000_000


async def test_when_nobody_listens_any_more_the_app_is_told() -> None:
    """Trap 70: the one sign of it that there is, for Lambda hides callers who leave."""
    told: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(START)
        await send(part(b"first"))
        told.set_result(await receive())
        await send(part(b"to nobody"))

    async with served(app) as api:
        api.largest_stream = 10
        with pytest.raises(FunctionFailed, match="TooLarge"):
            await invoke(api).whole()
        message = await asyncio.wait_for(told, 5)

    assert message == {"type": "http.disconnect"}


async def test_an_answer_that_is_too_large_does_not_end_the_process() -> None:
    """Trap 71: 200 MB is the most of a stream."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/fine":
            await hello(scope, receive, send)
            return
        await send(START)
        for _ in range(100):
            await send(part(b"x" * 100_000))
        await send(part(b"", more=False))

    async with served(app) as api:
        api.largest_stream = 1_000_000
        with pytest.raises(FunctionFailed, match="TooLarge"):
            await invoke(api).whole()

        assert parted(await invoke(api, event(target="/fine")).whole())[1] == b"hello"


@pytest.mark.parametrize(("seconds", "early"), [(900.0, 5.0), (8.0, 4.0), (3.0, 1.5)])
async def test_the_app_learns_when_it_has_to_end(seconds: float, early: float) -> None:
    """Trap 70: five seconds before Lambda does, or half of what there is."""
    found: list[float] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(scope["state"]["deadline"] - asyncio.get_running_loop().time())
        await hello(scope, receive, send)

    async with served(app) as api:
        await invoke(api, seconds=seconds).whole()

    assert found[0] == pytest.approx(seconds - early, abs=1)


async def test_the_trace_of_an_invocation_is_where_awss_clients_put_it() -> None:
    seen: list[str | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(os.environ.get("_X_AMZN_TRACE_ID"))
        await hello(scope, receive, send)

    async with served(app) as api:
        await invoke(api).whole()

    assert seen == ["Root=1-6750c0de-0123456789abcdef01234567;Sampled=0"]


async def test_an_answer_names_the_invocation_as_lambda_did() -> None:
    async with served(hello) as api:
        invocation = invoke(api)
        await invocation.whole()

    assert api.heads[1]["lambda-runtime-invocation-id"] == f"i-{invocation.id}"
    assert api.heads[1]["trailer"] == "Lambda-Runtime-Function-Error-Type,Lambda-Runtime-Function-Error-Body"


async def test_one_invocation_at_a_time_unless_lambda_grants_more() -> None:
    async with served(hello) as api:
        for _ in range(3):
            invoke(api)
        await invoke(api).whole()

    assert api.heard[:8] == ["next", "response"] * 4


async def test_several_invocations_are_answered_at_once_where_lambda_grants_them() -> None:
    together = asyncio.Barrier(3)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await together.wait()
        await hello(scope, receive, send)

    async with served(app, at_once=3) as api:
        answers = await asyncio.gather(*(invoke(api).whole() for _ in range(3)))

    assert [parted(answer)[1] for answer in answers] == [b"hello"] * 3


async def test_with_several_a_lost_answer_ends_only_its_own() -> None:
    gone = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/lost":
            await send(START)
            await send(part(b"x" * 100))
            await gone.wait()
        await hello(scope, receive, send) if scope["path"] != "/lost" else await send(part(b"", more=False))

    async with served(app, at_once=2) as api:
        lost = invoke(api, event(target="/lost"))
        await anext(lost.pieces())
        api.hang_up()
        gone.set()
        fine = await invoke(api).whole()

    assert parted(fine)[1] == b"hello"


@pytest.mark.parametrize("at_once", [None, 2])
async def test_without_the_runtime_api_there_is_nothing_to_do(at_once: int | None) -> None:
    async with runtime_api() as api:
        serving = asyncio.create_task(serve(hello, RuntimeApi(f"127.0.0.1:{api.port}"), at_once=at_once, waits=(0,)))
        await api.ready
    with pytest.raises(RuntimeApiGone):
        await asyncio.wait_for(serving, 5)


async def test_an_event_larger_than_any_that_lambda_brings_is_refused_and_not_kept() -> None:
    async with served(hello) as api:
        with pytest.raises(FunctionFailed, match="EventTooLarge"):
            await invoke(api, b"[" + b" " * (17 * 1024 * 1024) + b"]").whole()

        assert parted(await invoke(api).whole())[1] == b"hello"


async def test_a_second_answer_is_refused_by_lambda_and_by_the_fake() -> None:
    async with runtime_api() as api:
        invocation = Invocation(event())
        api.invoke(invocation)
        ours = await RuntimeApi(f"127.0.0.1:{api.port}").next()
        first, second = await ours.respond({}), await ours.respond({})

    assert (first, second) == (202, 400)
    assert ours.deadline == pytest.approx(time.time() + 900, abs=5)
