"""Routes of kept conversations. What is in them is opened here, for whom it belongs to."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Query, Response, status

from functions.chat.history.schemas import (
    ConversationAnswer,
    ConversationDetail,
    ConversationList,
    MessageAnswer,
    TitleBody,
)
from functions.chat.history.texts import text_routes
from shared.crypto.journal import Journal
from shared.errors import InvalidRequest
from shared.gateway.conversations.history import TITLE, get_conversation, open_message, open_title
from shared.gateway.conversations.journal import open_journal
from shared.identity.caller import Caller
from shared.records.conversation import Conversation
from shared.records.ids import is_ulid
from shared.services import Services
from shared.storage.conversations import (
    delete_conversation,
    list_conversations,
    list_messages,
    rename_conversation,
)
from shared.web.fastapi import StrictRoute, caller, new_door

_PAGE = 50
_LARGEST_PAGE = 100


def create_app(services: Services) -> FastAPI:
    """The routes, as an app. Nothing is opened before the first request."""
    app = new_door(services, title="History")
    app.include_router(_all_of_them(services), prefix="/api/chat/history", tags=["Conversations"])
    app.include_router(_one_of_them(services), prefix="/api/chat/history", tags=["Conversations"])
    app.include_router(text_routes(services), tags=["Accounts"])
    return app


def _all_of_them(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StrictRoute)
    ask = Depends(caller(services))

    @routes.get("")
    async def all_conversations(
        after: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=_LARGEST_PAGE)] = _PAGE,
        who: Caller = ask,
    ) -> ConversationList:
        """Conversations that were kept, the newest first; an access token sees those that it began."""
        if after is not None and not is_ulid(after):
            raise InvalidRequest("`after` is the `next` of a page of this list", parameter="after")
        found, behind = await list_conversations(
            services.table, who.owner, token_id=who.token_id, after=after, limit=limit
        )
        journal = await open_journal(services, who.owner) if found else None
        shown = [_shown(journal, conversation) for conversation in found] if journal else []
        return ConversationList(conversations=shown, next=behind)

    @routes.delete("", status_code=status.HTTP_204_NO_CONTENT)
    async def forget_all(who: Caller = ask) -> Response:
        """Forget every conversation for good; an access token forgets those that it began."""
        more: str | None = ""
        while more is not None:
            found, more = await list_conversations(
                services.table, who.owner, token_id=who.token_id, after=None, limit=_LARGEST_PAGE
            )
            for conversation in found:
                await delete_conversation(services.table, conversation)
        return Response(status_code=status.HTTP_204_NO_CONTENT)

    return routes


def _one_of_them(services: Services) -> APIRouter:
    routes = APIRouter(route_class=StrictRoute)
    ask = Depends(caller(services))

    @routes.get("/{conversation}")
    async def one_conversation(
        conversation: str,
        after: Annotated[int | None, Query(ge=0, le=10**8, description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=_LARGEST_PAGE)] = _PAGE,
        who: Caller = ask,
    ) -> ConversationDetail:
        """One conversation, with what was said in it."""
        found = await get_conversation(services, who, conversation)
        kept, behind = await list_messages(services.table, found, after=after, limit=limit)
        journal = await open_journal(services, who.owner)
        messages = [MessageAnswer.of(message, open_message(journal, found, message)) for message in kept]
        return ConversationDetail(conversation=_shown(journal, found), messages=messages, next=behind)

    @routes.patch("/{conversation}")
    async def rename(conversation: str, body: TitleBody, who: Caller = ask) -> ConversationAnswer:
        """Give it another title."""
        found = await get_conversation(services, who, conversation)
        journal = await open_journal(services, who.owner)
        renamed = await rename_conversation(services.table, found, journal.seal(body.title.encode(), found.id, TITLE))
        return _shown(journal, renamed or await get_conversation(services, who, conversation))

    @routes.delete("/{conversation}", status_code=status.HTTP_204_NO_CONTENT)
    async def forget(conversation: str, who: Caller = ask) -> Response:
        """Forget it for good, and all that was said in it."""
        await delete_conversation(services.table, await get_conversation(services, who, conversation))
        return Response(status_code=status.HTTP_204_NO_CONTENT)

    return routes


def _shown(journal: Journal, conversation: Conversation) -> ConversationAnswer:
    return ConversationAnswer.of(conversation, open_title(journal, conversation))
