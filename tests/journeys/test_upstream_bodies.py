"""What providers may send in place of an answer: a plain chat is 502 whatever it is, a stream ends with one error, and neither is ever our failure."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from shared.egress.exchange import Outbound
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.house import Headers, House
from tests.fakes.vectors import json_suite
from tests.journeys.conftest import ANSWER

PROVIDERS = ("openai", "anthropic", "google")
ODD = [b"{}", b'{"choices":[]}', b'{"choices":null}', b'{"choices":[null]}', b'{"choices":[{}]}', b'{"content":[null]}']
ODD += [
    b'{"candidates":{}}',
    b'{"candidates":[[]]}',
    b"null",
    b"[]",
    b'""',
    b"0",
    b"<html></html>",
    b"",
    b"\xff",
    b"\x00",
]
ODD += [b'{"choices":[{"index":"x","message":"y"}]}', b'{"choices":[{"message":{"tool_calls":[{"function":7}]}}]}']
ODD += [b'{"type":"message","content":[{"type":"text"}]}', b'{"candidates":[{"content":{"parts":[{"text":7}]}}]}']


@pytest.fixture
async def keys(house: House, asker: Headers) -> Headers:
    for provider in PROVIDERS[1:]:
        await house.with_key(asker, provider)
    return asker


async def asked(
    house: House, client: FakeClient, headers: Headers, bodies: list[bytes], *, path: str, provider: str
) -> list[httpx.Response]:
    """The answers when the provider says each of these; each to a caller of their own, all at once."""
    kind = "text/event-stream" if path.endswith("stream") else "application/json"

    def say(outbound: Outbound) -> FakeAnswer:
        number = re.search(rb"number (\d+)", outbound.body)
        assert number
        return FakeAnswer(200, bodies[int(number[1])], {"content-type": kind})

    client.answer = say
    wishes = [
        {"provider": provider, "model": "m", "messages": [{"role": "user", "content": f"number {number}"}]}
        for number in range(len(bodies))
    ]
    return await asyncio.gather(*(house.http.post(path, json=wish, headers=headers) for wish in wishes))


@pytest.mark.vectors
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_what_is_no_json_is_502(
    house: House, client: FakeClient, keys: Headers, shared_material: Path, provider: str
) -> None:
    """JSONTestSuite as a provider's answer to a plain chat. Trap 13."""
    bodies = [body for _, expect, body in json_suite(shared_material) if expect == "reject"]
    answers = await asked(house, client, keys, bodies, path="/api/llm/chat", provider=provider)

    for body, answer in zip(bodies, answers, strict=True):
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "bad_upstream_response"), body[:80]


@pytest.mark.vectors
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/stream"])
async def test_nothing_that_a_provider_sends_is_our_failure(
    house: House, client: FakeClient, keys: Headers, shared_material: Path, *, provider: str, path: str
) -> None:
    """All of JSONTestSuite, and JSON that is no answer: as a whole body, as an event, as three events."""
    bodies = ODD + [body for _, _, body in json_suite(shared_material)]
    if path.endswith("stream"):
        bodies = [b"data: " + body + b"\n\n" for body in bodies] + [
            (b"data: " + body + b"\n\n") * 3 for body in bodies[::4]
        ]
    for answer in await asked(house, client, keys, bodies, path=path, provider=provider):
        assert answer.status_code in {200, 502}, answer.text
        assert "internal_error" not in answer.text
        if answer.status_code == 200 and path.endswith("stream"):
            types = [line["type"] for line in lines(answer.text)]
            assert [types.index(type_) for type_ in types if type_ in {"done", "error"}] == [len(types) - 1]


@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/stream"])
async def test_a_web_page_in_place_of_an_answer_says_where_to_look(
    house: House, client: FakeClient, asker: Headers, path: str
) -> None:
    """Trap 13: even when all else in it is an answer; and the page is not repeated."""
    client.answer = lambda _: FakeAnswer(
        200, {**ANSWER, "title": "Sign in"}, {"content-type": "text/html; charset=utf-8"}
    )
    wish = {"provider": "openai", "model": "m", "messages": [{"role": "user", "content": "hello"}]}
    answer = await house.http.post(path, json=wish, headers=asker)

    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "bad_upstream_response")
    assert "base URL" in answer.json()["error"]["message"]
    assert "Sign in" not in answer.text
