"""Which methods a path takes, where several doors stand behind one port."""

from collections.abc import Sequence

from fastapi import status
from fastapi.routing import iter_route_contexts
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.routing import compile_path
from starlette.types import Message, Send


def methods_of(doors: Sequence[Starlette], path: str) -> set[str]:
    """What a path takes, whichever doors its routes lie behind. A path in so many words is not one that a parameter would fit, too."""
    found: dict[str, set[str]] = {}
    for door in doors:
        for route in iter_route_contexts(door.routes):
            pattern, _, _ = compile_path(str(route.path))
            if pattern.match(path):
                found.setdefault(str(route.path), set()).update(route.methods or ())
    return found[min(found, key=lambda template: template.count("{"))] if found else set()


def allowing(send: Send, methods: set[str]) -> Send:
    """A 405 names all methods of the path: each route knows its own alone. https://www.rfc-editor.org/rfc/rfc9110#status.405."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == status.HTTP_405_METHOD_NOT_ALLOWED:
            MutableHeaders(raw=message["headers"])["allow"] = ", ".join(sorted(methods))
        await send(message)

    return sending
