"""Our own API's spelling of a chat, towards a caller: read a request, speak a reply, speak a stream, speak a failure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from shared.chat.collect import Answer
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest
from shared.dialects.caller import About, CallerDialect, Wish
from shared.dialects.native.errors import describe, status
from shared.dialects.native.read import read_request
from shared.dialects.native.speak import (
    NDJSON_KEEP_ALIVE,
    SSE_KEEP_ALIVE,
    Speaker,
    as_ndjson,
    as_sse,
    speak_answer,
)


def _read(body: bytes, _headers: Mapping[str, str]) -> Wish:
    return read_request(body, stream=False)


def _answer(answer: Answer, done: Done, _chat: ChatRequest, about: About) -> bytes:
    return speak_answer(answer, done, id=about.id, created=about.created)


NDJSON: Final = CallerDialect(
    name="native",
    read=_read,
    speaker=lambda _, about: Speaker(as_ndjson, about),
    answer=_answer,
    describe=describe,
    status=status,
    names={},
    keep_alive=NDJSON_KEEP_ALIVE,
    request_id_header=b"x-request-id",
)
"""One JSON object a line."""
SSE: Final = replace(NDJSON, speaker=lambda _, about: Speaker(as_sse, about), keep_alive=SSE_KEEP_ALIVE)
"""The same objects as server-sent events."""
