"""All texts that are kept of an owner, opened a page at a time: conversations, their messages, and answers under idempotency keys.

With `GET /api/account` that is everything that is kept of them. A page goes over rows as they lie, so it takes bounded memory however much there is, and
leaves nothing out: what does not open is said to be there.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.crypto.journal import Journal
from shared.errors import CredentialCorrupt, InvalidRequest, NotKept
from shared.gateway.conversations.history import open_text, open_title
from shared.gateway.conversations.journal import open_journal
from shared.gateway.once import Said, open_answer
from shared.records.conversation import Conversation, KeptMessage
from shared.services import Services
from shared.storage.conversations import conversations_page, find_journal_key, messages_page
from shared.storage.replays import replays_page
from shared.storage.table import Table

LARGEST: Final = 2 * 1024 * 1024
"""Bytes of sealed text after which a page ends."""
ROWS: Final = 50
_ANSWERS: Final = 2
"""Each may have as many bytes as a page."""


@dataclass(frozen=True, slots=True)
class TitleKept:
    """A conversation; None: its title does not open."""

    conversation: Conversation
    said: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageKept:
    """A message of a conversation; None: it does not open."""

    conversation: str
    kept: KeptMessage
    said: dict[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AnswerKept:
    """What a request with an idempotency key was answered, until when it is kept (epoch seconds); None: it does not open."""

    request_id: str
    until: int
    said: Said | None = field(repr=False)


type Text = TitleKept | MessageKept | AnswerKept


@dataclass(frozen=True, slots=True)
class _Row:
    place: str
    size: int
    text: Text


type _Page = tuple[list[_Row], str | None]


async def read_texts(services: Services, owner: str, after: str | None) -> tuple[list[Text], str | None]:
    """A page behind `after`, and where the next one begins; None at the end.

    Raises:
        InvalidRequest: `after` is none that a page gave.
        KeyServiceUnavailable: nobody unwraps data keys now.
    """
    kind, _, place = (after or "").partition("/")
    if after is not None and kind not in _KINDS:
        raise InvalidRequest("`after` is the `next` of the page before", parameter="after")
    if await find_journal_key(services.table, owner) is None:
        return [], None
    journal, kinds = await open_journal(services, owner), list(_KINDS)
    for number in range(kinds.index(kind) if kind else 0, len(kinds)):
        rows, more = await _KINDS[kinds[number]](services.table, journal, owner, place or None)
        fitting = _fitting(rows)
        behind = fitting[-1].place if len(fitting) < len(rows) else more
        if behind is not None:
            return [row.text for row in fitting], f"{kinds[number]}/{behind}"
        if rows:
            return [row.text for row in rows], f"{kinds[number + 1]}/" if number + 1 < len(kinds) else None
        place = ""
    return [], None


def _fitting(rows: list[_Row]) -> list[_Row]:
    """The first ones, until the page is full: at least one."""
    size = 0
    for number, row in enumerate(rows, 1):
        size += row.size
        if size >= LARGEST:
            return rows[:number]
    return rows


async def _titles(table: Table, journal: Journal, owner: str, after: str | None) -> _Page:
    found, more = await conversations_page(table, owner, after=after, limit=ROWS)
    return [_Row(place, len(one.title), TitleKept(one, _title(journal, one))) for place, one in found], more


async def _messages(table: Table, journal: Journal, owner: str, after: str | None) -> _Page:
    found, more = await messages_page(table, owner, after=after, limit=ROWS)
    return [
        _Row(place, len(kept.said), MessageKept(conversation, kept, _message(journal, conversation, kept)))
        for place, conversation, kept in found
    ], more


async def _answers(table: Table, journal: Journal, owner: str, after: str | None) -> _Page:
    rows: list[_Row] = []
    found, more = await replays_page(table, owner, after=after, limit=_ANSWERS)
    for place, name, until, replay in found:
        try:
            said = open_answer(journal, name, replay)
        except NotKept:
            said = None
        size = sum(len(piece) for piece in replay.pieces)
        rows.append(_Row(place, size, AnswerKept(replay.holder, until, said)))
    return rows, more


def _title(journal: Journal, conversation: Conversation) -> str | None:
    try:
        return open_title(journal, conversation)
    except CredentialCorrupt:
        return None


def _message(journal: Journal, conversation: str, kept: KeptMessage) -> dict[str, Any] | None:
    try:
        return open_text(journal, conversation, kept)
    except CredentialCorrupt:
        return None


_KINDS: Final[Mapping[str, Callable[[Table, Journal, str, str | None], Awaitable[_Page]]]] = {
    "conversations": _titles,
    "messages": _messages,
    "answers": _answers,
}
