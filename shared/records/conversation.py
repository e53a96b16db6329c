"""What an owner asked us to keep of their chats: conversations, and the messages of each."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One of them. Times are epoch seconds. An access token sees those that it began itself, its owner sees all."""

    id: str
    """A ULID of ours, so that they are in the order in which they began."""
    owner: str
    token_id: str | None
    title: bytes = field(repr=False)
    """Sealed in the owner's journal."""
    created_at: int
    updated_at: int
    messages: int = 0
    """How many numbers were given out; the last one's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """One turn of one, as our own API spells it."""

    number: int
    """From 1, in the order in which they were kept."""
    role: str
    said: bytes = field(repr=False)
    """The message as JSON, sealed in the owner's journal."""
    created_at: int
    request_id: str
    failure: str | None = None
    """Of what was asked and never answered whole: the code of the error, `disconnected` where the caller left. It is shown, and part of no context."""
    provider: str | None = None
    """Who answered, in answers alone; with `model`."""
    model: str | None = None
