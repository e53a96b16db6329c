"""What an upstream refuses: a field that it does not know, a value of the wrong kind, something that is missing."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

type Kind = type | tuple[type, ...]

NUMBER: Kind = (int, float)


class Malformed(Exception):
    """The request is refused with 400: where, and why."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


def kind(value: Any, wanted: Kind, where: str) -> Any:
    """The value, if it is of that kind. A boolean is no number."""
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise Malformed(where, f"expected {' or '.join(each.__name__ for each in kinds)}, got {type(value).__name__}")
    return value


def fields(value: Any, where: str, *, needed: Mapping[str, Kind], known: Mapping[str, Kind]) -> dict[str, Any]:
    """The object, if it has all needed fields, none but known ones, and each of its kind."""
    kind(value, dict, where)
    for name in needed:
        if name not in value:
            raise Malformed(_under(where, name), "Field required")
    for name, inner in value.items():
        wanted = needed.get(name) or known.get(name)
        if wanted is None:
            raise Malformed(_under(where, name), "Extra inputs are not permitted")
        kind(inner, wanted, _under(where, name))
    return dict(value)


def one_of(value: Any, choices: Sequence[Any], where: str) -> Any:
    """The value, if it is one of these."""
    if value not in choices:
        raise Malformed(where, f"{value!r} is not one of {list(choices)}")
    return value


def within(value: Any, low: float, high: float, where: str) -> None:
    """None, or a number between these."""
    if value is not None and not low <= value <= high:
        raise Malformed(where, f"must be between {low} and {high}")


def decoded(data: str, where: str) -> bytes:
    """Base64 that really is."""
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise Malformed(where, f"invalid base64 data: {error}") from error


_MAGIC = {"image/png": b"\x89PNG", "application/pdf": b"%PDF", "image/jpeg": b"\xff\xd8", "audio/wav": b"RIFF"}


def seen(media_type: str, data: bytes, where: str) -> str:
    """What the upstream says it saw. The bytes must be what their type says."""
    magic = _MAGIC.get(media_type)
    if magic is not None and not data.startswith(magic):
        raise Malformed(where, f"the data is no {media_type}")
    return f"{media_type} {len(data)} bytes"


def json_object(text: Any, where: str) -> dict[str, Any]:
    """The object in this text."""
    try:
        value = json.loads(kind(text, str, where))
    except ValueError as error:
        raise Malformed(where, "is not JSON") from error
    return dict(kind(value, dict, where))


def strict_schema(schema: Any, where: str) -> None:
    """What OpenAI and Anthropic ask of a strict schema: every object closed, for OpenAI with every property required."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            raise Malformed(where, "'additionalProperties' is required to be supplied and to be false")
        for name, inner in schema.items():
            strict_schema(inner, f"{where}.{name}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            strict_schema(inner, f"{where}[{index}]")


def _under(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
