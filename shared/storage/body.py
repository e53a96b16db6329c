"""An item at rest in SQLite: MessagePack, with extension types for what MessagePack has not. Exact both ways.

https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from shared.storage.table import Item, Value

_NUMBER, _TEXT_SET = 1, 2
_AS_IT_IS = frozenset({str, int, bytes, bool, type(None)})
"""Kinds that MessagePack has; of whole numbers it has those of 64 bits."""
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1

_encode = msgspec.msgpack.Encoder().encode
_decode_text_set = msgspec.msgpack.Decoder(frozenset[str]).decode


def to_body(item: Item) -> bytes:
    """A canonical item as bytes, without its key, which lies in columns of its own."""
    rest = dict(item)
    del rest["pk"], rest["sk"]
    try:
        return _encode(rest if _AS_IT_IS.issuperset(map(type, rest.values())) else _members(rest))
    except OverflowError:
        return _encode(_members(rest, wide=True))


def from_body(pk: str, sk: str, body: bytes) -> Item:
    """The item again. Raises msgspec.DecodeError for a damaged body."""
    return {"pk": pk, "sk": sk, **_decode(body)}


def _members(members: Mapping[str, Value], *, wide: bool = False) -> dict[str, Any]:
    """`wide`: there may be whole numbers that MessagePack has not."""
    plain = _AS_IT_IS - {int} if wide else _AS_IT_IS
    return {name: value if type(value) in plain else _packed(value, wide=wide) for name, value in members.items()}


def _packed(value: Value, *, wide: bool) -> Any:
    match value:
        case bool() | str() | bytes() | None:
            return value
        case int():
            return value if _LOWEST <= value <= _HIGHEST else msgspec.msgpack.Ext(_NUMBER, b"%d" % value)
        case Decimal():
            return msgspec.msgpack.Ext(_NUMBER, str(value).encode())
        case frozenset():
            return msgspec.msgpack.Ext(_TEXT_SET, _encode(sorted(value)))
        case Mapping():
            return _members(value, wide=wide)
        case _:
            return [_packed(member, wide=wide) for member in value]


def _unpacked(code: int, data: memoryview) -> Value:
    if code == _TEXT_SET:
        return _decode_text_set(data)
    text = str(data, "ascii")
    return int(text) if text.lstrip("-").isdigit() else Decimal(text)


_decode = msgspec.msgpack.Decoder(dict[str, Any], ext_hook=_unpacked).decode
