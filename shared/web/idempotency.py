"""The header by which a caller says that a request is the same as an earlier one, and what of a request has to be the same then.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ (2026-11): the value is a string of RFC 9651. Most who send one send it
without its quotes, as Stripe has taught them, so both forms are taken, and mean the same.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.errors import InvalidRequest
from shared.wire.json import read_strict, write_canonical

IDEMPOTENCY_KEY: Final = "idempotency-key"
REPLAYED: Final = b"idempotency-replayed"
LONGEST: Final = 255
"""Characters of a key."""
_QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"')
_BARE: Final = re.compile(r"[!#-+\--\[\]-~]+")
"""No space, quote, comma or backslash: nothing that a header of several values could have put there."""
_ESCAPED: Final = re.compile(r'\\(["\\])')
_TELLING: Final = (
    "accept",
    "x-realmultillm-drop-params",
    "x-realmultillm-fallback",
    "anthropic-version",
    "anthropic-beta",
)
"""Headers that change the answer."""


def read_key(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The key, out of its quotes.

    Raises:
        InvalidRequest: it is given twice, or is none.
    """
    given = [value.decode("latin-1").strip() for name, value in headers if name == IDEMPOTENCY_KEY.encode()]
    key = _unquoted(given[0]) if len(given) == 1 else None
    if key is None or len(key) > LONGEST:
        raise InvalidRequest(
            f"`{IDEMPOTENCY_KEY}` is one string of 1 to {LONGEST} printable ASCII characters, such as a UUID, in quotes or without",
            parameter=IDEMPOTENCY_KEY,
        )
    return key


def question_of(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """What is asked, as bytes that are the same whenever it is: spaces and the order of names do not count.

    Raises:
        InvalidRequest: the body is not JSON.
    """
    told: list[Any] = [method, path, [headers.get(name) for name in _TELLING], read_strict(body)]
    return write_canonical(told)


def _unquoted(value: str) -> str | None:
    if quoted := _QUOTED.fullmatch(value):
        return _ESCAPED.sub(r"\1", quoted[1])
    return value if _BARE.fullmatch(value) else None
