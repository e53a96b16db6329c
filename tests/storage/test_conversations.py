"""Conversations and their messages in the table."""

import asyncio
from dataclasses import replace

import pytest

from shared.records.conversation import Conversation, KeptMessage
from shared.storage.cancellations import ask_to_cancel, hear_cancellation, was_heard
from shared.storage.conversations import (
    add_journal_key,
    add_messages,
    delete_conversation,
    find_conversation,
    find_journal_key,
    list_conversations,
    list_messages,
    rename_conversation,
    take_numbers,
)
from shared.storage.erase import erase_owner
from shared.storage.table import Table
from tests.fakes.table import MemoryTable


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable(now=lambda: 1_800_000_000.0)


def conversation(number: int = 1, *, owner: str = "alice", token_id: str | None = None) -> Conversation:
    return Conversation(
        id=f"C{number:03}", owner=owner, token_id=token_id, title=b"sealed", created_at=number, updated_at=number
    )


def message(number: int, **more: str) -> KeptMessage:
    return KeptMessage(number=number, role="user", said=b"%d" % number, created_at=1, request_id="R1", **more)


async def begun(table: Table, new: Conversation, many: int = 2) -> Conversation:
    written = await take_numbers(table, new, many, 5)
    assert written is not None
    await add_messages(table, written, [message(number) for number in range(1, many + 1)])
    return written


async def test_a_conversation_begins_with_its_first_messages(table: MemoryTable) -> None:
    written = await begun(table, conversation(token_id="t1"))

    assert written == replace(conversation(token_id="t1"), updated_at=5, messages=2)
    assert await find_conversation(table, "alice", "C001") == written
    assert await find_conversation(table, "bob", "C001") is None


async def test_numbers_are_given_out_once_however_many_ask_at_the_same_time(table: MemoryTable) -> None:
    known = await begun(table, conversation())
    taken = await asyncio.gather(*(take_numbers(table, known, 2, 9) for _ in range(50)))
    last = sorted(each.messages for each in taken if each)

    assert last == list(range(4, 104, 2))


async def test_nothing_is_kept_in_one_that_was_deleted(table: MemoryTable) -> None:
    known = await begun(table, conversation())
    await delete_conversation(table, known)

    assert await take_numbers(table, known, 2, 9) is None
    assert await rename_conversation(table, known, b"other") is None
    assert table.items == {}


async def test_messages_come_page_by_page_in_both_directions(table: MemoryTable) -> None:
    known = await begun(table, conversation(), 7)
    first, after = await list_messages(table, known, after=None, limit=3)
    second, more = await list_messages(table, known, after=after, limit=3)
    third, end = await list_messages(table, known, after=more, limit=3)
    newest, older = await list_messages(table, known, after=None, limit=3, newest_first=True)

    assert [[one.number for one in page] for page in (first, second, third)] == [[1, 2, 3], [4, 5, 6], [7]]
    assert end is None
    assert ([one.number for one in newest], older) == ([7, 6, 5], 5)


async def test_a_message_is_what_was_kept(table: MemoryTable) -> None:
    known = await begun(table, conversation())
    kept = [message(3, failure="stream_stalled"), message(4, provider="openai", model="gpt-4o")]
    await add_messages(table, known, kept)

    assert (await list_messages(table, known, after=2, limit=10))[0] == kept


async def test_conversations_are_listed_newest_first_and_without_their_messages(table: MemoryTable) -> None:
    for number in range(1, 6):
        await begun(table, conversation(number))
    await begun(table, conversation(9, owner="bob"))
    first, after = await list_conversations(table, "alice", token_id=None, after=None, limit=3)
    rest, end = await list_conversations(table, "alice", token_id=None, after=after, limit=3)

    assert [one.id for one in first] == ["C005", "C004", "C003"]
    assert ([one.id for one in rest], end) == (["C002", "C001"], None)


async def test_a_token_finds_its_own_however_far_apart_they_lie(table: MemoryTable) -> None:
    for number in range(1, 251):
        await begun(table, conversation(number, token_id="t1" if number in {1, 120, 250} else "t2"), 1)
    found, after = await list_conversations(table, "alice", token_id="t1", after=None, limit=2)
    rest, end = await list_conversations(table, "alice", token_id="t1", after=after, limit=2)

    assert [one.id for one in [*found, *rest]] == ["C250", "C120", "C001"]
    assert end is None


async def test_the_first_journal_key_stays(table: MemoryTable) -> None:
    kept = await asyncio.gather(*(add_journal_key(table, "alice", b"key %d" % number) for number in range(20)))

    assert set(kept) == {await find_journal_key(table, "alice")}


async def test_all_of_it_goes_with_its_owner_the_journals_key_first_of_all_copies(table: MemoryTable) -> None:
    """Threat K10: without its wrapped data key a journal opens nowhere."""
    await add_journal_key(table, "alice", b"wrapped")
    await begun(table, conversation())
    await ask_to_cancel(table, "alice", "R1", 1_800_000_000)
    await erase_owner(table, "alice")

    assert table.items == {}


async def test_a_word_to_cancel_is_heard_by_its_owners_answer_alone_and_told_to_be(table: MemoryTable) -> None:
    """Threat I3."""
    await ask_to_cancel(table, "alice", "R1", 1_800_000_000)
    before = await was_heard(table, "alice", "R1")
    bobs = await hear_cancellation(table, "bob", "R1")
    alices = await hear_cancellation(table, "alice", "R1")

    assert (before, bobs, alices, await was_heard(table, "alice", "R1")) == (False, False, True, True)
