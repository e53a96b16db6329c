"""JSON, three ways: strictly from callers, leniently from providers, and out again."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final

import msgspec

from shared.errors import InvalidRequest

MAX_DEPTH: Final = 64
_LARGEST: Final = 2**64 - 1
_SMALLEST: Final = -(2**63)
_SAFE_DIGITS: Final = 18
_NAME_SHOWN: Final = 80
_CONTAINERS: Final = frozenset((dict, list))

_PERHAPS_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Every escape of a JSON text, so that a backslash that is itself escaped starts nothing."""


def read_strict(body: bytes) -> Any:
    """What a caller sent. Raises InvalidRequest, which says what is wrong and where, for all that two readers could read differently.

    UTF-8 without a byte order mark; no duplicate names, NaN, Infinity or number beyond a double, integers of 64 bits at most
    (-2⁶³ to 2⁶⁴-1), no lone surrogates, at most 64 levels. Threats H5 and H6; https://www.rfc-editor.org/rfc/rfc8259 and, for names,
    numbers and surrogates, I-JSON: https://www.rfc-editor.org/rfc/rfc7493
    """
    try:
        text = body.decode()
        if _PERHAPS_SURROGATE.search(body):
            _refuse_lone_surrogates(text)
        value = _STRICT.decode(text)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the body is not UTF-8 at byte {error.start}: send JSON encoded as UTF-8") from error
    except json.JSONDecodeError as error:
        raise InvalidRequest(_explain(body, error)) from error
    except RecursionError as error:
        raise _too_deep() from error
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _refuse_depth(value)
    return value


def read_lenient(data: bytes | str) -> Any:
    """What a provider sent. Raises ValueError when it is no JSON at all.

    Tolerated: bytes that are not UTF-8 and lone surrogates (both become U+FFFD), a byte order mark, raw control characters in strings,
    and numbers that JSON cannot hold (NaN, Infinity, 1e400: None).
    """
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return _read_by_all_means(data)


def write(value: Any) -> bytes:
    """Compact UTF-8. Lone surrogates become U+FFFD, NaN and Infinity null."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_mend(msgspec.to_builtins(value, str_keys=True)))


def write_canonical(value: Any) -> bytes:
    """Names in order, so that what means the same is the same bytes. For what `read_strict` gave."""
    return msgspec.json.encode(value, order="sorted")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise InvalidRequest(f'the name "{twice[:_NAME_SHOWN]}" occurs twice in one object: send it once')
    return value


def _integer(digits: str) -> int:
    if len(digits) <= _SAFE_DIGITS:
        return int(digits)
    if len(digits) > len(str(_LARGEST)) or not _SMALLEST <= (value := int(digits)) <= _LARGEST:
        raise InvalidRequest(f"the integer {digits[:_NAME_SHOWN]} needs more than 64 bits: send a smaller one")
    return value


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise InvalidRequest(f"the number {digits[:_NAME_SHOWN]} is too large: send one that fits a double")
    return value


def _refuse_constant(name: str) -> None:
    raise InvalidRequest(f"{name} is not JSON: send a number or null")


_STRICT: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_finite, parse_constant=_refuse_constant
)


def _explain(body: bytes, error: json.JSONDecodeError) -> str:
    if not body.strip():
        return "the body is empty: send a JSON object"
    if body.startswith(b"\xef\xbb\xbf"):
        return "the body begins with a byte order mark: send UTF-8 without one"
    return f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"


def _refuse_lone_surrogates(text: str) -> None:
    for escape in _ESCAPE.finditer(text):
        if escape["lone"]:
            raise InvalidRequest(
                f"half a surrogate pair, {escape[0]}, at character {escape.start()}: send both halves or neither"
            )


def _refuse_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = list(chain.from_iterable(_children(node) for node in level if type(node) in _CONTAINERS))
        if not level:
            return
    if any(type(node) in _CONTAINERS for node in level):
        raise _too_deep()


def _children(node: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return node.values() if type(node) is dict else node


def _too_deep() -> InvalidRequest:
    return InvalidRequest(f"the body is nested deeper than {MAX_DEPTH} levels: send a flatter one")


def _read_by_all_means(data: bytes | str) -> Any:
    text = _mend(data) if isinstance(data, str) else data.decode("utf-8", "replace")
    text = _ESCAPE.sub(lambda escape: "\\ufffd" if escape["lone"] else escape[0], text.removeprefix("\ufeff"))
    try:
        return _LENIENT.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _finite_or_none(digits: str) -> float | None:
    value = float(digits)
    return None if math.isinf(value) else value


_LENIENT: Final = json.JSONDecoder(parse_float=_finite_or_none, parse_constant=lambda _name: None, strict=False)


def _mend(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case dict():
            return {_mend(name): _mend(child) for name, child in value.items()}
        case list() | tuple():
            return [_mend(child) for child in value]
        case _:
            return value
