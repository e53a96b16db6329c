"""What a chat would use and cost: tokens counted by its provider, else guessed and said to be a guess; the cost from no answer to the longest."""

import asyncio
from decimal import Decimal
from typing import Any

from shared.chat.events import Answered, Usage
from shared.chat.request import ChatRequest
from shared.gateway.books.count import count
from shared.gateway.books.priced import own_price
from shared.gateway.targets.plan import with_settings
from shared.gateway.targets.target import Target
from shared.services import Services


async def forecast(services: Services, request: ChatRequest, target: Target) -> tuple[dict[str, Any], Answered]:
    """It, as our own API tells it, and what is known of the provider's head where it was asked.

    Raises:
        RealMultiLLMError: the provider refuses, or does not answer.
    """
    counted, answered = await count(services, request, target)
    read, guessed = counted["input_tokens"], bool(counted.get("estimated"))
    most = with_settings(request, target.config.settings).max_tokens or target.largest_output
    told = await asyncio.to_thread(_told, services, target, read, most)
    named = {"provider": target.provider.id, "model": target.model}
    return {**named, "inputTokens": read, "estimated": guessed, "maxOutputTokens": most, **told}, answered


def _told(services: Services, target: Target, read: int, most: int | None) -> dict[str, Any]:
    """What takes the price table, which is slow to load."""
    from shared.providers.catalogue import describe  # noqa: PLC0415 - loads the price table

    window = describe(target.provider, target.model).facts.context_window
    least, reason = _cost(services, target, read, 0)
    highest, unknown = (
        _cost(services, target, read, most) if most is not None else (None, "nobody told how long an answer may be")
    )
    return {
        "contextWindow": window,
        "fits": None if window is None else read <= window,
        "cost": {
            "min": None if least is None else f"{least:f}",
            "max": None if highest is None else f"{highest:f}",
            "reason": reason or unknown,
        },
    }


def _cost(services: Services, target: Target, read: int, written: int) -> tuple[Decimal | None, str | None]:
    from shared.providers.prices import price  # noqa: PLC0415 - loads the price table

    own, usage = own_price(target, target.model), Usage(input=read, output=written)
    cost = price(target.provider, target.model, usage, services.now(), custom=own)
    return cost.usd, cost.reason
