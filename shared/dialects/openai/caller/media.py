"""Pictures, documents, sounds and films in a caller's message: https://platform.openai.com/docs/api-reference/chat/create (2026-11).

Beside OpenAI's own forms stand those that clients of routers send: a picture as a bare URL, `video_url`, a document by its URL.
"""

import re
from collections.abc import Mapping
from typing import Final

from shared.chat.request import CachePoint, Media, MediaKind
from shared.dialects.openai.caller.fields import Fields
from shared.errors import InvalidRequest

_DATA_URL: Final = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?P<parameters>(?:;[\w.+-]+=[^;,]*)*);base64")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=_-]*")
_TYPES: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "xml": "application/xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
}
_PDF_BEGINS: Final = "JVBERi"
"""`%PDF` in base64."""
_FETCHED: Final = ("https://", "http://", "gs://")


def image(part: Fields, cache: CachePoint | None) -> tuple[Media, Fields | None]:
    """The picture of an `image_url` part, and its object, where it has one."""
    at = part.path("image_url")
    if isinstance(url := part.get("image_url"), str):
        return by_url("image", url, at, cache=cache), None
    inner = Fields(url, at)
    media = by_url("image", inner.text("url"), f"{at}.url", detail=inner.find_text("detail"), cache=cache)
    return media, inner


def video(part: Fields, cache: CachePoint | None) -> tuple[Media, Fields | None]:
    """The film of a `video_url` part: https://openrouter.ai/docs/features/multimodal/videos (2026-11)."""
    at = part.path("video_url")
    if isinstance(url := part.get("video_url"), str):
        return by_url("video", url, at, cache=cache), None
    inner = Fields(url, at)
    return by_url("video", inner.text("url"), f"{at}.url", cache=cache), inner


def sound(part: Fields, cache: CachePoint | None) -> tuple[Media, Fields]:
    """The sound of an `input_audio` part."""
    inner = part.record("input_audio")
    data, form = inner.text("data"), inner.text("format")
    if data.startswith("data:"):
        return by_url("audio", data, inner.path("data"), cache=cache), inner
    return Media("audio", f"audio/{form}", _base64(data, inner.path("data")), cache=cache), inner


def document(part: Fields, cache: CachePoint | None) -> tuple[Media | None, Fields]:
    """The document of a `file` part: a `data:` URL, a URL, or bare base64. None where OpenAI keeps the file, under a `file_id`."""
    inner = part.record("file")
    name, data = inner.find_text("filename"), inner.find_text("file_data")
    at = inner.path("file_data")
    if data is None and inner.has("file_id"):
        return None, inner
    data = inner.text("file_data")
    if data.startswith(("data:", *_FETCHED)):
        return by_url("file", data, at, name=name, cache=cache), inner
    return Media("file", _type_of(name, data), _base64(data, at), None, name, cache=cache), inner


def by_url(
    kind: MediaKind,
    url: str,
    at: str,
    *,
    name: str | None = None,
    detail: str | None = None,
    cache: CachePoint | None = None,
) -> Media:
    """What lies at a URL, or in it. Raises InvalidRequest for a URL that nobody opens."""
    if url.startswith("data:"):
        head, _, data = url.partition(",")
        found = _DATA_URL.fullmatch(head)
        if not found:
            raise InvalidRequest("a data: URL has the form data:<media type>;base64,<base64>", parameter=at)
        return Media(kind, found["type"] or None, _base64(data, at), None, name, detail, cache=cache)
    if not url.startswith(_FETCHED):
        raise InvalidRequest("a URL begins with https:// or data:", parameter=at)
    return Media(kind, None, None, url, name, detail, cache=cache)


def _base64(data: str, at: str) -> str:
    if not _BASE64.fullmatch(data):
        raise InvalidRequest("the data is not base64: encode it so, without line breaks", parameter=at)
    return data


def _type_of(name: str | None, data: str) -> str | None:
    if data.startswith(_PDF_BEGINS):
        return "application/pdf"
    return _TYPES.get((name or "").rpartition(".")[2].lower())
