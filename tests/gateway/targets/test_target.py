"""Where a target is asked."""

import pytest

from shared.egress.urls import parse_base_url
from shared.gateway.targets.target import Target
from shared.providers.dialects import load_dialect
from shared.providers.find import get_provider
from shared.records.config import ProviderConfig


@pytest.mark.parametrize(
    ("provider", "base", "path", "url"),
    [
        ("custom", "https://a.example", "/chat/completions", "https://a.example/chat/completions"),
        ("custom-anthropic", "https://a.example/v1", "/v1/messages", "https://a.example/v1/messages"),
        ("google", "https://a.example/v1beta", "/v1beta/models/m:x", "https://a.example/v1beta/models/m:x"),
        ("azure", "https://a.example", "/openai/v1/chat/completions", "https://a.example/openai/v1/chat/completions"),
        ("azure", "https://a.example/openai", "/openai/v1/models", "https://a.example/openai/v1/models"),
        ("azure", "https://a.example/openai/v1", "/openai/v1/models", "https://a.example/openai/v1/models"),
        ("azure", "https://a.example/proxy", "/openai/v1/models", "https://a.example/proxy/openai/v1/models"),
    ],
)
def test_what_the_base_url_ends_in_already_is_not_said_twice(provider: str, base: str, path: str, url: str) -> None:
    assert _target(provider, base).url(path, "") == url
    assert _target(provider, base).url(path, "a=b") == f"{url}?a=b"


def _target(provider: str, base: str) -> Target:
    row = get_provider(provider)
    config = ProviderConfig("alice", "c", provider, 0, 0, base_url=base)
    return Target(row, config, "m", load_dialect(row.dialect), parse_base_url(base))
