"""What is judged before and after a chat."""

import json
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.chat.events import ChatEvent, Finish, TextDelta, ToolCallDelta, Usage
from shared.chat.receipt import Cost, Done, Receipt
from shared.chat.request import ChatRequest, Message, Text
from shared.egress.exchange import Outbound
from shared.errors import ContentRefused, NotFound, ProviderFailed
from shared.gateway.asking.store import new_config, store
from shared.gateway.guard.moderate import Batches, moderated
from shared.providers.find import get_provider
from shared.records.policy import INSTALLATION, Moderation
from shared.secrets import ApiKey
from shared.services import Services
from shared.storage.policies import save_moderation
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.services import fake_services

DONE = Done(((0, "stop", None),), Usage(), Receipt("own", "", "p", "m", (), Cost(None)))
RULES = Moderation(before=True, after=True, words=("bad",))
JUDGE = Moderation(before=True, after=True, by=("provider",), provider="openai", model="omni-moderation-latest")


def verdict(outbound: Outbound) -> FakeAnswer:
    """Flags what holds the word evil; does not answer to what holds the word silence."""
    said = json.loads(outbound.body)["input"]
    if any("silence" in text for text in said):
        return FakeAnswer(400, {"error": {"message": "no"}})
    return FakeAnswer(200, {"id": "x", "model": "m", "results": [{"flagged": "evil" in text} for text in said]})


@pytest.fixture
def services(tmp_path: Path) -> Services:
    services = fake_services(tmp_path)
    services.client = FakeClient(verdict)
    return services


async def with_judge(services: Services, **more: Any) -> None:
    """The installation has a key to judge with."""
    row = get_provider("openai")
    config = new_config(INSTALLATION, row, services.now())
    await store(services, row, config, config, key=ApiKey("sk-judge"), test=False)
    await save_moderation(services.table, Moderation(**{**{n: getattr(JUDGE, n) for n in JUDGE.__slots__}, **more}))


def asking(text: str) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message("user", (Text(text),)),), stream=True)


async def batches(*texts: str | list[ChatEvent]) -> AsyncGenerator[Sequence[ChatEvent | Done]]:
    for text in texts:
        yield [TextDelta(text)] if isinstance(text, str) else text
    yield [Finish("stop"), DONE]


async def heard(judged: Batches) -> tuple[str, bool]:
    """What came through, and whether it was refused then."""
    said = ""
    try:
        async for batch in judged:
            for event in batch:
                if isinstance(event, TextDelta):
                    said += event.text
    except ContentRefused:
        return said, True
    return said, False


async def test_where_no_admin_says_so_nothing_is_judged(services: Services) -> None:
    assert await heard(moderated(services, asking("bad evil"), batches("bad", " evil"))) == ("bad evil", False)


async def test_a_refused_request_is_asked_of_nobody(services: Services) -> None:
    await save_moderation(services.table, RULES)
    begun = []

    async def provider() -> AsyncGenerator[Sequence[ChatEvent | Done]]:
        begun.append(True)
        yield [DONE]

    assert await heard(moderated(services, asking("something bad"), provider())) == ("", True)
    assert not begun


@pytest.mark.parametrize("cut", range(1, 12))
async def test_a_refused_word_is_found_wherever_the_network_cut_it(services: Services, cut: int) -> None:
    await save_moderation(services.table, RULES)
    text = "so bad, well"
    said, refused = await heard(moderated(services, asking("hi"), batches(text[:cut], text[cut:])))

    assert refused
    assert "bad," not in said


async def test_a_word_that_goes_on_is_another_one(services: Services) -> None:
    await save_moderation(services.table, RULES)

    assert await heard(moderated(services, asking("hi"), batches("bad", "minton"))) == ("badminton", False)


async def test_the_last_word_is_judged_too_and_so_are_arguments_of_calls(services: Services) -> None:
    await save_moderation(services.table, RULES)

    assert (await heard(moderated(services, asking("hi"), batches("so ", "bad"))))[1]
    assert (await heard(moderated(services, asking("hi"), batches([ToolCallDelta(0, '{"x": "bad"}')]))))[1]


async def test_voices_are_judged_apart(services: Services) -> None:
    """Two choices of which each says half of it."""
    await save_moderation(services.table, RULES)
    apart: list[ChatEvent] = [TextDelta("x ba", 0), TextDelta("d y", 1)]

    assert not (await heard(moderated(services, asking("hi"), batches(apart))))[1]


async def test_nothing_goes_out_before_the_provider_judged_it(services: Services) -> None:
    await with_judge(services)
    pieces = ["good " * 30] * 10

    said, refused = await heard(moderated(services, asking("hi"), batches(*pieces, "evil ", *pieces)))

    assert refused
    assert "evil" not in said
    assert "good" in said


async def test_a_judge_that_flags_nothing_lets_all_through(services: Services) -> None:
    await with_judge(services)

    assert await heard(moderated(services, asking("hi"), batches("fine ", "indeed"))) == ("fine indeed", False)
    assert isinstance(services.client, FakeClient)
    assert {outbound.headers["authorization"] for outbound in services.client.asked} == {"Bearer sk-judge"}


async def test_what_nobody_could_judge_is_refused_unless_the_policy_lets_it_pass(services: Services) -> None:
    await with_judge(services)
    with pytest.raises(Exception) as failed:
        await heard(moderated(services, asking("silence"), batches("fine")))
    await with_judge_that_may_fail(services)

    assert not isinstance(failed.value, ContentRefused | ProviderFailed)
    assert await heard(moderated(services, asking("silence"), batches("fine"))) == ("fine", False)


async def with_judge_that_may_fail(services: Services) -> None:
    fields = {name: getattr(JUDGE, name) for name in JUDGE.__slots__}
    await save_moderation(services.table, Moderation(**{**fields, "refuse_unjudged": False}))


async def test_a_judge_without_a_key_judges_nothing(services: Services) -> None:
    await save_moderation(services.table, JUDGE)

    with pytest.raises(NotFound):
        await heard(moderated(services, asking("hi"), batches("fine")))
