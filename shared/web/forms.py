"""Which API family a path belongs to, so that even an answer from the outer wall is in words that the caller's SDK knows."""

from collections.abc import Iterable
from typing import Final

from shared.dialects.caller import CallerDialect, load_caller
from shared.dialects.native import NDJSON

_OPENAIS: Final = (
    "/v1/chat/",
    "/v1/responses",
    "/v1/embeddings",
    "/v1/images/",
    "/v1/moderations",
)
"""Routes of OpenAI's alone."""


def family_of(path: str, headers: Iterable[tuple[bytes, bytes]]) -> CallerDialect:
    """`/v1/messages…` is Anthropic's, and so is what their SDK asks of other paths; `/v1/…` is OpenAI's, the rest is ours.

    OpenAI's two APIs fail alike and name parameters differently: what is `verbosity` in chats is `text.verbosity` in responses.
    """
    if not path.startswith("/v1/"):
        return NDJSON
    theirs = path.startswith("/v1/messages") or (
        not path.startswith(_OPENAIS) and any(name == b"anthropic-version" for name, _ in headers)
    )
    if theirs:
        return load_caller("anthropic")
    return load_caller("responses" if path.startswith("/v1/responses") else "openai")
