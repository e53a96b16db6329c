"""Kept conversations in the table: a row for each, and one for each of its messages, all under their owner.

There is no transaction: numbers are given out by the conversation's row in one conditional write, and the messages follow. What is interrupted
leaves a gap, which nobody reads.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from shared.records.conversation import Conversation, KeptMessage
from shared.storage import layout
from shared.storage.table import Absent, Change, Compare, ConditionFailed, Item, Key, Present, Table

_PAGE = 100
_AT_ONCE = 25


async def find_journal_key(table: Table, owner: str) -> bytes | None:
    """The wrapped data key of the owner's journal."""
    item = await table.get(layout.journal(owner), consistent=True)
    return _bytes(item["wrapped"]) if item else None


async def add_journal_key(table: Table, owner: str, wrapped: bytes) -> bytes:
    """Keep it, unless one is there; the one that is there now."""
    key = layout.journal(owner)
    try:
        await table.put({"pk": key.pk, "sk": key.sk, "wrapped": wrapped}, when=Absent("pk"))
    except ConditionFailed as error:
        return _bytes((error.item or {})["wrapped"])
    return wrapped


async def replace_journal_key(table: Table, owner: str, before: bytes, after: bytes) -> bool:
    """The same key wrapped anew; False when it is gone, or somebody else did so meanwhile."""
    try:
        await table.update(layout.journal(owner), Change(set={"wrapped": after}), when=Compare("wrapped", "=", before))
    except ConditionFailed:
        return False
    return True


async def find_conversation(table: Table, owner: str, conversation_id: str) -> Conversation | None:
    """The owner's conversation of that id."""
    item = await table.get(layout.conversation(owner, conversation_id), consistent=True)
    return _conversation(item) if item else None


async def list_conversations(
    table: Table, owner: str, *, token_id: str | None, after: str | None, limit: int
) -> tuple[list[Conversation], str | None]:
    """The newest first, behind that of the id `after`; and the id to go on behind, None at the end. `token_id`: those that this token began."""
    listing = layout.conversations(owner)
    since = layout.conversation(owner, after).sk if after else None
    found: list[Conversation] = []
    while True:
        page = await table.query(listing.pk, prefix=listing.prefix, after=since, limit=_PAGE, newest_first=True)
        records = (_conversation(item) for item in page.items)
        found += [one for one in records if token_id is None or one.token_id == token_id]
        if len(found) > limit or page.after is None:
            return found[:limit], found[limit - 1].id if len(found) > limit else None
        since = page.after


async def rename_conversation(table: Table, conversation: Conversation, title: bytes) -> Conversation | None:
    """With another title; None if it is gone."""
    change = Change(set={"title": title})
    try:
        item = await table.update(_key(conversation), change, when=Present("pk"))
    except ConditionFailed:
        return None
    return _conversation(item)


async def take_numbers(table: Table, conversation: Conversation, many: int, now: int) -> Conversation | None:
    """Give out the next `many` numbers: the last of them is `messages` of the conversation as it is afterwards. None if it is gone.

    One that was never written (`messages` is 0) begins with this.
    """
    begins = not conversation.messages
    first = _attributes(replace(conversation, updated_at=now)) if begins else {"updated_at": now}
    first.pop("messages", None)
    change = Change(set=first, increase={"messages": many})
    try:
        item = await table.update(_key(conversation), change, when=Absent("pk") if begins else Present("pk"))
    except ConditionFailed:
        return None
    return _conversation(item)


async def add_messages(table: Table, conversation: Conversation, messages: Sequence[KeptMessage]) -> None:
    """Keep them, each at its number, some at a time."""
    for first in range(0, len(messages), _AT_ONCE):
        await asyncio.gather(*(_put(table, conversation, one) for one in messages[first : first + _AT_ONCE]))


async def list_messages(
    table: Table, conversation: Conversation, *, after: int | None, limit: int, newest_first: bool = False
) -> tuple[list[KeptMessage], int | None]:
    """A page in their order (or the reverse), behind the number `after`; and the number to go on behind, None at the end."""
    listing = layout.kept_messages(conversation.owner, conversation.id)
    since = layout.kept_message(conversation.owner, conversation.id, after).sk if after is not None else None
    page = await table.query(listing.pk, prefix=listing.prefix, after=since, limit=limit, newest_first=newest_first)
    messages = [_message(item) for item in page.items]
    return messages, messages[-1].number if page.after is not None else None


async def conversations_page(
    table: Table, owner: str, *, after: str | None, limit: int
) -> tuple[list[tuple[str, Conversation]], str | None]:
    """All of the owner's, the oldest first, each with its place, behind the place `after`; and the place to go on behind."""
    listing = layout.conversations(owner)
    page = await table.query(listing.pk, prefix=listing.prefix, after=after, limit=limit)
    return [(str(item["sk"]), _conversation(item)) for item in page.items], page.after


async def messages_page(
    table: Table, owner: str, *, after: str | None, limit: int
) -> tuple[list[tuple[str, str, KeptMessage]], str | None]:
    """All of the owner's, conversation by conversation: place, conversation's id and message, as `conversations_page` does."""
    listing = layout.all_kept_messages(owner)
    page = await table.query(listing.pk, prefix=listing.prefix, after=after, limit=limit)
    places = [str(item["sk"]) for item in page.items]
    return [
        (place, layout.conversation_in(place), _message(item)) for place, item in zip(places, page.items, strict=True)
    ], page.after


async def delete_conversation(table: Table, conversation: Conversation) -> None:
    """Forget it first, so that nothing more is kept in it, then its messages."""
    await table.delete(_key(conversation))
    listing = layout.kept_messages(conversation.owner, conversation.id)
    while items := (await table.query(listing.pk, prefix=listing.prefix)).items:
        for item in items:
            await table.delete(Key(str(item["pk"]), str(item["sk"])))


async def _put(table: Table, conversation: Conversation, message: KeptMessage) -> None:
    key = layout.kept_message(conversation.owner, conversation.id, message.number)
    await table.put({"pk": key.pk, "sk": key.sk, **_without_nothing(asdict(message))})


def _key(conversation: Conversation) -> Key:
    return layout.conversation(conversation.owner, conversation.id)


def _attributes(conversation: Conversation) -> Item:
    return _without_nothing(asdict(conversation))


def _without_nothing(fields: dict[str, Any]) -> Item:
    return {name: value for name, value in fields.items() if value is not None}


def _conversation(item: Item) -> Conversation:
    fields: dict[str, Any] = {name: value for name, value in item.items() if name not in {"pk", "sk", "title"}}
    return Conversation(**{"token_id": None, **fields}, title=_bytes(item["title"]))


def _message(item: Item) -> KeptMessage:
    fields: dict[str, Any] = {name: value for name, value in item.items() if name not in {"pk", "sk", "said"}}
    return KeptMessage(**fields, said=_bytes(item["said"]))


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("sealed text is bytes")
    return value
