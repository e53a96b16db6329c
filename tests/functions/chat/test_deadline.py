"""A platform's end of a request is kept by every route of this door, and told in each caller's words. Trap 70."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.chat.app import create_app
from tests.fakes import kept
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.services import fake_services

HELLO = [{"role": "user", "content": "hello"}]
ASKED: dict[str, dict[str, Any] | None] = {
    "/api/llm/chat": {"provider": "openai", "messages": HELLO},
    "/api/llm/stream": {"provider": "openai", "messages": HELLO},
    "/v1/chat/completions": {"model": "openai/m", "messages": HELLO},
    "/v1/responses": {"model": "openai/m", "input": "hello", "stream": True},
    "/v1/messages": {"model": "openai/m", "messages": HELLO, "max_tokens": 9},
    "/v1/messages/count_tokens": {"model": "openai/m", "messages": HELLO},
    "/v1/responses/input_tokens": {"model": "openai/m", "input": "hello"},
    "/v1/embeddings": {"model": "openai/text-embedding-3-small", "input": "hello"},
    "/v1/images/generations": {"model": "openai/gpt-image-1", "prompt": "hello"},
    "/v1/moderations": {"model": "openai/omni-moderation-latest", "input": "hello"},
    "/v1/models": None,
    "/v1/models/openai/m": None,
}


def ended(app: ASGIApp) -> ASGIApp:
    """The app on a platform that has no time left."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {"deadline": asyncio.get_running_loop().time() - 1}}, receive, send)

    return wrapped


@pytest.mark.parametrize("path", ASKED)
async def test_without_time_nobody_is_asked_and_the_status_is_honest(path: str, tmp_path: Path) -> None:
    services, client = fake_services(tmp_path), FakeClient(lambda _: FakeAnswer(200, {}))
    services.client = client
    session = await services.accounts.sign_up("alice@example.com", "correct horse")
    await kept.keep(services, session.user.id, "openai")
    headers = {"authorization": f"Bearer {session.token}"}
    transport = httpx.ASGITransport(ended(create_app(services)))
    async with httpx.AsyncClient(transport=transport, base_url="http://house", headers=headers) as http:
        body = ASKED[path]
        answer = await (http.get(path) if body is None else http.post(path, json=body))

    assert answer.status_code == 504
    assert "The platform ends this request" in answer.json()["error"]["message"]
    assert client.asked == []
