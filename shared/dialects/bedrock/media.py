"""Pictures, documents, videos and sounds → blocks. Bedrock fetches nothing but from S3.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html (2026-11)
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.chat.request import Media, MediaKind
from shared.errors import UnsupportedParameter

Block = dict[str, Any]

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_FORMATS: Final[Mapping[MediaKind, Mapping[str, str]]] = {
    "image": {
        "image/png": "png",
        "image/jpeg": "jpeg",
        "image/jpg": "jpeg",
        "image/gif": "gif",
        "image/webp": "webp",
    },
    "file": {
        "application/pdf": "pdf",
        "text/csv": "csv",
        "application/msword": "doc",
        f"{_OFFICE}.wordprocessingml.document": "docx",
        "application/vnd.ms-excel": "xls",
        f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
        "text/html": "html",
        "text/plain": "txt",
        "text/markdown": "md",
    },
    "video": {
        "video/x-matroska": "mkv",
        "video/quicktime": "mov",
        "video/mp4": "mp4",
        "video/webm": "webm",
        "video/x-flv": "flv",
        "video/mpeg": "mpeg",
        "video/x-ms-wmv": "wmv",
        "video/3gpp": "three_gp",
    },
    "audio": {
        "audio/mp3": "mp3",
        "audio/mpeg": "mp3",
        "audio/opus": "opus",
        "audio/wav": "wav",
        "audio/x-wav": "wav",
        "audio/aac": "aac",
        "audio/flac": "flac",
        "audio/mp4": "mp4",
        "audio/ogg": "ogg",
        "audio/m4a": "m4a",
        "audio/x-m4a": "m4a",
        "audio/webm": "webm",
    },
}
_MORE_ENDINGS: Final[Mapping[str, str]] = {"jpg": "jpeg", "mpg": "mpeg", "3gp": "three_gp", "htm": "html"}
_KINDS: Final[Mapping[str, MediaKind]] = {"image": "image", "video": "video", "audio": "audio"}
_WORDS: Final[Mapping[MediaKind, str]] = {"image": "image", "file": "document", "video": "video", "audio": "audio"}
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9\s()\[\]-]+")
_SPACES: Final = re.compile(r"\s+")
_LONGEST_NAME: Final = 190


class MediaWriter:
    """Writes the media of one request. Its documents need names, each another one, of the characters that Bedrock takes."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def write(self, media: Media, at: str) -> Block:
        """The block. Raises UnsupportedParameter for what Bedrock does not read, and for what would have to be fetched."""
        kind = _kind(media)
        written: Block = {"format": _format(media, kind, at), "source": _source(media, at)}
        if kind == "file":
            written["name"] = self._name(media.name)
            if media.context:
                written["context"] = media.context
        return {_WORDS[kind]: written}

    def _name(self, given: str | None) -> str:
        neat = _SPACES.sub(" ", _NOT_IN_A_NAME.sub("-", given or "")).strip(" -")[:_LONGEST_NAME] or "document"
        name, number = neat, 1
        while name in self._names:
            number += 1
            name = f"{neat} ({number})"
        self._names.add(name)
        return name


def _kind(media: Media) -> MediaKind:
    """A file that is a picture, a film or a sound is taken as one."""
    if media.kind != "file" or not media.media_type:
        return media.kind
    return _KINDS.get(media.media_type.partition("/")[0], "file")


def _format(media: Media, kind: MediaKind, at: str) -> str:
    """By the media type, else by how the name or the address ends."""
    formats = _FORMATS[kind]
    if media.media_type:
        found = formats.get(media.media_type)
        if found is None and kind == "file" and media.media_type.startswith("text/"):
            found = "txt"
    else:
        ending = (media.url or media.name or "").rpartition(".")[2].lower()
        ending = _MORE_ENDINGS.get(ending, ending)
        found = ending if ending in formats.values() else None
    if found is None:
        known = ", ".join(dict.fromkeys(formats.values()))
        raise UnsupportedParameter(
            f"Bedrock takes {known} here, not {media.media_type or 'something without a media type'}", parameter=at
        )
    return found


def _source(media: Media, at: str) -> Block:
    if media.data is not None:
        return {"bytes": media.data}
    if media.url is not None and media.url.startswith("s3://"):
        return {"s3Location": {"uri": media.url}}
    raise UnsupportedParameter(
        "Bedrock fetches nothing from there: send the data as a data: URL, or an s3:// address", parameter=at
    )
