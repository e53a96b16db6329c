"""The texts that are kept of whoever asks: the part of their account's export that no other door may open."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from functions.chat.history.schemas import AnswerText, ConversationText, MessageText, TextsAnswer
from shared.gateway.conversations.texts import AnswerKept, MessageKept, TitleKept, read_texts
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.services import Services
from shared.web.fastapi import StrictRoute, person


def text_routes(services: Services) -> APIRouter:
    """`GET /api/account/texts`."""
    routes = APIRouter(route_class=StrictRoute)
    Person = Annotated[Caller, Depends(person(services))]  # noqa: N806 - a type

    @routes.get("/api/account/texts")
    async def texts(
        who: Person,
        after: Annotated[
            str | None, Query(min_length=1, max_length=400, description="`next` of the page before.")
        ] = None,
    ) -> TextsAnswer:
        """All texts that are kept of the caller, page by page. Conversations first, then messages, then answers under idempotency keys."""
        if after is None:
            await note_deed(services.audit, who, "account.exported", texts="yes")
        found, following = await read_texts(services, who.owner, after)
        return TextsAnswer(
            conversations=[ConversationText.read(text) for text in found if isinstance(text, TitleKept)],
            messages=[MessageText.read(text) for text in found if isinstance(text, MessageKept)],
            answers=[AnswerText.read(text) for text in found if isinstance(text, AnswerKept)],
            next=following,
        )

    return routes
