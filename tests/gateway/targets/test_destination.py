"""Where a provider is."""

from pathlib import Path

import pytest

from shared.errors import AddressRefused, InvalidRequest
from shared.gateway.targets.destination import check_provider_urls, destination
from shared.providers.find import get_provider
from shared.settings import SettingError, Settings

PLAIN = Settings(home=Path())
LOCAL = frozenset({"127.0.0.1:11434"})


def test_a_provider_is_at_its_own_address() -> None:
    assert destination(get_provider("openai"), None, PLAIN).origin == "https://api.openai.com:443"


@pytest.mark.parametrize("name", ["grok", "xai"])
def test_the_operator_may_move_it_by_id_or_alias(name: str) -> None:
    settings = Settings(home=Path(), provider_urls={name: "https://proxy.corp.example/xai"})
    check_provider_urls(settings)

    assert destination(get_provider("grok"), None, settings).text == "https://proxy.corp.example/xai"


def test_a_caller_may_not() -> None:
    """No destination override, ever: the key would be sent there."""
    with pytest.raises(InvalidRequest) as caught:
        destination(get_provider("openai"), "https://evil.example", PLAIN)

    assert caught.value.parameter == "baseUrl"


def test_a_provider_of_the_callers_own_needs_its_url() -> None:
    with pytest.raises(InvalidRequest) as caught:
        destination(get_provider("custom"), None, PLAIN)

    assert caught.value.parameter == "baseUrl"
    assert destination(get_provider("custom"), "https://llm.example/v1", PLAIN).host == "llm.example"


def test_a_private_address_is_the_operators_to_allow() -> None:
    url = "http://127.0.0.1:11434/v1"
    with pytest.raises(AddressRefused):
        destination(get_provider("ollama"), url, PLAIN)

    assert destination(get_provider("ollama"), url, Settings(home=Path(), egress_allow=LOCAL)).text == url


@pytest.mark.parametrize(
    "urls",
    [
        {"nobody": "https://x.example"},
        {"openai": "http://x.example"},
        {"openai": "proxy"},
        {"openai": "http://127.0.0.1:1"},
    ],
)
def test_a_wrong_url_of_the_operators_is_found_at_start(urls: dict[str, str]) -> None:
    with pytest.raises(SettingError, match="REALMULTILLM_PROVIDER_URLS"):
        check_provider_urls(Settings(home=Path(), provider_urls=urls))
