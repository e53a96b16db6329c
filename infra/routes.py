"""Which routes a door has, from its own OpenAPI document: a route that is not in it is not reachable, and a new one joins by itself (threat H11)."""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.services import Services
from shared.settings import Settings

_METHODS: Final = ("get", "post", "put", "patch", "delete")
BUFFERED: Final = ("accounts", "configs", "key_test", "catalog", "analytics", "admin")
"""Folders of `functions/`; chat is not among them, for an HTTP API cannot stream."""


@dataclass(frozen=True, slots=True)
class Route:
    """`session`: somebody has to be signed in, so that whoever stands before the door may ask for that already."""

    method: str
    path: str
    session: bool


def routes_of(door: str) -> list[Route]:
    """The routes of that folder, in the order of its document."""
    app = importlib.import_module(f"functions.{door}.app").create_app(Services(Settings(home=Path("/nowhere"))))
    return list(_routes(app.openapi()))


def chat_routes() -> list[Route]:
    """The routes of the chat door, of its history too."""
    chats = importlib.import_module("functions.chat.openapi").document()
    return [*_routes(chats), *routes_of("chat.history")]


def _routes(document: Mapping[str, Any]) -> Iterator[Route]:
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                schemes = {name for needed in operations[method].get("security", ()) for name in needed}
                yield Route(method.upper(), path, session=schemes == {"session"})
