"""Pictures, as callers ask and hear them: https://platform.openai.com/docs/api-reference/images/create (2026-11)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from shared.chat.events import Usage
from shared.dialects.exchanges import Ask, Reply
from shared.dialects.exchanges.check import check
from shared.errors import InvalidRequest, UnsupportedParameter
from shared.wire.json import write


class ImagesBody(msgspec.Struct):
    """What OpenAI's form knows. Other fields go to providers who speak that form as they came."""

    prompt: Annotated[str, msgspec.Meta(min_length=1)]
    model: str | None = None
    n: Annotated[int, msgspec.Meta(ge=1)] | None = None
    size: str | None = None
    quality: str | None = None
    style: str | None = None
    response_format: Literal["url", "b64_json"] | None = None
    background: str | None = None
    moderation: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    stream: bool | None = None
    user: str | None = None


def read_ask(body: bytes, created: int) -> Ask:
    """Raises InvalidRequest, which names the field."""
    said, known = check(body, ImagesBody)
    if known.stream:
        raise InvalidRequest("pictures come whole here: leave `stream` out", parameter="stream")
    return Ask(known.model or "", said, created)


def refuse_links(ask: Ask, family: str) -> None:
    """Raise UnsupportedParameter when the caller wants URLs, and this family keeps no pictures."""
    if ask.body.get("response_format") == "url":
        raise UnsupportedParameter(
            f"{family} keeps no pictures to link to: ask for `b64_json`", parameter="response_format"
        )


def speak(
    pictures: Sequence[tuple[str, str]], ask: Ask, *, told: Mapping[str, Any] | None, usage: Usage | None
) -> Reply:
    """The answer: pictures as (base64, media type). `told` is the usage in OpenAI's words."""
    answer: dict[str, Any] = {"created": ask.created, "data": [{"b64_json": data} for data, _ in pictures]}
    if kind := pictures[0][1].partition("/")[2]:
        answer["output_format"] = kind
    if told:
        answer["usage"] = told
    return Reply(write(answer), usage)
