"""Writes AWS's binary event stream, for tests: the product only reads it."""

import struct
from binascii import crc32
from collections.abc import Mapping


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message whose headers are all strings, as Bedrock's are."""
    return raw_message(b"".join(header(name, 7, counted(value.encode())) for name, value in headers.items()), payload)


def event(event_type: str, payload: bytes) -> bytes:
    """One event of Bedrock's ConverseStream, such as `contentBlockDelta`."""
    return message(
        {":event-type": event_type, ":content-type": "application/json", ":message-type": "event"},
        payload,
    )


def header(name: str, kind: int, value: bytes) -> bytes:
    encoded = name.encode()
    return bytes([len(encoded)]) + encoded + bytes([kind]) + value


def counted(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def raw_message(headers: bytes, payload: bytes) -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return message + struct.pack(">I", crc32(message))
