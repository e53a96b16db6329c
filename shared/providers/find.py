"""A provider by its id or by another name that callers use for it."""

from collections.abc import Mapping
from typing import Final

from shared.errors import NotFound
from shared.providers.provider import Provider
from shared.providers.rows import PROVIDERS

_BY_NAME: Final[Mapping[str, Provider]] = {
    name: provider for provider in PROVIDERS for name in (provider.id, *provider.aliases)
}


def find_provider(name: str) -> Provider | None:
    """By id or alias, in any case."""
    return _BY_NAME.get(name.lower())


def get_provider(name: str) -> Provider:
    """The same; raises NotFound. The name is not repeated: people paste keys into the wrong field."""
    provider = find_provider(name)
    if provider is None:
        raise NotFound("There is no such provider. GET /api/providers lists them.", details={"parameter": "provider"})
    return provider
