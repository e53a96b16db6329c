"""The same messages to several targets at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest

from functions.chat.app import create_app
from functions.configs.app import create_app as create_configs
from shared.egress.exchange import Outbound, Timeouts
from shared.errors import Throttled
from shared.services import Services
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.functions.conftest import GOOD
from tests.journeys.conftest import answers

HELLO = [{"role": "user", "content": "hello"}]
TARGETS = [{"model": "openai/gpt-4o-mini"}, {"provider": "mistral", "model": "mistral-small-latest"}]
type Headers = dict[str, str]


def said(text: str) -> bytes:
    """A stream of that word, with usage, as OpenAI has it."""
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop"}
    events = [{"choices": [choice]}, {"choices": [], "usage": usage}]
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"


def everyone(outbound: Outbound) -> FakeAnswer:
    return FakeAnswer(200, said(outbound.url.split("/")[2]), {"content-type": "text/event-stream"})


@pytest.fixture
def client() -> FakeClient:
    return FakeClient(everyone)


@pytest.fixture
async def door(services: Services, alice: Headers) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in, with keys of two providers."""
    configs = httpx.ASGITransport(create_configs(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=configs, base_url="http://house", headers=alice) as keeping:
        for provider in ("openai", "mistral"):
            body = {"provider": provider, "apiKey": GOOD, "test": False}
            assert (await keeping.post("/api/provider-configs", json=body)).status_code == 201
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=alice) as http:
        yield http


async def compare(
    door: httpx.AsyncClient, targets: Sequence[dict[str, str] | str] = TARGETS, **more: Any
) -> httpx.Response:
    accept = {"accept": more.pop("accept")} if "accept" in more else {}
    return await door.post("/api/chat/compare", json={"messages": HELLO, "targets": targets, **more}, headers=accept)


def of(told: list[dict[str, Any]], target: int) -> list[dict[str, Any]]:
    return [line for line in told if line.get("target") == target]


async def test_every_line_says_whose_it_is_and_each_target_has_one_ending(door: httpx.AsyncClient) -> None:
    answer = await compare(door)
    told = lines(answer.text)

    assert answer.headers["content-type"] == "application/x-ndjson"
    for target, host in enumerate(("api.openai.com", "api.mistral.ai")):
        assert [line["type"] for line in of(told, target)] == ["start", "chunk", "done"]
        assert of(told, target)[1]["content"] == host
    assert [line["type"] for line in told].count("summary") == 1
    assert told[-1]["type"] == "summary"


async def test_each_has_its_own_time_tokens_cost_and_receipt(door: httpx.AsyncClient) -> None:
    told = lines((await compare(door)).text)
    done = [of(told, target)[-1] for target in (0, 1)]

    assert {line["usage"]["totalTokens"] for line in done} == {12}
    assert [line["receipt"]["provider"] for line in done] == ["openai", "mistral"]
    assert all(0 <= line["firstTokenMs"] <= line["durationMs"] for line in done)
    assert Decimal(told[-1]["cost"]) == sum(Decimal(line["cost"]) for line in done) > 0
    assert told[-1]["cheapest"] == min((0, 1), key=lambda target: Decimal(done[target]["cost"]))
    assert told[-1]["fastest"] in {0, 1}
    assert (told[-1]["targets"], told[-1]["succeeded"], told[-1]["failed"]) == (2, 2, 0)


async def test_a_target_is_written_as_a_fallback_is(door: httpx.AsyncClient) -> None:
    told = lines((await compare(door, ["openai/gpt-4o-mini", TARGETS[1]])).text)

    assert [of(told, target)[-1]["receipt"]["provider"] for target in (0, 1)] == ["openai", "mistral"]


async def test_the_same_as_events(door: httpx.AsyncClient) -> None:
    answer = await compare(door, accept="text/event-stream")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert lines(answer.text)[-1]["type"] == "summary"


async def test_whole_it_has_each_answer_in_its_place(door: httpx.AsyncClient) -> None:
    answer = (await compare(door, stream=False)).json()

    assert [side["choices"][0]["message"]["content"] for side in answer["targets"]] == [
        "api.openai.com",
        "api.mistral.ai",
    ]
    assert [side["target"] for side in answer["targets"]] == [0, 1]
    assert all(side["firstTokenMs"] is not None for side in answer["targets"])
    assert answer["summary"]["succeeded"] == 2


@pytest.mark.parametrize("stream", [True, False])
async def test_one_targets_failure_is_its_own_line(
    door: httpx.AsyncClient, client: FakeClient, *, stream: bool
) -> None:
    def one_is_busy(outbound: Outbound) -> FakeAnswer | Exception:
        return Throttled("slow down", retry_after=60) if "mistral" in outbound.url else everyone(outbound)

    client.answer = one_is_busy
    targets = [*TARGETS, {"model": "anthropic/claude-haiku-4-5"}, {"provider": "nobody"}]
    answer = await compare(door, targets, stream=stream)
    told = lines(answer.text)[:-1] if stream else answer.json()["targets"]
    summary = lines(answer.text)[-1] if stream else answer.json()["summary"]
    errors = [of(told, target)[-1].get("error", {}).get("code") for target in range(4)]

    assert answer.status_code == 200
    assert errors == [None, "throttled", "model_not_found", "not_found"]
    assert (summary["succeeded"], summary["failed"]) == (1, 3)
    assert summary["cost"] == of(told, 0)[-1]["cost"]


async def test_what_failed_after_its_first_word_makes_the_sum_unknown(
    door: httpx.AsyncClient, client: FakeClient
) -> None:
    """Promise 5: it may have been billed."""
    half = b'data: {"choices": [{"index": 0, "delta": {"content": "half"}}]}\n\n'
    client.answer = lambda outbound: (
        FakeAnswer(200, half, {"content-type": "text/event-stream"})
        if "mistral" in outbound.url
        else everyone(outbound)
    )
    told = lines((await compare(door)).text)

    assert [line["type"] for line in of(told, 1)] == ["start", "chunk", "error"]
    assert of(told, 1)[-1]["error"]["code"] == "stream_truncated"
    assert told[-1]["cost"] is None
    assert told[-1]["cheapest"] == 0


class HalfSilent(FakeClient):
    """One provider never answers; it notes when it is silenced."""

    def __init__(self) -> None:
        super().__init__(everyone)
        self.silenced = 0
        self.waiting = asyncio.Event()

    @asynccontextmanager
    async def send(self, outbound: Outbound, timeouts: Timeouts = Timeouts()) -> AsyncIterator[FakeAnswer]:
        if "mistral" in outbound.url:
            try:
                self.waiting.set()
                await asyncio.Event().wait()
            finally:
                self.silenced += 1
        async with super().send(outbound, timeouts) as answer:
            yield answer


async def test_one_target_is_stopped_by_its_own_id_and_all_by_the_comparisons(
    services: Services, door: httpx.AsyncClient
) -> None:
    """faults.md, client disconnect. The ids are those of `start` and of the head; here the switches tell them."""
    client = HalfSilent()
    services.client = client
    told = {}
    for which in ("one", "all"):
        client.waiting.clear()
        comparing = asyncio.create_task(compare(door))
        await client.waiting.wait()
        await asyncio.sleep(0.05)
        ids = [id_ for _, id_ in services.running._switches]
        stopped = ids[0] if which == "all" else ids[-1]
        cancelled = await door.post(f"/api/requests/{stopped}/cancel")
        told[which] = lines((await comparing).text)
        assert cancelled.json() == {"id": stopped, "cancelled": True}

    assert of(told["one"], 1)[-1]["error"]["code"] == "cancelled"
    assert (told["one"][-1]["type"], told["one"][-1]["succeeded"]) == ("summary", 1)
    assert (told["all"][-1]["type"], told["all"][-1]["error"]["code"]) == ("error", "cancelled")
    assert client.silenced == 2


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"targets": TARGETS[:1]}, "targets"),
        ({"targets": TARGETS * 5}, "targets"),
        ({"targets": [*TARGETS, {"model": "x", "key": "y"}]}, "targets[2].key"),
        ({"targets": TARGETS, "options": {"model": "x"}}, "options.model"),
        ({"targets": TARGETS, "messages": []}, "messages"),
        ({"targets": TARGETS, "stream": "yes"}, "stream"),
        ({"targets": TARGETS, "keep": True}, "keep"),
    ],
)
async def test_a_wrong_question_is_refused_before_anybody_is_asked(
    door: httpx.AsyncClient, client: FakeClient, body: dict[str, Any], parameter: str
) -> None:
    answer = await door.post("/api/chat/compare", json={"messages": HELLO, **body})

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, parameter)
    assert client.asked == []


async def test_a_bug_at_one_target_is_its_line_and_says_nothing_of_itself(
    door: httpx.AsyncClient, client: FakeClient
) -> None:
    client.answer = lambda outbound: RuntimeError("inside") if "mistral" in outbound.url else everyone(outbound)
    answer = await compare(door)
    told = lines(answer.text)

    assert of(told, 1)[-1]["error"]["code"] == "internal_error"
    assert "inside" not in answer.text
    assert told[-1]["succeeded"] == 1


async def test_tokens_are_counted_by_the_provider_where_it_counts_and_guessed_where_not(
    door: httpx.AsyncClient, client: FakeClient
) -> None:
    client.answer = answers
    counted = (await door.post("/api/tokens/count", json={"model": "openai/gpt-4o-mini", "messages": HELLO})).json()
    body = {
        "provider": "mistral",
        "model": "mistral-small-latest",
        "messages": [{"role": "user", "content": "x" * 400}],
    }
    before = len(client.asked)
    guessed = (await door.post("/api/tokens/count", json={**body, "options": {"maxTokens": 1000}})).json()
    unknown = (await door.post("/api/tokens/count", json={**body, "model": "nobody-knows"})).json()

    assert (counted["inputTokens"], counted["estimated"]) == (7, False)
    assert (guessed["inputTokens"], guessed["estimated"], guessed["maxOutputTokens"]) == (100, True, 1000)
    assert Decimal(guessed["cost"]["min"]) < Decimal(guessed["cost"]["max"])
    assert unknown["cost"]["min"] is None
    assert "price table" in unknown["cost"]["reason"]
    assert len(client.asked) == before


async def test_counting_needs_no_more_than_a_chat_and_keeps_nothing(
    services: Services, door: httpx.AsyncClient, client: FakeClient
) -> None:
    client.answer = answers
    body = {"model": "openai/gpt-4o-mini", "messages": HELLO, "keep": True}
    answer = await door.post("/api/tokens/count", json=body)

    assert answer.status_code == 200, answer.text
    assert "conversation" not in answer.json()
    assert answer.json()["fits"] is True
