"""One question that is no chat, asked once and answered whole, told in order: plan, prepare, ask, relay. Embeddings, pictures, judgements."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.chat.events import Answered, ChatEvent, Start, Usage, Verbatim
from shared.dialects.exchanges import Ask, Exchange, Kind, Reply
from shared.egress.exchange import Outbound, Timeouts
from shared.errors import InvalidRequest, ProviderError, ProviderFailed, UnsupportedParameter
from shared.gateway.asking.aftermath import note_answer, note_failure
from shared.gateway.asking.ask import Question, ask
from shared.gateway.asking.open_key import open_key
from shared.gateway.asking.prepare import Prepared
from shared.gateway.asking.relay import relay
from shared.gateway.books.progress import Progress
from shared.gateway.targets.course import Course
from shared.gateway.targets.destination import destination
from shared.gateway.targets.keyring import permit_policy
from shared.gateway.targets.permits import permit_chat
from shared.gateway.targets.target import Target
from shared.gateway.targets.trail import Trail
from shared.gateway.targets.watch import Watch
from shared.gateway.targets.whom import whom
from shared.identity.caller import Caller
from shared.providers.dialects import load_dialect, load_exchange
from shared.providers.find import get_provider
from shared.providers.provider import Offer
from shared.records.config import ProviderConfig
from shared.services import Services
from shared.wire.json import write

PATIENCE: Final[Mapping[Kind, Timeouts]] = {
    "embeddings": Timeouts(first_byte=120.0),
    "images": Timeouts(first_byte=600.0, idle=120.0),  # a picture takes minutes, and is silent until it is there
    "moderations": Timeouts(),
    "counts": Timeouts(first_byte=30.0, total=60.0),
}
_CALLERS: Final = "openai"
"""Whose form these questions have."""
_LABELS: Final = frozenset({"user", "metadata"})
"""No answer depends on them."""
_NO_WISH: Final[tuple[Any, ...]] = (None, False, "auto", [], {})
"""Values that ask for what is done anyway."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom to ask: `target.dialect` is the one that spells this kind of question."""

    target: Target
    offer: Offer
    exchange: Exchange


async def choose(services: Services, caller: Caller, kind: Kind, model: str) -> Chosen:
    """Who answers this kind of question.

    Raises:
        InvalidRequest: nobody can tell who is meant, or that provider has no answer to such questions.
        NotFound: no such provider or model, or no key for it is stored.
        Forbidden: the access token is for others.
    """
    config, named = await whom(services, caller, wished=None, model=model, able=lambda row: kind in row.beside)
    provider = get_provider(config.provider)
    permit_chat(caller, provider, named)
    await permit_policy(services, provider, named)
    return aim(services, config, kind, named)


def aim(services: Services, config: ProviderConfig, kind: Kind, model: str) -> Chosen:
    """That config's provider, asked this kind of question. `model` is its own name, empty where the choice is left to it.

    Raises:
        InvalidRequest: it has no answer to such questions.
    """
    provider = get_provider(config.provider)
    offer = provider.find_offer(kind, model)
    if offer is None:
        raise InvalidRequest(f"{provider.name} has no {kind} of that model: name another", parameter="model")
    base = destination(provider, config.base_url, services.settings)
    target = Target(provider, config, model, load_dialect(offer.dialect), base)
    return Chosen(target, offer, load_exchange(offer.dialect, offer.file or kind))


async def exchange(
    services: Services, question: Ask, kind: Kind, chosen: Chosen, progress: Progress | None = None
) -> tuple[Reply, Answered]:
    """The answer, and what is known of its head. `progress` is told when somebody is asked.

    Raises:
        RealMultiLLMError: there is none.
    """
    prepared, asked = prepare_exchange(replace(question, model=chosen.target.model), chosen)
    dialect = chosen.target.dialect
    reading = replace(dialect, read=lambda body: _events(chosen.exchange.read(body, asked)))
    target = replace(chosen.target, dialect=reading)
    kin, patience = dialect.name == _CALLERS, PATIENCE[kind]
    events = await settle(services, target, prepared, kin=kin, patience=patience, progress=progress)
    answered, reply = Answered(), Reply(b"")
    for event in events:
        match event:
            case Answered():
                answered = event
            case Start():
                reply = replace(reply, model=event.model)
            case Usage():
                reply = replace(reply, usage=event)
            case Verbatim() if not reply.body:
                reply = replace(reply, body=event.data)
            case _:
                pass
    if not reply.body:
        raise ProviderFailed("the answer ended without an ending")
    return reply, answered


def _events(reply: Reply) -> list[ChatEvent]:
    """As a chat would say it."""
    used: list[ChatEvent] = [] if reply.usage is None else [reply.usage]
    return [Start(model=reply.model), *used, Verbatim(reply.body, {})]


async def settle(
    services: Services,
    target: Target,
    prepared: Prepared,
    *,
    kin: bool,
    patience: Timeouts,
    progress: Progress | None = None,
) -> list[ChatEvent]:
    """All that one whole answer says; Answered is among it. `kin`: errors come in the provider's own words too."""
    key, progress = await open_key(services, target), progress or Progress()
    trail = Trail(Course((target,)), time.monotonic() + patience.total, progress)
    question = Question(prepared.outbound, stream=False, verbatim=kin)

    def ask_once() -> AsyncGenerator[Sequence[ChatEvent]]:
        progress.begin(target)
        return ask(question, target, key=key, client=services.client, timeouts=patience)

    attempts, deadline = trail.attempts, trail.deadline
    try:
        async with await Watch.begin(services, target) as watch:
            answer = relay(ask_once, target, attempts=attempts, deadline=deadline, listener=watch)
            async with aclosing(answer) as batches:
                events = [event async for batch in batches for event in batch]
            await watch.spoken()
    except ProviderError as error:
        await note_failure(services, target, error)
        trail.explain(error)
        raise
    await note_answer(services, target)
    for event in events:
        if isinstance(event, Answered):
            event.attempts, event.dropped = len(attempts), prepared.dropped
    return events


def prepare_exchange(question: Ask, chosen: Chosen) -> tuple[Prepared, Ask]:
    """What to send, and what of the question is in it.

    Raises:
        UnsupportedParameter: the provider cannot do what a field asks, and the caller did not say to leave that out.
    """
    question, dropped = _without_strangers(question, chosen.exchange)
    while True:
        try:
            return Prepared(_outbound(question, chosen), tuple(dropped)), question
        except UnsupportedParameter as error:
            name = (error.parameter or "").removeprefix("options.")
            if not question.drop or name not in question.body or name in {"input", "prompt"}:
                raise
            question = _without(question, name)
            dropped.append(name)


def _without_strangers(question: Ask, exchange: Exchange) -> tuple[Ask, list[str]]:
    """Without the fields that have no counterpart there."""
    if exchange.takes is None:
        return question, []
    strangers = [name for name in question.body if name not in exchange.takes]
    dropped = [name for name in strangers if question.body[name] not in _NO_WISH]
    for name in dropped:
        if name not in _LABELS and not question.drop:
            raise UnsupportedParameter(f"this provider or model has no `{name}`: leave it out", parameter=name)
    for name in strangers:
        question = _without(question, name)
    return question, dropped


def _without(question: Ask, name: str) -> Ask:
    return replace(question, body={field: value for field, value in question.body.items() if field != name})


def _outbound(question: Ask, chosen: Chosen) -> Outbound:
    target = chosen.target
    written = target.provider.place(chosen.exchange.write(question))
    body = written.body
    for quirk in chosen.offer.quirks:
        body = quirk(body)
    headers = {"content-type": "application/json", "accept": "application/json", **written.headers}
    return Outbound("POST", target.url(written.path, written.query), headers, write(body))
