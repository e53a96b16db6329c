"""Which config, provider and model answer a wish. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from shared.chat.request import ChatRequest, Message, Text
from shared.errors import InvalidRequest, NotFound
from shared.gateway.named import get_named_provider
from shared.providers.find import find_provider
from shared.providers.provider import Provider
from shared.records.config import ChatSettings, ProviderConfig

_FILLED: Final = (
    "temperature",
    "max_tokens",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "reasoning_effort",
    "stop",
)
"""Settings that complete a request."""


def named_provider(wished: str | None, model: str) -> tuple[Provider | None, str]:
    """The provider that the wish names, as `provider` or as `provider/model`, and the provider's own name of the model.

    Raises:
        NotFound: `provider` is none of ours.
    """
    if wished is not None:
        return get_named_provider(wished, None), model
    head, slash, rest = model.partition("/")
    provider = find_provider(head) if slash else None
    return (provider, rest) if provider else (None, model)


def usable(config: ProviderConfig | None, provider: Provider) -> ProviderConfig:
    """The config, if there is one and it is active.

    Raises:
        NotFound: it is not.
    """
    if config is None or not config.is_active:
        raise NotFound(
            f"No active key of {provider.name} is stored: POST /api/provider-configs stores one.",
            details={"parameter": "provider", "provider": provider.id},
        )
    return config


def choose(model: str, configs: Sequence[ProviderConfig]) -> ProviderConfig:
    """The config that is meant when no provider is named: the only one that lists the model, else the only one there is.

    Raises:
        InvalidRequest: several could be meant.
        NotFound: no key is stored.
    """
    active = [config for config in configs if config.is_active]
    listing = [config for config in active if model and model in (*config.models, config.settings.default_model)]
    candidates = listing or active
    if not candidates:
        raise NotFound("No provider key is stored yet: POST /api/provider-configs stores one.")
    if len(candidates) > 1:
        names = ", ".join(sorted(config.provider for config in candidates))
        raise InvalidRequest(
            f"`provider` is needed, for {names} could be meant; or write the model as provider/model",
            parameter="provider",
        )
    return candidates[0]


def with_settings(request: ChatRequest, settings: ChatSettings) -> ChatRequest:
    """The request, completed by what its owner set for this provider. What the request says holds."""
    filled = {
        name: value
        for name in _FILLED
        if (value := getattr(settings, name)) not in (None, ()) and getattr(request, name) in (None, ())
    }
    system = settings.system_prompt
    if any(message.role == "system" for message in request.messages):
        system = None
    if not filled and not system:
        return request
    said = (Message("system", (Text(system),)), *request.messages) if system else request.messages
    original = replace(request.original, filled=filled, system=system) if request.original else None
    return replace(request, messages=said, original=original, **filled)
