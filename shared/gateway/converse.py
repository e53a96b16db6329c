"""One chat from wish to receipt, told in order: plan, ask, relay, meter. The doors only read the wish and speak the events."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from shared.chat.events import Answered, ChatEvent, ToolCallStart
from shared.chat.receipt import Attempt, Done, Receipt
from shared.chat.request import ChatRequest
from shared.egress.exchange import Timeouts
from shared.errors import InvalidRequest, ProviderError
from shared.gateway.aftermath import note_answer, note_failure
from shared.gateway.ask import Question, ask
from shared.gateway.deadline import before, until
from shared.gateway.destination import destination
from shared.gateway.inline import inline_media
from shared.gateway.measured import measured
from shared.gateway.meter import Meter
from shared.gateway.one_call import first_calls, must_hold_back
from shared.gateway.open_key import open_key
from shared.gateway.permits import permit_chat
from shared.gateway.plan import with_settings
from shared.gateway.prepare import is_kin, prepare
from shared.gateway.relay import relay
from shared.gateway.target import Target
from shared.gateway.whom import whom
from shared.identity.caller import Caller
from shared.providers import prices
from shared.providers.dialects import load_dialect
from shared.providers.find import get_provider
from shared.records.ids import mint_ulid
from shared.services import Services

TIMEOUTS = Timeouts()


async def plan(
    services: Services, caller: Caller, *, wished: str | None, model: str, speaking: str | None = None
) -> Target:
    """The target that answers this caller, who is `speaking` that dialect.

    Raises:
        InvalidRequest: nobody can tell which provider or model is meant.
        NotFound: no such provider, or no key for it is stored.
        Forbidden: the access token is for others.
    """
    config, named = await whom(services, caller, wished=wished, model=model)
    provider = get_provider(config.provider)
    chosen = named or config.settings.default_model or provider.default_model
    if not chosen:
        raise InvalidRequest(f"`model` is needed: {provider.name} has no default", parameter="model")
    permit_chat(caller, provider, chosen)
    base = destination(provider, config.base_url, services.settings)
    return Target(provider, config, chosen, load_dialect(provider.dialect_for(chosen, speaking)), base)


def converse(
    services: Services, request: ChatRequest, target: Target, *, ends: float | None = None
) -> AsyncGenerator[Sequence[ChatEvent | Done]]:
    """The events of the answer, as many at a time as came at once, and at the very end one Done. `ends`: when the platform ends the request.

    Raises:
        RealMultiLLMError: on every ending that is not Done.
    """
    batches = _converse(services, request, target, ends)
    return batches if services.metrics is None else measured(batches, target.provider.id, services.metrics)


async def _converse(
    services: Services, request: ChatRequest, target: Target, ends: float | None
) -> AsyncGenerator[Sequence[ChatEvent | Done]]:
    request = with_settings(replace(request, model=target.model), target.config.settings)
    async with before(ends):
        key = await open_key(services, target)
        request = await inline_media(request, target, services.client)
    prepared, meter, attempts = prepare(request, target), Meter(request), list[Attempt]()
    question = Question(prepared.outbound, request.stream, is_kin(request, target))
    held_back = must_hold_back(request, target.dialect)
    deadline = time.monotonic() + TIMEOUTS.total

    def ask_once() -> AsyncGenerator[Sequence[ChatEvent]]:
        asked = ask(question, target, key=key, client=services.client, timeouts=TIMEOUTS)
        return asked if ends is None else until(asked, ends)

    try:
        async with aclosing(relay(ask_once, target, attempts=attempts, deadline=deadline)) as batches:
            async for batch in batches:
                if held_back:
                    batch = first_calls(batch)  # noqa: PLW2901 - the rest of them is nobody's
                for event in batch:
                    meter.hear(event)
                    if isinstance(event, ToolCallStart) and not event.id:
                        event.id = f"call_{mint_ulid(services.now())}"
                    elif isinstance(event, Answered):
                        event.attempts, event.dropped = len(attempts) + 1, prepared.dropped
                yield batch
    except ProviderError as error:
        await note_failure(services, target, attempts, error)
        raise
    await note_answer(services, target)
    yield [await _done(services, meter, target, attempts, prepared.dropped)]


async def _done(
    services: Services, meter: Meter, target: Target, attempts: list[Attempt], dropped: tuple[str, ...]
) -> Done:
    usage, model = meter.usage(), meter.model or target.model
    if not prices.loaded():
        await asyncio.to_thread(prices.load)
    cost = prices.price(target.provider, model, usage, services.now(), service_tier=meter.service_tier)
    if cost.usd is None and model != target.model:
        cost = prices.price(target.provider, target.model, usage, services.now(), service_tier=meter.service_tier)
    receipt = Receipt("own", target.config.fingerprint or "", target.provider.id, model, tuple(attempts), cost, dropped)
    return Done(meter.finishes(), usage, receipt)
