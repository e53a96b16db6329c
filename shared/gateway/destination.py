"""Where a provider is, for one config: the caller's own URL where the row allows one, else the operator's, else the row's."""

from collections.abc import Mapping

from shared.egress.addresses import Rules
from shared.egress.urls import BaseUrl, parse_base_url
from shared.errors import InvalidRequest
from shared.providers.provider import Provider
from shared.settings import Settings


def destination(provider: Provider, base_url: str | None, settings: Settings) -> BaseUrl:
    """The one place that the config's key may be sent to. Its `origin` is what the key is bound to.

    Raises:
        InvalidRequest: `baseUrl` is missing, not this provider's to choose, or refused by the address rules.
    """
    return _destination(provider, base_url, settings.provider_urls, Rules(settings.egress_allow))


def _destination(provider: Provider, base_url: str | None, urls: Mapping[str, str], rules: Rules) -> BaseUrl:
    if base_url is not None and not provider.allows_base_url:
        raise InvalidRequest(
            f"{provider.name} is reached at its own address; for another URL use the provider `custom`",
            parameter="baseUrl",
        )
    text = base_url or urls.get(provider.id) or provider.base_url
    if not text:
        raise InvalidRequest(f"{provider.name} needs `baseUrl`, for example https://llm.example.com/v1", parameter="baseUrl")
    return parse_base_url(text, rules)
