"""Tries a key: asks the provider for its models, which costs nothing, or, where that proves nothing, for one token.

At a place of the caller's own choosing only the answers that speak of the key are told apart. Everything else (refused, closed, silent, another kind
of server) gives one message after one time, so that nobody finds out with it what listens where. Threat E8.
"""

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace

from shared.chat.events import Answered
from shared.chat.request import ChatRequest, Message, Text
from shared.egress.exchange import Client, Timeouts
from shared.errors import (
    AddressRefused,
    BadResponse,
    CredentialRejected,
    InvalidRequest,
    ProviderBilling,
    ProviderTimeout,
    RealMultiLLMError,
    RequestRefused,
    StreamBroken,
    Throttled,
    Unreachable,
)
from shared.gateway.asking.ask import Question, ask
from shared.gateway.asking.prepare import prepare
from shared.gateway.targets.destination import destination
from shared.gateway.targets.list_models import list_models
from shared.gateway.targets.target import Target
from shared.providers.dialects import load_dialect
from shared.providers.provider import Provider
from shared.records.config import ProviderConfig
from shared.records.trial import Trial
from shared.secrets import ApiKey
from shared.settings import Settings

PATIENCE = 8.0
"""Seconds that a trial may take, and that one without an answer does take where the caller chose the place."""

_KEY = "apiKey"
_OF_THE_KEY = (CredentialRejected, ProviderBilling, Throttled)
_NO_ANSWER = (AddressRefused, BadResponse, ProviderTimeout, StreamBroken, Unreachable)


def trial_target(provider: Provider, config: ProviderConfig, settings: Settings, *, model: str | None = None) -> Target:
    """Where and with what a key of this config is tried. Its `config` has its `base_url` as it is kept.

    Raises:
        InvalidRequest: `baseUrl` is missing, not this provider's to choose, or can be misread.
        AddressRefused: it is a place that may not be reached.
    """
    base = destination(provider, config.base_url, settings)
    if config.base_url is not None:
        config = replace(config, base_url=base.text)
    chosen = model or config.settings.default_model or provider.default_model or ""
    return Target(provider, config, chosen, load_dialect(provider.dialect_for(chosen, None)), base)


async def probe(target: Target, key: ApiKey | None, client: Client, *, patience: float = PATIENCE) -> Trial:
    """Try the key at the target. A failure of the provider is an answer here.

    Raises:
        InvalidRequest: the key has not the form that this provider's keys have, so nobody was asked.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(patience):
            await _try(target, key, client, Timeouts(patience / 2, patience, patience, patience))
    except RealMultiLLMError as error:
        if isinstance(error, InvalidRequest) and error.parameter == _KEY:
            raise
        if _told(error, target):
            return _explained(error, target, _since(began))
    except TimeoutError:
        pass
    else:
        return Trial(
            valid=True, success=True, message=f"{target.provider.name} takes the key.", latency_ms=_since(began)
        )
    if _chosen(target):
        await asyncio.sleep(began + patience - time.monotonic())
    return _unanswered(target)


async def _try(target: Target, key: ApiKey | None, client: Client, timeouts: Timeouts) -> None:
    path = target.provider.models_path
    if path is None or target.provider.models_are_public:
        await _chat(target, key, client, timeouts)
        return
    try:
        await list_models(target, path, key, client, timeouts)
    except RequestRefused:
        if not target.model:
            raise
        await _chat(target, key, client, timeouts)


async def _chat(target: Target, key: ApiKey | None, client: Client, timeouts: Timeouts) -> None:
    """One token. A model that wants more of them says so, and so has let the key in."""
    request = ChatRequest(target.model, (Message("user", (Text("Hi"),)),), max_tokens=1)
    question = Question(prepare(request, target).outbound, stream=False)
    async with aclosing(ask(question, target, key=key, client=client, timeouts=timeouts)) as batches:
        async for batch in batches:
            if any(not isinstance(event, Answered) for event in batch):
                return


def _told(error: RealMultiLLMError, target: Target) -> bool:
    return isinstance(error, _OF_THE_KEY) if _chosen(target) else not isinstance(error, _NO_ANSWER)


def _chosen(target: Target) -> bool:
    """The place is the caller's own, so it may be anything."""
    return target.config.base_url is not None


def _unanswered(target: Target) -> Trial:
    place = "its `baseUrl`" if _chosen(target) else "its own address"
    return Trial(
        valid=False,
        success=False,
        message=f"{target.provider.name} did not answer at {place}. Check that, or try again later.",
        error="upstream_unreachable",
    )


def _explained(error: RealMultiLLMError, target: Target, latency: int) -> Trial:
    """In our own words: none of the provider's, which might repeat the key."""
    name = target.provider.name
    match error:
        case CredentialRejected():
            message = f"{name} refuses this key."
        case ProviderBilling():
            message = f"{name} takes the key, but wants money first."
        case Throttled():
            message = f"{name} wants us to slow down and says nothing of the key. Try again later."
        case RequestRefused():
            message = f"{name} takes the key, but not the question asked with it. Check the default model."
        case _:
            message = f"{name} has a failure of its own and says nothing of the key. Try again later."
    valid = isinstance(error, ProviderBilling | RequestRefused)
    return Trial(valid=valid, success=False, message=message, latency_ms=latency, error=error.code)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
