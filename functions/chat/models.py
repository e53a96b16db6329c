"""The lists of models, in OpenAI's form; in Anthropic's for callers whose SDK is Anthropic's, which says so with `anthropic-version`.

They stand with the chats, for one base URL serves an SDK whole, and this door is the one that may open keys to ask providers.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import QueryParams

from functions.chat.door import Scope, send_json
from shared.dialects.listed import ListedModel
from shared.errors import InvalidRequest
from shared.gateway.deadline import before
from shared.gateway.targets.roster import Entry, find_entry, roster
from shared.identity.caller import Caller
from shared.services import Services
from shared.web.authentication import authenticate
from shared.web.edge import deadline, request_id
from shared.web.stream import Receive, Send
from shared.wire.json import write

USUAL: Final = 20
MOST: Final = 1000
"""Models on a page, as Anthropic has it."""
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: at most `limit`, behind `after_id` or before `before_id`."""

    limit: int
    after_id: str | None
    before_id: str | None


class _Asked(ABC):
    """A route that answers from lists."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        caller = await authenticate(self.services, scope)
        theirs = any(name == b"anthropic-version" for name, _ in scope["headers"])
        async with before(deadline(scope)):
            body = write(await self.answer(caller, scope, anthropics=theirs))
        await send_json(send, body, [(b"request-id" if theirs else b"x-request-id", request_id(scope).encode())])

    @abstractmethod
    async def answer(self, caller: Caller, scope: Scope, *, anthropics: bool) -> dict[str, Any]:
        """In the form of whose SDK asks."""


class Models(_Asked):
    """All of them."""

    async def answer(self, caller: Caller, scope: Scope, *, anthropics: bool) -> dict[str, Any]:
        """OpenAI has no pages."""
        page = _page(QueryParams(scope["query_string"]))
        models = _shown(await roster(self.services, caller))
        if not anthropics:
            from shared.dialects.openai.caller.models import show_all  # noqa: PLC0415 - loaded when it is first spoken

            return show_all(models)
        from shared.dialects.anthropic.caller.models import show_page  # noqa: PLC0415 - the same

        return show_page(models, limit=page.limit, after_id=page.after_id, before_id=page.before_id)


class OneModel(_Asked):
    """One of them."""

    async def answer(self, caller: Caller, scope: Scope, *, anthropics: bool) -> dict[str, Any]:
        """By `provider/model`, or a bare name."""
        entry = await find_entry(self.services, caller, scope["path_params"]["id"])
        if anthropics:
            from shared.dialects.anthropic.caller.models import show  # noqa: PLC0415 - loaded when it is first spoken
        else:
            from shared.dialects.openai.caller.models import show  # noqa: PLC0415 - the same
        return show(entry.maker, entry.model)


def _shown(entries: Sequence[Entry]) -> list[tuple[str | None, ListedModel]]:
    return [(entry.maker, entry.model) for entry in entries]


def _page(query: QueryParams) -> Page:
    limit = query.get("limit", str(USUAL))
    if not _NUMBER.fullmatch(limit) or int(limit) > MOST:
        raise InvalidRequest(f"`limit` is a number from 1 to {MOST}", parameter="limit")
    if "after_id" in query and "before_id" in query:
        raise InvalidRequest("`after_id` and `before_id` exclude each other: send one", parameter="before_id")
    return Page(int(limit), query.get("after_id"), query.get("before_id"))
