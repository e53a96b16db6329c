"""A chat within a conversation: what was said before is its context, and what it says is kept before its end is told.

Instructions are the request's, not the conversation's: they are sent, and not kept. An answer is kept when it ended well; else what was asked is kept
alone, with the reason, and is part of no context.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.chat.collect import Choice, Collector
from shared.chat.events import Answered, ChatEvent
from shared.chat.receipt import Done, Kept
from shared.chat.request import ChatRequest
from shared.crypto.journal import Journal
from shared.dialects.caller import Keeping
from shared.dialects.native.speak import say_message
from shared.dialects.signed import mark
from shared.errors import Conflict, InvalidRequest, RealMultiLLMError, StorageUnavailable
from shared.gateway.conversations.history import TITLE, get_conversation
from shared.gateway.conversations.journal import open_journal
from shared.gateway.conversations.recall import recall
from shared.gateway.targets.target import Target
from shared.identity.caller import Caller
from shared.records.conversation import Conversation, KeptMessage
from shared.records.ids import mint_ulid
from shared.services import Services
from shared.storage.conversations import add_messages, take_numbers
from shared.wire.json import write

LARGEST: Final = 300_000
"""Bytes of a message, as JSON. A row of the table has 400 KB."""
MOST: Final = 10_000
"""Messages of a conversation."""
LONGEST_TITLE: Final = 80
"""Characters, when it is made from the first message."""
TOO_LARGE: Final = "too_large_to_keep"
LEFT: Final = "disconnected"


@dataclass(frozen=True, slots=True)
class Talk:
    """One chat of a conversation. `chat` holds the context; `left_out` kept messages did not fit."""

    services: Services
    journal: Journal
    conversation: Conversation
    keeping: Keeping
    request_id: str
    chat: ChatRequest
    left_out: int = 0

    async def kept(
        self, batches: AsyncGenerator[Sequence[ChatEvent | Done]]
    ) -> AsyncGenerator[Sequence[ChatEvent | Done]]:
        """The same events. Before the last one what was said is kept, and the last one says so."""
        collector, failure, maker = Collector(), LEFT, ""
        try:
            async with aclosing(batches):
                async for batch in batches:
                    told: list[ChatEvent | Done] = []
                    for event in batch:
                        if isinstance(event, Done):
                            failure = ""
                            told.append(replace(event, conversation=await self._kept(collector, event, maker)))
                        else:
                            if isinstance(event, Answered):
                                maker = event.signer
                            collector.add(event)
                            told.append(event)
                    yield told
        except RealMultiLLMError as error:
            failure = error.code
            if self.keeping.keep:
                error.details["conversationId"] = self.conversation.id
            raise
        finally:
            if failure:
                await self._keep_failure(failure)

    async def _kept(self, collector: Collector, done: Done, maker: str) -> Kept:
        return Kept(self.conversation.id, await self._keep_answer(collector, done, maker), self.left_out)

    async def _keep_answer(self, collector: Collector, done: Done, maker: str) -> bool:
        """Whether it is kept, its thinking marked with the `maker` who answered. The answer was given and paid for, so a table that does not answer takes it from nobody."""
        if not self.keeping.keep:
            return False
        said = write(say_message(_marked(collector.answer().choices[0], maker)))
        if len(said) > LARGEST:
            await self._keep_failure(TOO_LARGE)
            return False
        try:
            return await self._keep(said=said, receipt=(done.receipt.provider, done.receipt.model))
        except StorageUnavailable:
            return False

    async def _keep_failure(self, failure: str) -> None:
        """What failed matters more than that it is kept."""
        if self.keeping.keep:
            with suppress(StorageUnavailable):
                await self._keep(failure=failure)

    async def _keep(
        self, *, said: bytes | None = None, receipt: tuple[str, str] = ("", ""), failure: str | None = None
    ) -> bool:
        """False when the conversation was deleted meanwhile."""
        now, asked = int(self.services.now()), [(str(one["role"]), write(one)) for one in self.keeping.said]
        whole = asked if said is None else [*asked, ("assistant", said)]
        if not whole:
            return False
        taken = await take_numbers(self.services.table, self.conversation, len(whole), now)
        if taken is None:
            return False
        first = taken.messages - len(whole) + 1
        messages = [
            KeptMessage(
                number=number,
                role=role,
                said=self.journal.seal(text, self.conversation.id, f"{number}"),
                created_at=now,
                request_id=self.request_id,
                failure=failure,
            )
            for number, (role, text) in enumerate(whole, start=first)
        ]
        if said is not None:
            messages[-1] = replace(messages[-1], provider=receipt[0], model=receipt[1])
        await add_messages(self.services.table, self.conversation, messages)
        return True


async def open_talk(
    services: Services,
    caller: Caller,
    keeping: Keeping,
    chat: ChatRequest,
    targets: Sequence[Target],
    *,
    request_id: str,
) -> Talk:
    """The chat within its conversation, which is a new one unless the caller named one. Any of the targets may answer.

    Raises:
        InvalidRequest: a message is too large to keep, or a tool result answers nothing.
        NotFound: there is no such conversation, or not for this caller (threat I3).
        Conflict: the conversation is full.
    """
    if keeping.keep:
        _check_sizes(keeping)
    journal = await open_journal(services, caller.owner)
    if keeping.conversation is None:
        new = _new(services, caller, keeping, journal)
        return Talk(services, journal, new, keeping, request_id, chat)
    conversation = await get_conversation(services, caller, keeping.conversation)
    if keeping.keep and conversation.messages >= MOST:
        raise Conflict(f"This conversation has {MOST} messages: begin a new one with `keep` and without its id.")
    chat, left_out = await recall(services, journal, conversation, chat, targets)
    return Talk(services, journal, conversation, keeping, request_id, chat, left_out)


def title_of(said: Sequence[Mapping[str, Any]]) -> str:
    """The first words of what a user says first; empty where it has none."""
    first = next((message["content"] for message in said if message["role"] == "user"), "")
    texts = [first] if isinstance(first, str) else [str(part.get("text") or "") for part in first]
    line = " ".join(" ".join(texts).split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def _new(services: Services, caller: Caller, keeping: Keeping, journal: Journal) -> Conversation:
    """Written with its first message."""
    id_, now = mint_ulid(services.now()), int(services.now())
    return Conversation(
        id=id_,
        owner=caller.owner,
        token_id=caller.token_id,
        title=journal.seal(title_of(keeping.said).encode(), id_, TITLE),
        created_at=now,
        updated_at=now,
    )


def _check_sizes(keeping: Keeping) -> None:
    for message, index in zip(keeping.said, keeping.places, strict=True):
        if len(write(message)) > LARGEST:
            raise InvalidRequest(
                f"a message that is kept has at most {LARGEST} bytes: send files by URL, or leave `keep` out",
                parameter=f"messages[{index}]",
            )


def _marked(choice: Choice, maker: str) -> Choice:
    """Proofs of thinking name who made them, for the next turn may be another provider's. Trap 61."""
    blocks = [
        replace(
            block,
            signature=mark(maker, block.signature) if block.signature else None,
            redacted=mark(maker, block.redacted) if block.redacted else None,
        )
        for block in choice.reasoning_blocks
    ]
    calls = [
        replace(call, signature=mark(maker, call.signature) if call.signature else None) for call in choice.tool_calls
    ]
    return replace(choice, reasoning_blocks=tuple(blocks), tool_calls=tuple(calls), media=(), annotations=())
