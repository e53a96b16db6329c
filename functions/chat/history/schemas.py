"""Bodies of the history."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints

from shared.records.conversation import Conversation, KeptMessage
from shared.web.schemas import Answer, Body, Moment, moment

LONGEST_TITLE = 200
"""Characters."""


def _visible(title: str) -> str:
    """One line, with nothing that steers a terminal or turns the direction of what follows (threat H6)."""
    if not title.isprintable():
        raise ValueError("a title is one line of visible characters")
    return title


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TITLE),
    AfterValidator(_visible),
]


class ConversationAnswer(Answer):
    """One conversation. `messages` counts what was kept in it."""

    id: str
    title: str
    created_at: Moment
    updated_at: Moment
    messages: int

    @classmethod
    def of(cls, conversation: Conversation, title: str) -> Self:
        """With its title, opened."""
        return cls(
            id=conversation.id,
            title=title,
            created_at=moment(conversation.created_at),
            updated_at=moment(conversation.updated_at),
            messages=conversation.messages,
        )


class ConversationList(Answer):
    """A page of conversations, the newest first; `next` is the `after` of the page behind it, null on the last."""

    conversations: list[ConversationAnswer]
    next: str | None


class MessageAnswer(Answer):
    """One turn. `state` is `answered`, or `failed` with the code of the `error` for what was asked and not answered whole: no context holds that."""

    number: int
    state: str
    error: str | None
    created_at: Moment
    request_id: str
    provider: str | None
    model: str | None
    message: dict[str, Any] = Field(description="As our API spells a message, so that it can be sent again as it is.")

    @classmethod
    def of(cls, kept: KeptMessage, message: dict[str, Any]) -> Self:
        """With what was said, opened."""
        return cls(
            number=kept.number,
            state="answered" if kept.failure is None else "failed",
            error=kept.failure,
            created_at=moment(kept.created_at),
            request_id=kept.request_id,
            provider=kept.provider,
            model=kept.model,
            message=message,
        )


class ConversationDetail(Answer):
    """One conversation and a page of what was said in it, in order; `next` is the `after` of the page behind it, null on the last."""

    conversation: ConversationAnswer
    messages: list[MessageAnswer]
    next: int | None


class TitleBody(Body):
    """A new title."""

    title: Title
