"""What the audit log is told of a change to a config: what decides about money and places, with its values; of settings, which hold words, the names."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from shared.records.changes import differences
from shared.records.config import OwnPrice, ProviderConfig


def told(before: ProviderConfig, after: ProviderConfig) -> dict[str, str]:
    """What differs but for the key, of which there is a fingerprint."""
    old, new = asdict(before.settings), asdict(after.settings)
    settings = sorted(name for name in new if old[name] != new[name])
    changed = differences(_shown(before, after), _shown(after, before))
    return {**changed, **({"settings": " ".join(settings)} if settings else {})}


def _shown(config: ProviderConfig, other: ProviderConfig) -> dict[str, Any]:
    """Prices are those that the other has not, or has otherwise."""
    names = sorted({*config.prices, *other.prices})
    differing = [name for name in names if config.prices.get(name) != other.prices.get(name)]
    return {
        "is_active": config.is_active,
        "base_url": _place(config.base_url),
        "models": config.models,
        "prices": {name: _amounts(config.prices.get(name)) for name in differing},
    }


def _place(base_url: str | None) -> str | None:
    """Without its path, in which some put what is secret."""
    if base_url is None:
        return None
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _amounts(price: OwnPrice | None) -> dict[str, Any] | None:
    return None if price is None else {name: amount for name, amount in asdict(price).items() if amount is not None}
