"""Bodies of the history."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints

from shared.gateway.conversations.texts import AnswerKept, MessageKept, TitleKept
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


class ConversationText(Answer):
    """A conversation; `title` is null where it does not open any more."""

    id: str
    title: str | None
    created_at: Moment
    updated_at: Moment
    messages: int

    @classmethod
    def read(cls, text: TitleKept) -> Self:
        """As it is taken along."""
        one = text.conversation
        return cls(
            id=one.id,
            title=text.said,
            created_at=moment(one.created_at),
            updated_at=moment(one.updated_at),
            messages=one.messages,
        )


class MessageText(Answer):
    """A message; `message` is null where it does not open any more."""

    conversation_id: str
    number: int
    state: str
    error: str | None
    created_at: Moment
    request_id: str
    provider: str | None
    model: str | None
    message: dict[str, Any] | None

    @classmethod
    def read(cls, text: MessageKept) -> Self:
        """As it is taken along."""
        shown = dict(MessageAnswer.of(text.kept, text.said or {}))
        return cls(conversation_id=text.conversation, **{**shown, "message": text.said})


class AnswerText(Answer):
    """What was answered to a request with an `Idempotency-Key`; `status` and `body` are null where it does not open any more."""

    request_id: str
    kept_until: Moment
    status: int | None
    body: str | None

    @classmethod
    def read(cls, text: AnswerKept) -> Self:
        """As it is taken along: answers are JSON, or lines of it."""
        said = text.said
        return cls(
            request_id=text.request_id,
            kept_until=moment(text.until),
            status=said.status if said else None,
            body=said.body.decode("utf-8", "replace") if said else None,
        )


class TextsAnswer(Answer):
    """A page of the texts that are kept of somebody; `next` is the `after` of the page behind it, null on the last."""

    conversations: list[ConversationText]
    messages: list[MessageText]
    answers: list[AnswerText]
    next: str | None


class TitleBody(Body):
    """A new title."""

    title: Title
