"""Builds a chat's context from its conversation: what was said before goes behind the instructions and before what is said now.

What outgrows the model's window is left out by whole turns, the oldest first, and the caller is told how many messages that were.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from shared.chat.check import check_request
from shared.chat.request import ChatRequest, Message
from shared.crypto.journal import Journal
from shared.dialects.native.read import read_messages
from shared.gateway.books.meter import estimate
from shared.gateway.conversations.history import open_message
from shared.gateway.targets.target import Target
from shared.records.conversation import Conversation, KeptMessage
from shared.services import Services
from shared.storage.conversations import list_messages

MOST: Final = 1000
"""Messages of a context; as many as a request may hold are twice that."""
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a context, sealed."""
_PAGE: Final = 50
_MARGIN: Final = 10
"""One part in ten stays free, for lengths are guessed."""
_ANSWERS: Final = 4
"""Who names no `maxTokens` gets a fourth part of the window for the answer."""


async def recall(
    services: Services, journal: Journal, conversation: Conversation, request: ChatRequest, targets: Sequence[Target]
) -> tuple[ChatRequest, int]:
    """The request with its context, and how many kept messages are not in it. It fits the window of each target, for any may answer.

    Raises:
        InvalidRequest: a tool result answers no call, also with all that was said before.
    """
    kept, unread = await _newest(services, conversation)
    answered = [message for message in kept if message.failure is None]
    earlier = read_messages([open_message(journal, conversation, message) for message in answered])
    fitting = fit(earlier, await _least_room(request, targets))
    spoken = _first_spoken(request.messages)
    request = replace(request, messages=(*request.messages[:spoken], *fitting, *request.messages[spoken:]))
    check_request(request)
    return request, len(earlier) - len(fitting) + unread


def fit(earlier: Sequence[Message], room: int | None) -> tuple[Message, ...]:
    """The newest whole turns whose tokens, guessed, have room. A turn begins with what its user says, so that no tool's result loses its call."""
    begins = [index for index, message in enumerate(earlier) if message.role == "user"]
    for index in begins:
        if room is None or _tokens(earlier[index:]) <= room:
            return tuple(earlier[index:])
    return ()


async def _newest(services: Services, conversation: Conversation) -> tuple[list[KeptMessage], int]:
    """In their order, as many as a context may have; and how many there are before them."""
    found: list[KeptMessage] = []
    after: int | None = None
    while len(found) < MOST and sum(len(message.said) for message in found) < LARGEST:
        page, after = await list_messages(services.table, conversation, after=after, limit=_PAGE, newest_first=True)
        found += page
        if after is None:
            return found[::-1], 0
    return found[::-1], found[-1].number - 1


async def _least_room(request: ChatRequest, targets: Sequence[Target]) -> int | None:
    rooms = [await _room(request, target) for target in targets]
    return min((room for room in rooms if room is not None), default=None)


async def _room(request: ChatRequest, target: Target) -> int | None:
    """Tokens for what was said before; None where nobody told how many the model takes."""
    from shared.providers.catalogue import describe  # noqa: PLC0415 - loads the price table

    window = (await asyncio.to_thread(describe, target.provider, target.model)).facts.context_window
    if window is None:
        return None
    answer = request.max_tokens or min(target.largest_output or window, window // _ANSWERS)
    return max(0, window - window // _MARGIN - answer - (estimate(request, 0).input or 0))


def _tokens(messages: Sequence[Message]) -> int:
    return estimate(ChatRequest("", tuple(messages)), 0).input or 0


def _first_spoken(messages: Sequence[Message]) -> int:
    """Where the instructions end."""
    return next((index for index, message in enumerate(messages) if message.role != "system"), len(messages))
