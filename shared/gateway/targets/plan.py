"""Which config and which model answer a wish, as far as nobody has to be asked. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from shared.chat.request import ChatRequest, Message, Text
from shared.errors import Forbidden, InvalidRequest, ModelNotFound, NotFound
from shared.gateway.targets.named import get_named_provider
from shared.gateway.targets.permits import may_see
from shared.identity.caller import Caller
from shared.providers.find import find_provider, get_provider
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


def usable(config: ProviderConfig | None, provider: Provider, *, by_model: bool = False) -> ProviderConfig:
    """The config, if there is one and it is active. `by_model`: the provider was named before the model, not in a field of its own.

    Raises:
        NotFound: it is not; ModelNotFound where the model's name said so.
    """
    if config is not None and config.is_active:
        return config
    absent, parameter = (ModelNotFound, "model") if by_model else (NotFound, "provider")
    raise absent(
        f"No active key of {provider.name} is stored: POST /api/provider-configs stores one.",
        details={"parameter": parameter, "provider": provider.id},
    )


def reachable(who: Caller, configs: Sequence[ProviderConfig]) -> list[ProviderConfig]:
    """The active configs that the caller may use, at least one.

    Raises:
        NotFound: no active key is stored.
        Forbidden: the access token is for other providers.
    """
    active = [config for config in configs if config.is_active]
    if not active:
        raise ModelNotFound(
            "No active provider key is stored: POST /api/provider-configs stores one.", details={"parameter": "model"}
        )
    seen = [config for config in active if may_see(who, config.provider)]
    if not seen:
        raise Forbidden("This access token is for no provider whose key is stored.", details={"parameter": "model"})
    return seen


def meant(model: str, configs: Sequence[ProviderConfig]) -> list[ProviderConfig]:
    """Those that the name alone tells: whose owner lists the model there, else whose provider gives such names."""
    return owners(model, configs) or [config for config in configs if get_provider(config.provider).has_name(model)]


def owners(model: str, configs: Sequence[ProviderConfig]) -> list[ProviderConfig]:
    """Those whose owner lists the model there, or has made it the default."""
    return [config for config in configs if model and model in (*config.models, config.settings.default_model)]


def the_one(model: str, candidates: Sequence[ProviderConfig], configs: Sequence[ProviderConfig]) -> ProviderConfig:
    """The only candidate of the configs.

    Raises:
        ModelNotFound: there is none.
        InvalidRequest: there are several; a guess would spend somebody's money.
    """
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        names = ", ".join(sorted(config.provider for config in configs))
        absent = "What stands before the slash is no provider of ours, and none" if "/" in model else "None"
        raise ModelNotFound(
            f"{absent} of your providers ({names}) has a model of that name: write it as provider/model, as GET /v1/models does, "
            "or list it in `models` of the provider's config.",
            details={"parameter": "model"},
        )
    if not model:
        names = ", ".join(sorted(config.provider for config in candidates))
        raise InvalidRequest(
            f"`model` is needed, as provider/model, or `provider`: {names} could be meant", parameter="model"
        )
    names = ", ".join(sorted(f"{config.provider}/{model}" for config in candidates))
    raise InvalidRequest(f"`model` could mean {names}: write one of these", parameter="model")


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
