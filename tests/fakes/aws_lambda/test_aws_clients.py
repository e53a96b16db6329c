"""The fake of Lambda is held against the clients that AWS wrote, unchanged: npm aws-lambda-ric streams, PyPI awslambdaric answers whole."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.fakes.aws_lambda.environment import Function, running, start
from tests.fakes.aws_lambda.front import front_door
from tests.fakes.aws_lambda.invocation import FunctionFailed
from tests.fakes.aws_lambda.samples import event

NODE = Path(__file__).parent / "node"
NATIVE = NODE / "node_modules" / "aws-lambda-ric" / "rapid-client.node"
PLAIN = "tests.fakes.aws_lambda.plain"


def node(handler: str) -> Function:
    if shutil.which("node") is None or not NATIVE.exists():
        pytest.skip("AWS's client for Node.js is not built here: `make clients` tries")
    command = ("node", str(NATIVE.with_name("index.mjs")))
    return Function(handler=f"answers.{handler}", task=NODE, wrapper=None, command=command)


def python(handler: str, **more: str) -> Function:
    return Function(handler=f"{PLAIN}.{handler}", wrapper=None, environment=more)


@asynccontextmanager
async def asked(function: Function) -> AsyncIterator[httpx.AsyncClient]:
    async with front_door(function) as front, httpx.AsyncClient(base_url=front.url, timeout=30) as client:
        yield client


async def test_awss_node_client_streams_an_answer_with_its_head() -> None:
    async with asked(node("streamed")) as client:
        answer = await client.get("/a%20b")

    assert (answer.status_code, answer.text) == (201, "first, second")
    assert answer.headers["x-path"] == "/a%20b"
    assert answer.cookies["c"] == "1"


async def test_awss_node_client_streams_without_a_head() -> None:
    async with asked(node("raw")) as client:
        answer = await client.get("/")

    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, "text/plain", "no prelude")


async def test_awss_node_client_breaks_a_stream_off_and_its_caller_sees_a_cut() -> None:
    heard = list[bytes]()
    async with running(node("broken")) as environment:
        pieces = environment.invoke(event()).pieces()
        with pytest.raises(FunctionFailed, match="RangeError: the second was lost"):
            heard.extend([piece async for piece in pieces])
    async with asked(node("broken")) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/")


async def test_awss_node_client_answers_whole_and_fails() -> None:
    async with asked(node("whole")) as client:
        answer = await client.get("/x")
    async with asked(node("failing")) as client:
        failed = await client.get("/x")

    assert (answer.status_code, answer.json()) == (202, {"path": "/x"})
    assert (failed.status_code, failed.json()) == (502, {"Message": "Internal Server Error"})


async def test_awss_python_client_answers_and_knows_its_time() -> None:
    async with running(python("answers")) as environment:
        invocation = environment.invoke(event(target="/x"))
        said = await invocation.json()

    assert (said["path"], said["id"]) == ("/x", invocation.id)
    assert 800_000 < said["left"] <= 900_000
    assert not invocation.is_stream


async def test_awss_python_client_reports_an_error_and_lives_on() -> None:
    async with running(python("fails")) as environment:
        for _ in range(2):
            with pytest.raises(FunctionFailed, match="no answer"):
                await environment.invoke(event()).whole()

    assert environment.api.heard[:4] == ["next", "error", "next", "error"]


async def test_awss_python_client_reports_what_it_cannot_load() -> None:
    environment = await start(Function(handler="not.there", wrapper=None))
    with pytest.raises(FunctionFailed, match=r"Runtime\.ImportModuleError"):
        await environment.init()
    await environment.close()


async def test_awss_python_client_goes_through_a_snapshot() -> None:
    function = Function(handler=f"{PLAIN}.answers", wrapper=None, snap_start=True)
    async with running(function) as environment:
        await environment.invoke(event()).json()

    assert environment.api.heard[:3] == ["restore/next", "next", "response"]


async def test_awss_python_client_takes_several_at_once(tmp_path: Path) -> None:
    function = Function(handler=f"{PLAIN}.meets", wrapper=None, environment={"MEETING": str(tmp_path)}, at_once=2)
    async with running(function) as environment:
        asks = [{"me": "a", "other": "b"}, {"me": "b", "other": "a"}]
        answers = [environment.invoke(json.dumps(ask).encode()) for ask in asks]
        said = await asyncio.gather(*(answer.json() for answer in answers))

    assert len({answer["process"] for answer in said}) == 2


async def test_a_function_that_takes_too_long_is_ended() -> None:
    async with running(Function(handler=f"{PLAIN}.sleeps", wrapper=None, seconds=0.2)) as environment:
        with pytest.raises(FunctionFailed, match=r"Runtime\.ExitError"):
            await environment.invoke(event()).whole()

    assert not environment.is_alive


async def test_a_function_that_dies_is_a_502_and_the_next_caller_gets_another_environment() -> None:
    async with asked(python("leaves")) as client:
        answers = [await client.get("/"), await client.get("/")]

    assert [answer.status_code for answer in answers] == [502, 502]


async def test_the_front_takes_six_megabytes_and_no_more() -> None:
    """Trap 71: Lambda's bound on a request."""
    async with asked(python("answers")) as client:
        refused = await client.post("/", content=b"x" * 6_300_000, headers={"content-type": "text/plain"})

    assert refused.status_code == 413
