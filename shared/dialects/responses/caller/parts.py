"""The content of a message or of a tool's result → parts of ours. https://platform.openai.com/docs/api-reference/responses/create (2026-11)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from shared.chat.request import CachePoint, KinOnly, Media, MediaKind, Refusal, Text
from shared.dialects.responses.caller.bodies import (
    AudioPart,
    FilePart,
    ImagePart,
    RefusalPart,
    TextPart,
    convert,
    unknown,
)
from shared.errors import InvalidRequest

type Content = Text | Media | Refusal

_KINDS: Final[Mapping[str, type[Struct]]] = {
    "input_text": TextPart,
    "output_text": TextPart,
    "refusal": RefusalPart,
    "input_image": ImagePart,
    "input_file": FilePart,
    "input_audio": AudioPart,
}
_DATA_URL: Final = re.compile(
    r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?P<parameters>(?:;[\w.+-]+=[^;,]*)*);base64,(?P<data>[A-Za-z0-9+/=_-]*)"
)


def read_content(
    content: str | list[dict[str, Any]], at: str, kin_only: list[KinOnly], *, answered: bool = False
) -> tuple[Content, ...]:
    """The parts; `at` names the content. What only kin can read is noted. Raises InvalidRequest for what nobody can.

    `answered`: it is an earlier answer, to which clients add fields of their own, such as `parsed`; these ask for nothing.
    """
    if isinstance(content, str):
        return (Text(content),) if content else ()
    read: list[Content | None] = []
    for index, part in enumerate(content):
        kind = _kind(part, f"{at}[{index}]")
        if kind is None:
            kin_only.append(KinOnly(f"{at}[{index}].type"))
            continue
        if not answered:
            kin_only.extend([KinOnly(path) for path in unknown(part, kind, f"{at}[{index}]")])
        read.append(_part(part, kind, f"{at}[{index}]", kin_only))
    return tuple(part for part in read if part is not None)


def texts(parts: Iterable[Content]) -> tuple[Text | Media, ...]:
    """What a tool's result may hold: it does not decline."""
    return tuple(Text(part.text) if isinstance(part, Refusal) else part for part in parts)


def _part(part: dict[str, Any], kind: type[Struct], at: str, kin_only: list[KinOnly]) -> Content | None:
    match convert(part, kind, at):
        case TextPart(text=words) as read:
            return Text(words, _cache(read.prompt_cache_breakpoint)) if words else None
        case RefusalPart(refusal=words):
            return Refusal(words)
        case ImagePart() as image:
            return _image(image, at, kin_only)
        case FilePart() as file:
            return _file(file, at, kin_only)
        case AudioPart(input_audio=sound):
            return Media("audio", f"audio/{sound.format}", sound.data)
    raise InvalidRequest("`type` is none that we know", parameter=f"{at}.type")


def _kind(part: dict[str, Any], at: str) -> type[Struct] | None:
    if not isinstance(kind := part.get("type"), str):
        raise InvalidRequest("a part needs its `type`, for example input_text", parameter=f"{at}.type")
    return _KINDS.get(kind)


def _cache(breakpoint_: dict[str, Any] | None) -> CachePoint | None:
    """How long it is kept is OpenAI's own measure: https://platform.openai.com/docs/guides/prompt-caching (2026-11)."""
    return CachePoint() if breakpoint_ else None


def _image(image: ImagePart, at: str, kin_only: list[KinOnly]) -> Media | None:
    if image.image_url is None:
        _note_held(image.file_id, "image_url", at, kin_only)
        return None
    cache = _cache(image.prompt_cache_breakpoint)
    return read_url("image", image.image_url, f"{at}.image_url", detail=image.detail, cache=cache)


def _file(file: FilePart, at: str, kin_only: list[KinOnly]) -> Media | None:
    cache = _cache(file.prompt_cache_breakpoint)
    if file.file_data is not None:
        if not file.file_data.startswith("data:"):
            raise InvalidRequest(
                "`file_data` is a data: URL, for example data:application/pdf;base64,…", parameter=f"{at}.file_data"
            )
        return read_url("file", file.file_data, f"{at}.file_data", name=file.filename, cache=cache)
    if file.file_url is None:
        _note_held(file.file_id, "file_data", at, kin_only)
        return None
    return read_url("file", file.file_url, f"{at}.file_url", name=file.filename, cache=cache)


def _note_held(file_id: str | None, remedy: str, at: str, kin_only: list[KinOnly]) -> None:
    if file_id is None:
        raise InvalidRequest(f"`{remedy}` is missing: send a data: URL", parameter=f"{at}.{remedy}")
    kin_only.append(KinOnly(f"{at}.file_id"))


def read_url(
    kind: MediaKind,
    url: str,
    at: str,
    *,
    name: str | None = None,
    detail: str | None = None,
    cache: CachePoint | None = None,
) -> Media:
    """A `data:` URL, or one that somebody fetches. Raises InvalidRequest for any other."""
    if url.startswith("data:"):
        found = _DATA_URL.fullmatch(url)
        if not found:
            raise InvalidRequest("a data: URL has the form data:<media type>;base64,<base64>", parameter=at)
        return Media(kind, found["type"] or None, found["data"], None, name, detail, cache=cache)
    if not url.startswith(("https://", "http://", "gs://")):
        raise InvalidRequest("a URL begins with https:// or data:", parameter=at)
    return Media(kind, None, None, url, name, detail, cache=cache)
