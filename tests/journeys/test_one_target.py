"""A stream that breaks stays broken: nobody else is asked, and no word is put into anybody's mouth."""

import json

import pytest

from shared.egress.exchange import Outbound
from shared.errors import ProviderOverloaded
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.house import Headers, House

HALF = b'data: {"choices": [{"index": 0, "delta": {"content": "Once upon a"}}]}\n\n'
BROKEN = {
    "cut": HALF,
    "an error within": HALF + b'data: {"error": {"message": "overloaded", "code": 503}}\n\n',
    "garbage": HALF + b"data: {\n\n" * 3,
}
CONVERSATION = [
    {"role": "system", "content": "Tell tales."},
    {"role": "user", "content": "Begin."},
    {"role": "assistant", "content": "Well,"},
    {"role": "user", "content": "Go on."},
]


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_broken_stream_is_not_spliced(house: House, client: FakeClient, asker: Headers, broken: str) -> None:
    """Traps 33 and 34: one question, to one provider, in the caller's words; then its words, and one error."""
    await house.with_key(asker, "anthropic")
    await house.with_key(asker, "google")
    client.answer = lambda _: FakeAnswer(200, BROKEN[broken], {"content-type": "text/event-stream"})
    body = {"provider": "openai", "model": "m", "messages": CONVERSATION}
    answer = await house.http.post("/api/llm/stream", json=body, headers=asker)

    (outbound,) = client.asked
    told = lines(answer.text)
    assert json.loads(outbound.body)["messages"] == CONVERSATION
    assert [line["type"] for line in told] == ["start", "chunk", "error"]
    assert told[1]["content"] == "Once upon a"


@pytest.mark.parametrize("path", ["/api/llm/chat", "/api/llm/stream"])
async def test_a_failure_before_the_first_word_asks_the_same_provider_the_same_again(
    house: House, client: FakeClient, asker: Headers, path: str
) -> None:
    """Trap 34: there is no fallback that the caller did not ask for."""
    await house.with_key(asker, "anthropic")

    def fail(outbound: Outbound) -> Exception:
        return ProviderOverloaded("no room", retry_after=0)

    client.answer = fail
    answer = await house.http.post(
        path, json={"provider": "openai", "model": "m", "messages": CONVERSATION}, headers=asker
    )

    first, second = client.asked
    assert answer.status_code == 503
    assert (first.url, first.body) == (second.url, second.body)
    assert json.loads(first.body)["messages"] == CONVERSATION
