"""The same request again, with the same Idempotency-Key, in every API. faults.md, client retry and 5.5; threat I7."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest

from shared.egress.exchange import Outbound, Timeouts
from shared.errors import ProviderFailed
from shared.gateway.once import LARGEST
from shared.storage.layout import replays_kept
from shared.storage.ledger import list_rows
from shared.storage.replays import KEPT_FOR, MOST_A_DAY
from shared.storage.table import Change
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.house import HELLO, Headers, House
from tests.journeys.conftest import ANSWER, answers

KEY = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
MODEL = "openai/gpt-4o-mini"
CHAT = {"model": MODEL, "messages": HELLO}
BODIES: dict[str, dict[str, Any]] = {
    "/api/llm/chat": CHAT,
    "/api/llm/stream": CHAT,
    "/api/chat/openai": {**CHAT, "model": "gpt-4o-mini"},
    "/api/chat/openai/stream": {**CHAT, "model": "gpt-4o-mini"},
    "/v1/chat/completions": CHAT,
    "/v1/messages": {**CHAT, "max_tokens": 10},
    "/v1/responses": {"model": "mistral/hello", "input": "hello"},
    "/v1/embeddings": {"model": MODEL, "input": "hello"},
    "/api/chat/compare": {"messages": HELLO, "targets": [{"model": MODEL}, {"model": "mistral/hello"}]},
}
STREAMED = ("/v1/chat/completions", "/v1/messages", "/v1/responses")
ALONE = [path for path in BODIES if path != "/api/chat/compare"]
EVERY = [*((path, BODIES[path]) for path in ALONE), *((path, {**BODIES[path], "stream": True}) for path in STREAMED)]
UNSAID = {"x-realmultillm-request-id", "idempotency-replayed", "date"}


class SlowClient(FakeClient):
    """Answers when it is let go, and notes who stopped waiting."""

    def __init__(self) -> None:
        super().__init__(answers)
        self.asking, self.go = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def send(self, outbound: Outbound, timeouts: Timeouts = Timeouts()) -> AsyncIterator[FakeAnswer]:
        self.asking.set()
        await self.go.wait()
        async with super().send(outbound, timeouts) as answer:
            yield answer


@pytest.fixture
async def asker(house: House, asker: Headers) -> Headers:
    """They have a key of a provider that speaks chat completions alone, too."""
    await house.with_key(asker, "mistral")
    return asker


async def ask(house: House, headers: Headers, path: str = "/api/llm/chat", **more: Any) -> httpx.Response:
    body = more.pop("body", BODIES[path])
    return await house.http.post(path, json=body, headers={**headers, **KEY, **more})


async def rows(house: House, headers: Headers) -> int:
    caller = await house.services.accounts.verify(headers["authorization"].removeprefix("Bearer "))
    return len((await list_rows(house.services.table, caller.owner))[0])


@pytest.mark.parametrize(
    ("path", "body"), EVERY, ids=[f"{path}{' stream' * ('stream' in body)}" for path, body in EVERY]
)
async def test_the_same_again_is_the_same_answer_byte_by_byte_and_asks_nobody(
    house: House, asker: Headers, client: FakeClient, path: str, body: dict[str, Any]
) -> None:
    """Fault 29."""
    first = await ask(house, asker, path, body=body)
    asked = len(client.asked)
    again = await ask(house, asker, path, body=body)

    assert first.status_code == 200
    assert asked == len(client.asked) == 1
    assert (again.status_code, again.content) == (200, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["x-realmultillm-request-id"] != first.headers["x-realmultillm-request-id"]
    assert {name: value for name, value in again.headers.items() if name not in UNSAID} == {
        name: value for name, value in first.headers.items() if name not in UNSAID and "ratelimit" not in name
    }


async def test_a_replay_is_on_no_bill(house: House, asker: Headers) -> None:
    """Fault 29."""
    for _ in range(3):
        await ask(house, asker)

    assert await rows(house, asker) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_what_openais_sdk_reads_again_is_what_it_read(house: House, asker: Headers, *, stream: bool) -> None:
    async with openai_client(house, asker) as sdk:
        said = [await _completed(sdk, stream=stream) for _ in range(2)]

    assert said[0] == said[1] == "Bonjour"


async def _completed(sdk: openai.AsyncOpenAI, *, stream: bool) -> str:
    messages: Any = HELLO
    if not stream:
        answer = await sdk.chat.completions.create(model=MODEL, messages=messages, extra_headers=KEY)
        return answer.choices[0].message.content or ""
    chunks = await sdk.chat.completions.create(model=MODEL, messages=messages, stream=True, extra_headers=KEY)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices])


async def test_what_anthropics_sdk_streams_again_is_what_it_streamed(
    house: House, asker: Headers, client: FakeClient
) -> None:
    messages: Any = HELLO
    said = []
    async with anthropic_client(house, asker) as sdk:
        for _ in range(2):
            async with sdk.messages.stream(model=MODEL, max_tokens=9, messages=messages, extra_headers=KEY) as stream:
                said.append(await stream.get_final_message())

    assert said[0] == said[1]
    assert len(client.asked) == 1


async def test_an_sdk_that_tries_again_after_a_failure_gets_an_answer(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Its retries carry the key of the first attempt, which failed and so is free again. Of ours the provider is asked twice, then once."""
    failures = [ProviderFailed("no"), ProviderFailed("no")]
    client.answer = lambda outbound: failures.pop() if failures else answers(outbound)
    async with openai_client(house, asker) as sdk:
        said = await _completed(sdk.with_options(max_retries=1), stream=False)

    assert said == "Bonjour"
    assert len(client.asked) == 3


async def test_of_fifty_at_once_one_asks(house: House, asker: Headers) -> None:
    slow = house.services.client = SlowClient()
    asking = [asyncio.create_task(ask(house, asker)) for _ in range(50)]
    came = []
    for next_one in asyncio.as_completed(asking):
        came.append(await next_one)
        if len(came) == 49:
            slow.go.set()
    told = [answer for answer in came if answer.status_code == 409]

    assert sorted(answer.status_code for answer in came) == [200, *[409] * 49]
    assert len(slow.asked) == 1
    assert {answer.json()["error"]["code"] for answer in told} == {"request_in_progress"}
    assert {answer.headers["retry-after"] for answer in told} == {"2"}
    assert {answer.json()["error"]["details"]["runningId"] for answer in told} == {
        answer.json()["id"] for answer in came if answer.status_code == 200
    }
    assert (await ask(house, asker)).headers["idempotency-replayed"] == "true"


async def test_another_tenants_same_key_is_another(house: House, asker: Headers, client: FakeClient) -> None:
    """Threats I3 and I7."""
    other = await house.signed_up("other")
    await house.with_key(other)
    first, second = await ask(house, asker), await ask(house, other)

    assert "idempotency-replayed" not in second.headers
    assert first.json()["id"] != second.json()["id"]
    assert len(client.asked) == 2


async def test_another_access_tokens_or_routes_same_key_is_another(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Threat I7: a program reads nothing that another one asked."""
    made = [(await house.http.post("/api/tokens", json={"name": name}, headers=asker)).json() for name in "ab"]
    for token in made:
        await ask(house, {"authorization": f"Bearer {token['token']}"})
    await ask(house, asker)
    await ask(house, asker, "/api/llm/stream")

    assert len(client.asked) == 4


@pytest.mark.parametrize("path", ["/api/llm/chat", "/v1/chat/completions", "/v1/messages", "/v1/responses"])
async def test_another_question_with_the_same_key_is_422_in_every_api(
    house: House, asker: Headers, client: FakeClient, path: str
) -> None:
    await ask(house, asker, path)
    other = await ask(house, asker, path, body={**BODIES[path], "model": "openai/gpt-4.1"})

    assert other.status_code == 422
    assert "idempotency_key_reused" in other.text
    assert len(client.asked) == 1


async def test_what_is_no_key_is_400_and_nobody_is_asked(house: House, asker: Headers, client: FakeClient) -> None:
    answer = await house.http.post("/v1/chat/completions", json=CHAT, headers={**asker, "idempotency-key": "a b"})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "idempotency-key")
    assert client.asked == []


@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/stream"])
async def test_what_failed_before_its_first_byte_is_asked_anew(
    house: House, asker: Headers, client: FakeClient, path: str
) -> None:
    client.answer = lambda _: FakeAnswer(400, {"error": {"message": "no"}})
    failed = await ask(house, asker, path)
    client.answer = answers
    answer = await ask(house, asker, path)

    assert (failed.status_code, answer.status_code) == (400, 200)
    assert "idempotency-replayed" not in answer.headers


async def test_a_stream_that_broke_is_asked_anew(house: House, asker: Headers, client: FakeClient) -> None:
    half = b'data: {"choices": [{"index": 0, "delta": {"content": "half"}}]}\n\n'
    client.answer = lambda _: FakeAnswer(200, half, {"content-type": "text/event-stream"})
    broken = await ask(house, asker, "/api/llm/stream")
    client.answer = answers
    answer = await ask(house, asker, "/api/llm/stream")

    assert "stream_truncated" in broken.text
    assert "Bonjour" in answer.text


async def test_who_leaves_silences_the_provider_and_may_ask_anew(house: House, asker: Headers) -> None:
    """Trap 69."""
    slow = house.services.client = SlowClient()
    leaving = asyncio.create_task(ask(house, asker))
    await slow.asking.wait()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    slow.go.set()
    answer = await ask(house, asker)

    assert answer.status_code == 200
    assert "idempotency-replayed" not in answer.headers
    assert len(slow.asked) == 1


async def test_after_a_crash_the_key_is_free_when_its_lease_is_over(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """faults.md, crash mid-stream: a process that is gone frees nothing."""
    slow = house.services.client = SlowClient()
    dying = asyncio.create_task(ask(house, asker))
    await slow.asking.wait()
    house.services.client = client
    during = await ask(house, asker)
    house.clock.pass_by(900 + 10)
    at_its_end = await ask(house, await _renewed(house, asker))
    house.clock.pass_by(1)
    after = await ask(house, await _renewed(house, asker))
    slow.go.set()
    late = await dying
    again = await ask(house, await _renewed(house, asker))

    assert [during.status_code, at_its_end.status_code, after.status_code, late.status_code] == [409, 409, 200, 200]
    assert len(client.asked) == 1
    assert again.content == after.content


async def test_an_answer_that_is_too_large_is_given_once(house: House, asker: Headers, client: FakeClient) -> None:
    words = "x" * LARGEST
    choice = {"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}
    client.answer = lambda _: FakeAnswer(200, {**ANSWER, "choices": [choice]})
    first, again = await ask(house, asker), await ask(house, asker)

    assert words in first.text
    assert (again.status_code, again.json()["error"]["code"]) == (409, "answer_not_kept")
    assert again.headers["x-should-retry"] == "false"
    assert len(client.asked) == 1


async def test_beyond_the_room_of_a_day_answers_are_given_once(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """Its own reason; what was kept before comes again all the same."""
    await ask(house, asker)
    owner = (await house.services.accounts.verify(asker["authorization"].removeprefix("Bearer "))).owner
    today = datetime.fromtimestamp(house.services.now(), UTC).date()
    await house.table.update(replays_kept(owner, today), Change(set={"kept_bytes": MOST_A_DAY}))
    other = {"idempotency-key": "another"}
    first, again = await ask(house, asker, **other), await ask(house, asker, **other)
    before = await ask(house, asker)

    assert first.status_code == 200
    assert (again.status_code, again.json()["error"]["code"]) == (409, "answer_not_kept")
    assert again.json()["error"]["details"]["limit"] == MOST_A_DAY
    assert again.headers["x-should-retry"] == "false"
    assert before.headers["idempotency-replayed"] == "true"
    assert len(client.asked) == 2


async def test_an_answer_of_several_rows_comes_again_whole(house: House, asker: Headers, client: FakeClient) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "é" * 600_000}, "finish_reason": "stop"}
    client.answer = lambda _: FakeAnswer(200, {**ANSWER, "choices": [choice]})
    first, again = await ask(house, asker), await ask(house, asker)

    assert again.content == first.content
    assert sum("REPLAYED#" in sk for _, sk in house.table.items) == 4


async def test_what_was_said_lies_sealed_and_what_was_changed_does_not_come_again(house: House, asker: Headers) -> None:
    """Threats I7 and K1."""
    await ask(house, asker)
    item = next(item for (_, sk), item in house.table.items.items() if sk.startswith("REPLAY#"))
    piece = item["piece1"]
    assert isinstance(piece, bytes)
    item["piece1"] = piece[:-1] + bytes([piece[-1] ^ 1])
    again = await ask(house, asker)

    assert b"Bonjour" not in repr(item).encode() + piece
    assert b"hello" not in repr(item).encode()
    assert (again.status_code, again.json()["error"]["code"]) == (409, "answer_not_kept")


async def test_a_key_is_forgotten_after_a_day(house: House, asker: Headers, client: FakeClient) -> None:
    await ask(house, asker)
    house.clock.pass_by(KEPT_FOR)
    answer = await ask(house, await _renewed(house, asker))

    assert "idempotency-replayed" not in answer.headers
    assert len(client.asked) == 2


async def test_where_nobody_can_tell_nobody_is_asked(house: House, asker: Headers, client: FakeClient) -> None:
    """faults.md: fail closed."""
    await house.http.post("/api/llm/chat", json=CHAT, headers=asker)
    house.table.down = True
    answer = await ask(house, asker)

    assert answer.status_code == 503
    assert len(client.asked) == 1


async def test_an_answer_that_could_not_be_kept_is_given_all_the_same(
    house: House, asker: Headers, client: FakeClient
) -> None:
    """The table goes away in the middle: the caller has their answer, and until the lease ends nobody asks twice."""

    def then_down(outbound: Outbound) -> FakeAnswer:
        house.table.down = True
        return answers(outbound)

    client.answer = then_down
    async with asyncio.timeout(60):
        answer = await ask(house, asker)
    house.table.down = False
    client.answer = answers
    again = await ask(house, asker)

    assert answer.status_code == 200
    assert (again.status_code, again.json()["error"]["code"]) == (409, "request_in_progress")


async def test_a_request_without_a_key_reads_and_writes_nothing_more(house: House, asker: Headers) -> None:
    await house.http.post("/api/llm/chat", json=CHAT, headers=asker)
    kinds = {sk.split("#")[0] for _, sk in house.table.items}

    assert not kinds & {"REPLAY", "REPLAYED", "JOURNAL"}


async def test_a_comparison_comes_again_too_unless_all_of_it_failed(
    house: House, asker: Headers, client: FakeClient
) -> None:
    client.answer = lambda _: FakeAnswer(400, {"error": {"message": "no"}})
    await ask(house, asker, "/api/chat/compare")
    client.answer = answers
    first, again = [await ask(house, asker, "/api/chat/compare") for _ in range(2)]

    assert json.loads(first.text.splitlines()[-1])["succeeded"] == 2
    assert again.content == first.content
    assert len(client.asked) == 4


async def _renewed(house: House, asker: Headers) -> Headers:
    """The same person, whose session may have ended meanwhile."""
    return {**asker, **await house.signed_in("asker")}


@asynccontextmanager
async def openai_client(house: House, asker: Headers) -> AsyncIterator[openai.AsyncOpenAI]:
    key = asker["authorization"].removeprefix("Bearer ")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(house.app)) as http:
        yield openai.AsyncOpenAI(base_url="http://house/v1", api_key=key, http_client=http)


@asynccontextmanager
async def anthropic_client(house: House, asker: Headers) -> AsyncIterator[anthropic.AsyncAnthropic]:
    key = asker["authorization"].removeprefix("Bearer ")
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(house.app)) as http:
        yield anthropic.AsyncAnthropic(base_url="http://house", auth_token=key, http_client=http)
