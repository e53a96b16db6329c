"""Which config, provider and model answer a wish. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from shared.chat.request import ChatRequest, Message, Text
from shared.errors import InvalidRequest, NotFound
from shared.gateway.named import get_named_provider
from shared.providers.find import find_provider
from shared.providers.provider import Provider
from shared.records.config import ChatSettings, ProviderConfig


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
    completed = replace(
        request,
        temperature=_first(request.temperature, settings.temperature),
        max_tokens=_first(request.max_tokens, settings.max_tokens),
        top_p=_first(request.top_p, settings.top_p),
        frequency_penalty=_first(request.frequency_penalty, settings.frequency_penalty),
        presence_penalty=_first(request.presence_penalty, settings.presence_penalty),
        seed=_first(request.seed, settings.seed),
        reasoning_effort=_first(request.reasoning_effort, settings.reasoning_effort),
        stop=request.stop or settings.stop,
    )
    if settings.system_prompt and not any(message.role == "system" for message in request.messages):
        return replace(completed, messages=(Message("system", (Text(settings.system_prompt),)), *request.messages))
    return completed


def _first[T](said: T | None, usual: T | None) -> T | None:
    return usual if said is None else said
