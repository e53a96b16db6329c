"""The transport to AWS: what it sends, how it reads answers and failures, and what it does when nobody answers (faults.md, AWS table)."""

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from shared.aws.json_service import COGNITO, DYNAMODB, JsonService, Service
from shared.aws.operation import NoAnswer, Refused
from shared.aws.own_identity import OwnIdentity
from shared.aws.signature import Credentials, sign
from shared.egress.addresses import Rules
from shared.egress.client import EgressClient
from shared.egress.exchange import Outbound, Timeouts
from tests.fakes.aws import ENVIRONMENT, REGION, Aws
from tests.fakes.client import Answer, FakeAnswer, FakeClient
from tests.fakes.http_server import HttpServer, Visit, answer, http_server
from tests.fakes.services import FixedClock

URL = f"https://dynamodb.{REGION}.amazonaws.com"
HASTY = Service("dynamodb", "DynamoDB_20120810", "1.0", Timeouts(connect=0.2, first_byte=0.2, idle=0.2, total=1.0))


def service(
    answers: Callable[[Outbound], Answer], environment: dict[str, str] | None = None
) -> tuple[JsonService, FakeClient]:
    client, clock = FakeClient(answers), FixedClock()
    identity = OwnIdentity(ENVIRONMENT if environment is None else environment, client=client, now=clock)
    return JsonService(DYNAMODB, URL, REGION, client=client, identity=identity, now=clock), client


def towards(server: HttpServer | int, kind: Service = HASTY) -> JsonService:
    origin = server.origin if isinstance(server, HttpServer) else f"127.0.0.1:{server}"
    client, clock = EgressClient(Rules(frozenset({origin}))), FixedClock()
    identity = OwnIdentity(ENVIRONMENT, client=client, now=clock)
    return JsonService(kind, f"http://{origin}", REGION, client=client, identity=identity, now=clock)


async def test_an_operation_is_one_signed_post() -> None:
    ask, client = service(lambda _: FakeAnswer(200, {"Item": {}}))

    assert await ask("GetItem", {"TableName": "t", "Key": {"b": {"B": b"\x00\xff"}}}) == {"Item": {}}
    (asked,) = client.asked
    plain = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.GetItem"}
    assert (asked.method, asked.url) == ("POST", URL)
    assert json.loads(asked.body) == {"TableName": "t", "Key": {"b": {"B": "AP8="}}}
    shown = sign(
        Outbound("POST", URL, plain, asked.body),
        Credentials("testing", "testing", "testing"),
        "dynamodb",
        REGION,
        FixedClock()(),
    )
    assert asked.headers == {**plain, **shown}
    assert "x-amz-target" in asked.headers["authorization"]


async def test_some_operations_answer_nothing_and_that_is_an_answer() -> None:
    ask, _ = service(lambda _: FakeAnswer(200, b""))

    assert await ask("AdminAddUserToGroup", {}) == {}


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        ({"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "m"}, {}, "ThrottlingException"),
        ({"__type": "NotFoundException", "Message": "m"}, {}, "NotFoundException"),
        (
            {"message": "m"},
            {"x-amzn-errortype": "UserNotFoundException:http://internal.example/"},
            "UserNotFoundException",
        ),
        ({"__type": 5, "message": "m"}, {}, "5"),
        ({"message": "m"}, {}, ""),
    ],
)
async def test_an_error_keeps_its_name_and_status(body: Any, headers: dict[str, str], code: str) -> None:
    ask, _ = service(lambda _: FakeAnswer(400, body, headers))
    with pytest.raises(Refused) as refused:
        await ask("GetItem", {})

    assert (refused.value.code, refused.value.message, refused.value.status) == (code, "m", 400)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b"null"])
async def test_an_error_without_words_may_pass_when_it_is_the_servers(body: bytes) -> None:
    ask, _ = service(lambda _: FakeAnswer(503, body))
    with pytest.raises(Refused) as refused:
        await ask("GetItem", {})

    assert refused.value.may_pass
    assert not refused.value.certainly_not_done


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b"{"])
async def test_an_answer_that_is_none_is_no_answer(body: bytes) -> None:
    ask, _ = service(lambda _: FakeAnswer(200, body))
    with pytest.raises(NoAnswer):
        await ask("GetItem", {})


async def test_credentials_that_are_over_are_fetched_again_once() -> None:
    over = FakeAnswer(400, {"__type": "ExpiredTokenException", "message": "m"})
    place = "http://127.0.0.1:9001/credentials"
    given = 0

    def answers(outbound: Outbound) -> FakeAnswer:
        nonlocal given
        if outbound.url != place:
            return over if given == 1 else FakeAnswer(200, {"n": given})
        given += 1
        return FakeAnswer(
            200,
            {"AccessKeyId": f"A{given}", "SecretAccessKey": "s", "Token": "t", "Expiration": "2030-01-01T00:00:00Z"},
        )

    ask, client = service(answers, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": place})

    assert await ask("GetItem", {}) == {"n": 2}
    assert len(client.asked) == 4


async def test_credentials_that_stay_over_are_told_after_two_attempts() -> None:
    ask, client = service(lambda _: FakeAnswer(400, {"__type": "ExpiredTokenException", "message": "m"}))
    with pytest.raises(Refused, match="ExpiredTokenException"):
        await ask("GetItem", {})

    assert len(client.asked) == 2


async def test_without_credentials_nobody_is_asked() -> None:
    ask, client = service(lambda _: FakeAnswer(200, {}), {})
    with pytest.raises(NoAnswer, match="AWS_ACCESS_KEY_ID"):
        await ask("GetItem", {})

    assert client.asked == []


async def test_operations_share_a_connection() -> None:
    async def script(visit: Visit) -> None:
        await visit.say(answer())

    async with http_server(script) as server:
        ask = towards(server)
        for _ in range(3):
            await ask("GetItem", {})
        await ask.close()

    assert (len(server.visits), server.connections) == (3, 1)


async def test_closed_it_opens_anew() -> None:
    async def script(visit: Visit) -> None:
        await visit.say(answer())

    async with http_server(script) as server:
        ask = towards(server)
        await ask("GetItem", {})
        await ask.close()

        assert await ask("GetItem", {}) == {}
        await ask.close()
    assert server.connections == 2


@pytest.mark.parametrize(
    "say",
    [
        [],  # faults.md, timeout: it hears and does not answer
        [b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"],  # falls silent
        [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n"],
        [b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n"],
        [b"no HTTP at all\r\n\r\n"],
    ],
)
async def test_a_service_that_does_not_answer_in_time_or_sense_is_no_answer(say: list[bytes]) -> None:
    async def script(visit: Visit) -> None:
        await visit.say(*say)
        await asyncio.sleep(5)

    async with http_server(script) as server:
        ask = towards(server)
        with pytest.raises(NoAnswer, match="dynamodb GetItem"):
            await asyncio.wait_for(ask("GetItem", {}), timeout=3)
        await ask.close()

    assert len(server.visits) == 1


async def test_a_connection_that_breaks_is_no_answer() -> None:
    async def script(visit: Visit) -> None:
        visit.reset()

    async with http_server(script) as server:
        ask = towards(server)
        with pytest.raises(NoAnswer, match="upstream_unreachable"):
            await ask("GetItem", {})
        await ask.close()


async def test_nobody_listening_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(NoAnswer, match="upstream_unreachable"):
        await towards(port)("GetItem", {})


async def test_an_answer_without_end_is_cut() -> None:
    async def script(visit: Visit) -> None:
        await visit.say(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n")
        for _ in range(40):
            await visit.say(b" " * 1_000_000)

    async with http_server(script) as server:
        ask = towards(server, COGNITO)
        with pytest.raises(NoAnswer, match="bad_upstream_response"):
            await ask("GetItem", {})
        await ask.close()


async def test_errors_show_no_credentials() -> None:
    """Threat K8."""
    ask, client = service(
        lambda _: FakeAnswer(400, {"__type": "AccessDeniedException", "message": "m"}),
        {
            "AWS_ACCESS_KEY_ID": "AKIAPLANTED",
            "AWS_SECRET_ACCESS_KEY": "planted-secret",
            "AWS_SESSION_TOKEN": "planted-token",
        },
    )
    with pytest.raises(Refused) as refused:
        await ask("GetItem", {})
    said = repr(refused.value) + repr(client.asked) + repr(ask)

    assert "planted" not in said.lower()


async def test_boto3_reads_what_we_wrote_and_we_what_boto3_wrote(aws: Aws) -> None:
    name, ask = aws.create_table(), aws.ask(DYNAMODB)
    ours = {
        "pk": {"S": "a"},
        "sk": {"S": "b"},
        "n": {"N": "1.5"},
        "b": {"B": b"\x00\xff"},
        "m": {"M": {"x": {"NULL": True}}},
    }
    await ask("PutItem", {"TableName": name, "Item": ours})
    read = aws.boto3("dynamodb").get_item(TableName=name, Key={"pk": {"S": "a"}, "sk": {"S": "b"}})["Item"]
    aws.boto3("dynamodb").put_item(TableName=name, Item={**ours, "sk": {"S": "c"}})
    theirs = await ask("GetItem", {"TableName": name, "Key": {"pk": {"S": "a"}, "sk": {"S": "c"}}})
    await ask.close()

    assert read == ours
    assert theirs["Item"] == {**ours, "sk": {"S": "c"}, "b": {"B": "AP8="}}
