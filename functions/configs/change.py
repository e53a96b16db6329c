"""A config with what a body names of it."""

from dataclasses import replace

from functions.configs.schemas import ConfigBody
from shared.records.config import ChatSettings, ProviderConfig


def changed(config: ProviderConfig, body: ConfigBody) -> ProviderConfig:
    """The config with what the body names. The key is another matter."""
    named = body.model_fields_set
    settings = body.settings.applied_to(config.settings) if body.settings else ChatSettings()
    return replace(
        config,
        base_url=body.base_url if "base_url" in named else config.base_url,
        models=tuple(body.models or ()) if "models" in named else config.models,
        settings=settings if "settings" in named else config.settings,
        prices={name: own.price() for name, own in (body.prices or {}).items()} if "prices" in named else config.prices,
        is_active=config.is_active if body.is_active is None else body.is_active,
    )
