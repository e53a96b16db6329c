"""Whoever settles a chat knows whom it asked last, and how often."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.chat.request import ChatRequest, Message, Text
from shared.dialects.caller import Named, Wish
from shared.errors import ProviderFailed
from shared.gateway.books.progress import Progress
from shared.gateway.converse import converse
from shared.gateway.targets.course import chart
from shared.identity.caller import Caller
from tests.fakes.client import FakeClient
from tests.fakes.house import House, whole_house
from tests.fakes.providers import ANTHROPIC, OPENAI, TwoProviders, does


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with whole_house(tmp_path, client=FakeClient(TwoProviders())) as house:
        yield house


async def test_progress_is_told_of_every_target_that_is_asked(house: House) -> None:
    """Also where all of them fail, for then nobody else tells."""
    headers = await house.signed_up("alice")
    for provider in ("openai", "anthropic"):
        await house.with_key(headers, provider)
    providers = TwoProviders()
    providers.does = {host: [does(ProviderFailed("no", retry_after=0))] for host in (OPENAI, ANTHROPIC)}
    house.services.client = FakeClient(providers)
    owner = (await house.services.accounts.verify(headers["authorization"].removeprefix("Bearer "))).owner
    request = ChatRequest("openai/gpt-4.1", (Message("user", (Text("hello"),)),), max_tokens=5)
    wish = Wish(None, request, (Named("anthropic/claude-haiku-4-5"),))
    course, progress = await chart(house.services, Caller(owner, None, "user"), wish), Progress()
    with pytest.raises(ProviderFailed):
        _ = [batch async for batch in converse(house.services, request, course, progress=progress)]

    assert progress.target is course.targets[1]
    assert [attempt.provider for attempt in progress.attempts] == ["openai", "openai", "anthropic"]
