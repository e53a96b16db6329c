"""Whether the door answers, and how providers fare."""

import pytest

from tests.fakes.client import FakeClient
from tests.fakes.house import HELLO, House
from tests.fakes.providers import TwoProviders
from tests.fakes.tokens import narrowed
from tests.journeys.conftest import house as house  # noqa: PLC0414 - the fixtures of the whole house
from tests.journeys.conftest import log as log  # noqa: PLC0414 - what that one needs


@pytest.fixture
def providers() -> TwoProviders:
    return TwoProviders()


@pytest.fixture
def client(providers: TwoProviders) -> FakeClient:
    return FakeClient(providers)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"x-api-key": "sk-rml-0-nobody"}])
async def test_a_stranger_hears_that_the_door_answers_and_nothing_more(house: House, headers: dict[str, str]) -> None:
    assert (await house.http.get("/api/health", headers=headers)).json() == {"status": "ok"}


async def test_who_is_known_hears_how_their_own_providers_fare(house: House) -> None:
    alice = await house.signed_up("alice")
    await house.with_key(alice)
    await house.with_key(alice, "anthropic")
    for _ in range(2):
        await house.http.post("/api/llm/chat", json={"model": "openai/gpt-4.1", "messages": HELLO}, headers=alice)
        house.clock.pass_by(10)
    told = (await house.http.get("/api/health", headers=alice)).json()["providers"]

    assert [(each["provider"], each["breaker"], each["answered"]) for each in told] == [
        ("anthropic", "closed", 0),
        ("openai", "closed", 2),
    ]
    assert (told[0]["latencyMs"], told[1]["latencyMs"] >= 0) == (None, True)


async def test_nobody_hears_of_anothers_providers(house: House) -> None:
    """Threat I3; and a token hears of those that it is for."""
    alice, bob = await house.signed_up("alice"), await house.signed_up("bob")
    await house.with_key(alice)
    await house.with_key(alice, "anthropic")
    program = await narrowed(house.services, alice, providers=("openai",))
    heard = [(await house.http.get("/api/health", headers=who)).json()["providers"] for who in (bob, program)]

    assert [[each["provider"] for each in told] for told in heard] == [[], ["openai"]]
