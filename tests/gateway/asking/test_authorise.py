"""How the key is shown, by the row's own way."""

import pytest

from shared.egress.exchange import Outbound
from shared.egress.urls import parse_base_url
from shared.gateway.asking.authorise import authorise
from shared.gateway.targets.target import Target
from shared.providers.dialects import load_dialect
from shared.providers.find import get_provider
from shared.records.config import ProviderConfig
from shared.secrets import ApiKey
from tests.fakes.client import FakeAnswer, FakeClient

ASKED = Outbound("POST", "https://a.example/x", {"accept": "application/json"}, b"{}")


def target_of(provider: str) -> Target:
    row = get_provider(provider)
    config = ProviderConfig("alice", "c", provider, 0, 0)
    return Target(row, config, "m", load_dialect(row.dialect), parse_base_url("https://a.example"))


@pytest.mark.parametrize(
    ("provider", "key", "shown"),
    [
        ("openai", "sk-1", {"authorization": "Bearer sk-1"}),
        ("azure", "0f0f", {"api-key": "0f0f"}),
        ("vertex", "ya29.1", {"authorization": "Bearer ya29.1"}),
        ("vertex", "AIza1", {"x-goog-api-key": "AIza1"}),
        ("vertex-anthropic", "ya29.1", {"authorization": "Bearer ya29.1"}),
    ],
)
async def test_the_key_joins_the_headers_and_changes_nothing_else(
    provider: str, key: str, shown: dict[str, str]
) -> None:
    """Trap 50."""
    client = FakeClient(lambda _: FakeAnswer(500, {}))

    outbound, secret = await authorise(ASKED, target_of(provider), ApiKey(key), client=client)

    assert outbound == Outbound("POST", ASKED.url, {**ASKED.headers, **shown}, ASKED.body)
    assert (secret, client.asked) == (ApiKey(key), [])


async def test_without_a_key_nothing_is_shown() -> None:
    client = FakeClient(lambda _: FakeAnswer(500, {}))

    assert await authorise(ASKED, target_of("ollama"), None, client=client) == (ASKED, None)
