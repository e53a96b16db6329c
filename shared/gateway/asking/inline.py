"""Pictures and documents by URL, for providers that fetch none: fetched here, through the same address rules as everything else. Trap 51."""

import asyncio
from base64 import b64encode
from dataclasses import replace

from shared.chat.request import ChatRequest, Media, Message, Part, ToolResult
from shared.egress.exchange import Client, Outbound, Timeouts
from shared.errors import InvalidRequest, RealMultiLLMError
from shared.gateway.targets.target import Target

LARGEST = 20 * 1024 * 1024
"""Bytes of one file; Gemini takes no larger request: https://ai.google.dev/gemini-api/docs/image-understanding (2026-11)."""
MOST = 16
"""Files of one request."""
PATIENCE = Timeouts(connect=5.0, first_byte=10.0, idle=10.0, total=30.0)
_WEB = ("https://", "http://")
_STREAMED_BY_PROVIDER = (
    "https://www.youtube.com/",
    "https://m.youtube.com/",
    "https://youtube.com/",
    "https://youtu.be/",
    "https://generativelanguage.googleapis.com/",
)
"""Addresses that Gemini knows by name and reads itself: https://ai.google.dev/gemini-api/docs/video-understanding (2026-11)."""


async def inline_media(request: ChatRequest, target: Target, client: Client) -> ChatRequest:
    """The request with the bytes in place of each URL, where the target's dialect needs that; else the request itself.

    Raises:
        InvalidRequest: a file cannot be fetched, is too large, or there are too many.
    """
    fetched_there = target.dialect.fetches | target.provider.fetches
    wanted = [media for media in _wanted(request) if media.kind not in fetched_there]
    if not wanted:
        return request
    if len(wanted) > MOST:
        raise InvalidRequest(f"{len(wanted)} files by URL are too many; send at most {MOST}", parameter="messages")
    fetched = dict(zip(wanted, await asyncio.gather(*(_fetch(media, client) for media in wanted)), strict=True))
    return replace(request, messages=tuple(_with(message, fetched) for message in request.messages))


def _wanted(request: ChatRequest) -> list[Media]:
    return list(
        dict.fromkeys(media for message in request.messages for part in message.parts for media in _media(part))
    )


def _media(part: Part) -> tuple[Media, ...]:
    match part:
        case Media(url=str(url)) if url.startswith(_WEB) and not url.startswith(_STREAMED_BY_PROVIDER):
            return (part,)
        case ToolResult():
            return tuple(media for piece in part.content for media in _media(piece))
    return ()


def _with(message: Message, fetched: dict[Media, Media]) -> Message:
    return replace(message, parts=tuple(_replaced(part, fetched) for part in message.parts))


def _replaced(part: Part, fetched: dict[Media, Media]) -> Part:
    match part:
        case Media():
            return fetched.get(part, part)
        case ToolResult():
            content = tuple(fetched.get(piece, piece) if isinstance(piece, Media) else piece for piece in part.content)
            return replace(part, content=content)
    return part


async def _fetch(media: Media, client: Client) -> Media:
    """One message whatever went wrong, so that nothing can be scanned with it."""
    try:
        async with client.send(Outbound("GET", media.url or "", {"accept": "*/*"}), PATIENCE) as inbound:
            media_type = inbound.headers.get("content-type", "").partition(";")[0].strip().lower()
            data = await inbound.read(LARGEST) if inbound.status == 200 and "/" in media_type else b""  # noqa: PLR2004 - OK
    except RealMultiLLMError as error:
        raise _unfetched() from error
    if not data:
        raise _unfetched()
    return replace(media, media_type=media_type, data=b64encode(data).decode(), url=None)


def _unfetched() -> InvalidRequest:
    return InvalidRequest(
        f"a file could not be fetched from its URL (https, no redirect, at most {LARGEST // 2**20} MB); send it as a data: URL",
        parameter="messages",
    )
