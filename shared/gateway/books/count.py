"""How many tokens a chat would take: counted by its provider, else guessed and said to be a guess."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.chat.events import Answered, Usage, Verbatim
from shared.chat.request import ChatRequest
from shared.dialects.dialect import Dialect
from shared.errors import RequestRefused
from shared.gateway.asking.inline import inline_media
from shared.gateway.asking.prepare import is_kin, prepare
from shared.gateway.books.meter import CHARACTERS_A_TOKEN, estimate
from shared.gateway.exchange import PATIENCE, settle
from shared.gateway.targets.plan import with_settings
from shared.gateway.targets.target import Target
from shared.providers.dialects import load_counter, load_dialect
from shared.providers.provider import Offer
from shared.services import Services
from shared.wire.json import write

_NO_SUCH_ROUTE = frozenset({404, 405, 501})


async def count(services: Services, request: ChatRequest, target: Target) -> tuple[Mapping[str, Any], Answered]:
    """`{"input_tokens"}`, in the provider's own words where it is kin; with `estimated` where nobody counted.

    Raises:
        RealMultiLLMError: the provider refuses, or does not answer.
    """
    request = with_settings(replace(request, model=target.model, stream=False), target.config.settings)
    offer = target.provider.find_offer("counts", target.model)
    if offer is None:
        return _guessed(request), Answered(attempts=0)
    try:
        return await _counted(services, request, replace(target, dialect=_counting(offer, target.model)))
    except RequestRefused as error:
        if error.code == "model_not_found" or error.details.get("providerStatus") not in _NO_SUCH_ROUTE:
            raise
        return _guessed(request), Answered(attempts=1)


def _counting(offer: Offer, model: str) -> Dialect:
    """The dialect, asking how long a chat is in place of holding it."""
    dialect, counter = load_dialect(offer.dialect), load_counter(offer.dialect, offer.file or "counts")
    return replace(
        dialect,
        write=lambda request, largest: counter.write(dialect.write(request, largest), model),
        read=lambda body: [Usage(input=counter.read(body))],
    )


async def _counted(services: Services, request: ChatRequest, target: Target) -> tuple[Mapping[str, Any], Answered]:
    request = await inline_media(request, target, services.client)
    prepared, kin = prepare(request, target), is_kin(request, target)
    answered, counted, own = Answered(), None, None
    for event in await settle(services, target, prepared, kin=kin, patience=PATIENCE["counts"]):
        match event:
            case Answered():
                answered = event
            case Usage():
                counted = event.input
            case Verbatim():
                own = event.said
            case _:
                pass
    return own or {"input_tokens": counted}, answered


def _guessed(request: ChatRequest) -> Mapping[str, Any]:
    """From the length of what is said, and of the tools that are offered."""
    offered = sum(len(tool.name) + len(tool.description or "") + len(write(tool.parameters)) for tool in request.tools)
    said = estimate(request, 0).input or 0
    return {"input_tokens": said + -(-offered // CHARACTERS_A_TOKEN), "estimated": True}
