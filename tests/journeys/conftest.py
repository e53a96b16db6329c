"""The whole house in one process, for walks that need no sockets."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shared.egress.exchange import Outbound
from shared.observability import logger
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.house import Headers, House, whole_house
from tests.fakes.sinks import no_secret_anywhere

ANSWER = {
    "id": "x1",
    "model": "hello",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Bonjour"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
}
STREAM = b"""data: {"choices": [{"index": 0, "delta": {"content": "Bonjour"}, "finish_reason": "stop"}]}

data: [DONE]

"""


BESIDE = {
    "/embeddings": {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}],
        "model": "hello",
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    },
    "/images/generations": {"created": 1, "data": [{"b64_json": "YWJj"}]},
    "/moderations": {"id": "x2", "model": "hello", "results": [{"flagged": False}]},
    "/responses": {
        "id": "x3",
        "object": "response",
        "status": "completed",
        "model": "hello",
        "output": [
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Bonjour", "annotations": []}],
            }
        ],
        "usage": {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12},
    },
    "/responses/input_tokens": {"object": "response.input_tokens", "input_tokens": 7},
    "/models": {"object": "list", "data": [{"id": "hello", "object": "model", "created": 1, "owned_by": "them"}]},
}
"""What is no chat, by the end of its path."""


def answers(outbound: Outbound) -> FakeAnswer:
    """Every chat with the same word, plain or streamed, as it was asked; everything else too."""
    for path, answer in BESIDE.items():
        if outbound.url.endswith(path):
            return FakeAnswer(200, answer)
    if outbound.body and json.loads(outbound.body).get("stream"):
        return FakeAnswer(200, STREAM, {"content-type": "text/event-stream"})
    return FakeAnswer(200, ANSWER)


@pytest.fixture
def client() -> FakeClient:
    """A provider who answers every chat."""
    return FakeClient(answers)


@pytest.fixture
async def house(tmp_path: Path, client: FakeClient, log: io.StringIO) -> AsyncIterator[House]:
    """Wherever it was walked through, and whatever failed on the way: no secret is anywhere afterwards."""
    async with whole_house(tmp_path, client=client) as house:
        yield house
        await no_secret_anywhere(house, log.getvalue())


@pytest.fixture
async def asker(house: House) -> Headers:
    """Somebody with a key of OpenAI's, and what they send with each request."""
    headers = {**await house.signed_up("asker"), "content-type": "application/json"}
    await house.with_key(headers)
    return headers


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, down to the finest."""
    handler = logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    written, level = io.StringIO(), logger().log_level
    before = handler.setStream(written)
    logger().setLevel("DEBUG")
    yield written
    handler.setStream(before)
    logger().setLevel(level)
