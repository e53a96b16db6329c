"""Our own ids. None is ever taken from a caller (threat H1)."""

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: https://www.crockford.com/base32.html"""

_DIGITS = frozenset(ALPHABET)
_RANDOM_BITS = 80
_ULID_DIGITS = 26
_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
_PLACES = range(5 * (_ULID_DIGITS - 2), -1, -10)
"""Bits behind each pair of digits."""
_ID_DIGITS = 16


def mint_ulid(now: float) -> str:
    """26 characters that sort by time (`now` in seconds), 80 bits of them random. https://github.com/ulid/spec."""
    number = (int(now * 1000) << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return "".join([_PAIRS[(number >> places) & 1023] for places in _PLACES])


def is_ulid(text: str) -> bool:
    """It has the form of one, so that it may be one of ours. An answer by form alone spares the table a question."""
    return len(text) == _ULID_DIGITS and text[0] <= "7" and set(text) <= _DIGITS


def mint_id(digits: int = _ID_DIGITS) -> str:
    """Random characters, 5 bits each, lower case."""
    return "".join(secrets.choice(ALPHABET) for _ in range(digits)).lower()


def id_from(name: str) -> str:
    """The id that stands for somebody else's name for a thing: 80 bits of its SHA-256, always the same."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[: _RANDOM_BITS // 8])
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(_ID_DIGITS))).lower()
