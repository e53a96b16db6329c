"""The body of a request, its items and their parts, as records that say what is malformed; what they do not know is told by `unknown`.

https://platform.openai.com/docs/api-reference/responses/create (2026-11)
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from shared.errors import InvalidRequest

_AT: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?$", re.DOTALL)
_SAYS_NOTHING: Final[tuple[Any, ...]] = (None, [], {}, False)
"""Values that ask for what happens anyway."""


class ResponseBody(Struct):
    """A request."""

    model: str | None = None
    input: str | list[dict[str, Any]] | None = None
    instructions: str | None = None
    tools: Annotated[list[dict[str, Any]], Meta(max_length=1024)] | None = None
    tool_choice: Literal["auto", "none", "required"] | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    text: "TextBody | None" = None
    reasoning: "ReasoningBody | None" = None
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_tool_calls: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: Annotated[int, Meta(ge=0)] | None = None
    include: list[str] | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: dict[str, Any] | None = None
    service_tier: str | None = None
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: str | dict[str, Any] | None = None
    prompt: dict[str, Any] | None = None


class TextBody(Struct):
    """The form of the words."""

    format: "FormatBody | None" = None
    verbosity: str | None = None


class FormatBody(Struct):
    """Plain text, or JSON."""

    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None
    description: str | None = None


class ReasoningBody(Struct):
    """How much to think, and how much of it to tell."""

    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None


class FunctionTool(Struct):
    """A function of the caller's."""

    name: Annotated[str, Meta(min_length=1, max_length=128)]
    type: Literal["function"] = "function"
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class MessageItem(Struct):
    """What somebody said."""

    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[dict[str, Any]]
    type: Literal["message"] = "message"
    id: str | None = None
    status: str | None = None
    phase: str | None = None


class CallItem(Struct):
    """A call of a function of the caller's."""

    call_id: Annotated[str, Meta(min_length=1)]
    name: Annotated[str, Meta(min_length=1)]
    arguments: str
    type: Literal["function_call"] = "function_call"
    id: str | None = None
    status: str | None = None


class CallOutputItem(Struct):
    """What the function said."""

    call_id: Annotated[str, Meta(min_length=1)]
    output: str | list[dict[str, Any]]
    type: Literal["function_call_output"] = "function_call_output"
    id: str | None = None
    status: str | None = None


class ThoughtPart(Struct):
    """A piece of thinking."""

    text: str = ""


class ReasoningItem(Struct):
    """Thinking of an earlier answer."""

    summary: list[ThoughtPart] = []
    content: list[ThoughtPart] | None = None
    encrypted_content: str | None = None


class TextPart(Struct):
    """Words: `input_text` or `output_text`."""

    type: str
    text: str
    prompt_cache_breakpoint: dict[str, Any] | None = None
    annotations: list[Any] | None = None
    logprobs: list[Any] | None = None


class RefusalPart(Struct):
    """The model declined."""

    type: str
    refusal: str


class ImagePart(Struct):
    """A picture: a `data:` URL, or an https URL."""

    type: str
    image_url: str | None = None
    detail: Literal["auto", "low", "high", "original"] | None = None
    file_id: str | None = None
    prompt_cache_breakpoint: dict[str, Any] | None = None


class FilePart(Struct):
    """A document: a `data:` URL with its name, or an https URL."""

    type: str
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    file_id: str | None = None
    detail: str | None = None
    prompt_cache_breakpoint: dict[str, Any] | None = None


class AudioData(Struct):
    """Base64 sound and its format, for example `wav` or `mp3`."""

    data: str
    format: str


class AudioPart(Struct):
    """A sound."""

    type: str
    input_audio: AudioData


def convert[Body](value: Any, kind: type[Body], at: str = "") -> Body:
    """`value`, which stands at `at`, as that record. Raises InvalidRequest, which names the field."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), at) from error


def unknown(value: Mapping[str, Any], kind: type[Struct], at: str = "") -> Iterator[str]:
    """The paths of fields that say something which the record has no word for."""
    for name, said in value.items():
        if name not in kind.__struct_fields__ and said not in _SAYS_NOTHING:
            yield f"{at}.{name}" if at else name


def _refusal(text: str, at: str) -> InvalidRequest:
    """Msgspec says `Expected X, got Y - at `$.path``, and names a missing field in its words."""
    found = _AT.match(text)
    what, where = (found["what"], found["where"] or "") if found else (text, "")
    field = re.search(r"field `([^`]+)`", what)
    path = ".".join(part for part in (at, where, field[1] if field else "") if part).replace(".[", "[")
    return InvalidRequest(what + (f" at `{path}`" if path else ""), parameter=path or None)
