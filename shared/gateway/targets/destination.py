"""Where a provider is, for one config: the caller's own URL where the row allows one, else the operator's, else the row's."""

from collections.abc import Mapping

from shared.egress.addresses import Rules
from shared.egress.urls import BaseUrl, parse_base_url
from shared.errors import AddressRefused, InvalidRequest
from shared.providers.find import find_provider
from shared.providers.provider import Provider
from shared.settings import SettingError, Settings


def destination(provider: Provider, base_url: str | None, settings: Settings) -> BaseUrl:
    """The one place that the config's key may be sent to. Its `origin` is what the key is bound to.

    Raises:
        InvalidRequest: `baseUrl` is missing, malformed, or not this provider's to choose.
        AddressRefused: it is a private address that the operator did not name.
    """
    return _destination(provider, base_url, settings.provider_urls, Rules(settings.egress_allow))


def _destination(provider: Provider, base_url: str | None, urls: Mapping[str, str], rules: Rules) -> BaseUrl:
    if base_url is not None and not provider.allows_base_url:
        raise InvalidRequest(
            f"{provider.name} is reached at its own address; for another URL use the provider `custom`",
            parameter="baseUrl",
        )
    moved = (urls[name] for name in (provider.id, *provider.aliases) if name in urls)
    text = base_url or next(moved, None) or provider.base_url
    if not text:
        raise InvalidRequest(
            f"{provider.name} needs `baseUrl`, for example https://llm.example.com/v1", parameter="baseUrl"
        )
    return parse_base_url(text, rules)


def check_provider_urls(settings: Settings) -> None:
    """Before anything is served: every URL that the operator gave is a provider's, and can be reached by the rules.

    Raises:
        SettingError: one is not.
    """
    for name, url in settings.provider_urls.items():
        if find_provider(name) is None:
            raise SettingError(f"REALMULTILLM_PROVIDER_URLS: there is no provider `{name}`")
        try:
            parse_base_url(url, Rules(settings.egress_allow))
        except (AddressRefused, InvalidRequest) as error:
            raise SettingError(
                f"REALMULTILLM_PROVIDER_URLS, {name}: {error.message}. "
                "Another port than 443, plain http or a private address has to be named in REALMULTILLM_EGRESS_ALLOW"
            ) from error
