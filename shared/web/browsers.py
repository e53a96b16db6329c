"""Pages of other origins in a browser, such as clients that run there: which of them may call. Threat H10.

An exact list, and nothing that a browser adds of its own accord (cookies): a page sends the credential that it was given.
https://fetch.spec.whatwg.org/#http-cors-protocol (2026-11)
"""

from collections.abc import Set as AbstractSet
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_REMEMBERED: Final = 600
"""Seconds for which a browser need not ask again."""


def for_browsers(app: ASGIApp, origins: AbstractSet[str]) -> ASGIApp:
    """The app, open to pages of these origins; the same app where there are none.

    They may send any header, for every SDK has some of its own, and read all of an answer's.
    """
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=sorted(origins),
        allow_methods=_METHODS,
        allow_headers=["*"],
        expose_headers=["*"],
        max_age=_REMEMBERED,
    )
