"""Kept conversations, opened for whom they belong to."""

from typing import Any, Final

from shared.crypto.journal import Journal
from shared.errors import NotFound
from shared.identity.caller import Caller
from shared.records.conversation import Conversation, KeptMessage
from shared.records.ids import is_ulid
from shared.services import Services
from shared.storage.conversations import find_conversation
from shared.wire.json import read_lenient

TITLE: Final = "title"
"""The place of a conversation's title in the journal; a message's is its number."""


async def get_conversation(services: Services, caller: Caller, conversation_id: str) -> Conversation:
    """The caller's conversation of that id; an access token's own alone.

    Raises:
        NotFound: absent, another's, or of another form: alike (threat I3).
    """
    found = None
    if is_ulid(conversation_id):
        found = await find_conversation(services.table, caller.owner, conversation_id)
    if found is None or caller.token_id not in {None, found.token_id}:
        raise NotFound(
            "There is no such conversation. GET /api/chat/history lists them.", details={"parameter": "conversationId"}
        )
    return found


def open_title(journal: Journal, conversation: Conversation) -> str:
    """Its title. Raises CredentialCorrupt."""
    return journal.open(conversation.title, conversation.id, TITLE).decode()


def open_message(journal: Journal, conversation: Conversation, kept: KeptMessage) -> dict[str, Any]:
    """The message as our own API spells it. Raises CredentialCorrupt."""
    return open_text(journal, conversation.id, kept)


def open_text(journal: Journal, conversation_id: str, kept: KeptMessage) -> dict[str, Any]:
    """The same, of a conversation by its id."""
    said: dict[str, Any] = read_lenient(journal.open(kept.said, conversation_id, f"{kept.number}"))
    return said
