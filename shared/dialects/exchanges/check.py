"""A caller's body against the record of its kind. Fields that we do not know pass: providers who speak OpenAI's form may know them."""

import re
from typing import Any

import msgspec

from shared.errors import InvalidRequest
from shared.wire.json import read_strict

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?$", re.DOTALL)
_FIELD = re.compile(r"field `([^`]+)`")


def check[Body: msgspec.Struct](body: bytes, record: type[Body]) -> tuple[dict[str, Any], Body]:
    """The body as it came, and what of it the record knows.

    Raises:
        InvalidRequest: no JSON, or a field is wrong; names the field.
    """
    said = read_strict(body)
    try:
        known = msgspec.convert(said, record)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error
    return said, known


def _refusal(text: str) -> InvalidRequest:
    """Msgspec says `Expected X, got Y - at `$.path``; the path becomes the parameter."""
    found = _AT.match(text)
    what, where = (found["what"], found["where"]) if found else (text, None)
    missing = _FIELD.search(what)
    named = ".".join(part for part in (where, missing[1] if missing else None) if part)
    return InvalidRequest(what + (f" at `{where}`" if where else ""), parameter=named or None)
