"""AWS's binary event stream, `application/vnd.amazon.eventstream`, as Bedrock streams.

A message is: total length, length of the headers, CRC of these eight bytes; the headers; the payload; CRC of all before it. Big-endian.
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html (read 2026-01), limits as in botocore.eventstream
"""

import struct
from binascii import crc32
from dataclasses import dataclass
from typing import Final

from shared.errors import BadStreamData, StreamTruncated
from shared.wire.decoder import Decoder

HeaderValue = bool | int | str | bytes
"""Types 0-1 bool · 2-5 int · 6 bytes · 7 str · 8 int, milliseconds since 1970 · 9 the 16 bytes of a UUID."""

_PRELUDE: Final = struct.Struct(">III")
_CRC: Final = struct.Struct(">I")
_LENGTH: Final = struct.Struct(">H")
_INTEGERS: Final = {
    kind: struct.Struct(shape) for kind, shape in ((2, ">b"), (3, ">h"), (4, ">i"), (5, ">q"), (8, ">q"))
}
_MAX_HEADERS: Final = 128 * 2**10


@dataclass(slots=True)
class Message:
    """One message: its headers by name, such as `:event-type`, and its payload."""

    headers: dict[str, HeaderValue]
    payload: bytes


class EventStreamDecoder(Decoder[Message]):
    """Bytes → messages. Raises BadStreamData when a checksum or a length is wrong; `close` raises StreamTruncated inside a message."""

    __slots__ = ()

    def _read(self, data: bytes, items: list[Message]) -> None:
        self._held += data
        while len(self._held) >= _PRELUDE.size:
            length, headers_length = self._lengths()
            if len(self._held) < length:
                return
            items.append(_read_message(bytes(self._held[:length]), headers_length))
            del self._held[:length]

    def _end(self) -> list[Message]:
        if self._held:
            raise StreamTruncated("the provider's event stream ended in the middle of a message")
        return []

    def _lengths(self) -> tuple[int, int]:
        length, headers_length, checksum = _PRELUDE.unpack_from(self._held)
        if crc32(self._held[: _PRELUDE.size - _CRC.size]) != checksum:
            raise BadStreamData("the prelude of an event stream message has a wrong checksum")
        if headers_length > _MAX_HEADERS or length < _PRELUDE.size + headers_length + _CRC.size:
            raise BadStreamData("an event stream message has impossible lengths")
        if length > self._max_item:
            raise self._too_long()
        return length, headers_length


def _read_message(message: bytes, headers_length: int) -> Message:
    body_end = len(message) - _CRC.size
    if crc32(message[:body_end]) != _CRC.unpack_from(message, body_end)[0]:
        raise BadStreamData("an event stream message has a wrong checksum")
    headers_end = _PRELUDE.size + headers_length
    try:
        headers = _read_headers(message[_PRELUDE.size : headers_end])
    except (struct.error, IndexError, ValueError) as error:
        raise BadStreamData("an event stream message has unreadable headers") from error
    return Message(headers, message[headers_end:body_end])


def _read_headers(block: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    at = 0
    while at < len(block):
        name, at = _take(block, at + 1, block[at])
        value, at = _read_value(block, at)
        if (key := name.decode()) in headers:
            raise ValueError("a header occurs twice")
        headers[key] = value
    return headers


def _read_value(block: bytes, at: int) -> tuple[HeaderValue, int]:
    kind, at = block[at], at + 1
    match kind:
        case 0 | 1:
            return kind == 0, at
        case 2 | 3 | 4 | 5 | 8:
            integer = _INTEGERS[kind]
            return integer.unpack_from(block, at)[0], at + integer.size
        case 6 | 7:
            value, end = _take(block, at + _LENGTH.size, _LENGTH.unpack_from(block, at)[0])
            return value if kind == 6 else value.decode(), end  # noqa: PLR2004 - the number of the type
        case 9:
            return _take(block, at, 16)
        case _:
            raise ValueError("a header has an unknown type")


def _take(block: bytes, at: int, length: int) -> tuple[bytes, int]:
    if at + length > len(block):
        raise ValueError("a header is longer than its block")
    return block[at : at + length], at + length
