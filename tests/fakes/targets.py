"""Targets that nobody asks: a provider of the catalogue, a config without a key."""

from shared.egress.urls import parse_base_url
from shared.gateway.targets.target import Target
from shared.providers.dialects import load_dialect
from shared.providers.find import get_provider
from shared.records.config import ChatSettings, ProviderConfig


def target_of(provider: str, model: str, *, settings: ChatSettings | None = None) -> Target:
    row = get_provider(provider)
    config = ProviderConfig(
        owner="alice", id="c1", provider=provider, created_at=0, updated_at=0, settings=settings or ChatSettings()
    )
    return Target(row, config, model, load_dialect(row.dialect), parse_base_url("https://api.example.com"))
