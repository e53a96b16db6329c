"""What an attribute may hold: DynamoDB's types and limits, for every engine, so that what one home keeps the other keeps too.

Types: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
Limits: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html (read 2026-11)
Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, Inexact

from shared.errors import InvalidRequest
from shared.storage.table import Item, Key, Value

MOST_BYTES = 400 * 1024
_MOST_PK_BYTES = 2048
_MOST_SK_BYTES = 1024
_MOST_LEVELS = 32
_END_OF_TIME = 10**12
_SURELY_FITS = 10**18
_LOWEST_EXPONENT, _HIGHEST_EXPONENT = -130, 125
EXACT = Context(prec=38, Emin=_LOWEST_EXPONENT, Emax=_HIGHEST_EXPONENT, traps=[Inexact])
"""Whatever the current context is: what DynamoDB's numbers cannot hold is refused, never rounded."""


def canonical_item(item: Mapping[str, Value]) -> Item:
    """A deep copy in the form in which every engine gives items back; raises as `canonical` does, and where the key is no key."""
    check_key(Key(_text(item, "pk"), _text(item, "sk")))
    return canonical_members(item)


def canonical_members(members: Mapping[str, Value]) -> Item:
    """The same of attributes that are only some of an item's; raises as `canonical` does."""
    if "expires_at" in members:
        _check_time(members["expires_at"])
    return {_name(name): _canonical(value, name, 0) for name, value in members.items()}


def canonical(value: Value, name: str) -> Value:
    """A deep copy: whole numbers int, others Decimal without trailing zeros, sequences list, mappings dict.

    Raises InvalidRequest that names the attribute where a value is beyond DynamoDB's limits, TypeError where it is of no type we keep.
    """
    if name == "expires_at":
        _check_time(value)
    return _canonical(value, name, 0)


def _canonical(value: Value, name: str, level: int) -> Value:
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _check_text(value, name)  # type: ignore[union-attr, arg-type]  # mypy does not narrow on `kind`
    if value is None or kind is bool or kind is bytes:
        return value
    if kind is int and -_SURELY_FITS < value < _SURELY_FITS:  # type: ignore[operator]  # the same
        return value
    if kind is int or kind is Decimal:
        return number(value, name)  # type: ignore[arg-type]  # the same
    return _canonical_group(value, name, level + 1)


def _canonical_group(value: Value, name: str, level: int) -> Value:
    if level > _MOST_LEVELS:
        raise InvalidRequest(f"{name} is nested deeper than {_MOST_LEVELS} levels: flatten it", parameter=name)
    match value:
        case frozenset() | set():
            return _canonical_set(value, name)
        case Mapping():
            return {_name(key): _canonical(member, name, level) for key, member in value.items()}
        case Sequence():
            return [_canonical(member, name, level) for member in value]
        case _:
            raise TypeError(f"{name} is a {type(value).__name__}, which the table does not keep")


def _canonical_set(value: frozenset[str], name: str) -> frozenset[str]:
    if not value:
        raise InvalidRequest(f"{name} is an empty set, which cannot be kept: leave the attribute out", parameter=name)
    for member in value:
        if type(member) is not str:
            raise TypeError(f"{name} is a set of {type(member).__name__}: sets are sets of text")
        _check_text(member, name)
    return frozenset(value)


def number(value: int | Decimal, name: str) -> int | Decimal:
    """The number as it reads back: int when whole, else without trailing zeros, never rounded. InvalidRequest beyond 38 digits or DynamoDB's range."""
    if type(value) is int and -_SURELY_FITS < value < _SURELY_FITS:
        return value
    try:
        exact = EXACT.normalize(Decimal(value))
    except Inexact:
        exact = None
    in_range = exact is not None and exact.is_finite() and _LOWEST_EXPONENT <= exact.adjusted() <= _HIGHEST_EXPONENT
    if exact is None or not in_range:
        raise InvalidRequest(
            f"{name} does not fit: a number has at most 38 digits, from 1E-130 to 9.9E+125", parameter=name
        )
    return int(exact) if exact == exact.to_integral_value() else exact


def check_key(key: Key) -> None:
    """Raises InvalidRequest for a key that is empty or too long."""
    for name, text, most in (("pk", key.pk, _MOST_PK_BYTES), ("sk", key.sk, _MOST_SK_BYTES)):
        if not 0 < len(text if text.isascii() else _check_text(text, name).encode()) <= most:
            raise InvalidRequest(f"{name} must have 1 to {most} bytes: shorten the id", parameter=name)


def check_query(pk: str, prefix: str, after: str | None, limit: int) -> None:
    """Raises InvalidRequest for a key that cannot be, ValueError for a page without items."""
    check_key(Key(pk, after or "-"))
    _check_text(prefix, "prefix")
    if limit < 1:
        raise ValueError("limit must be at least 1")


def check_size(item: Item) -> None:
    """Raises InvalidRequest for an item above 400 KB."""
    if item_size(item) > MOST_BYTES:
        raise InvalidRequest(f"the item is larger than {MOST_BYTES} bytes: keep less in it")


def item_size(item: Item) -> int:
    """Bytes as DynamoDB counts them, near enough (it does not publish how it counts numbers)."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Value) -> int:
    match value:
        case None | bool():
            return 1
        case str():
            return len(value.encode())
        case bytes():
            return len(value)
        case int() | Decimal():
            return (len(str(value)) + 1) // 2 + 1
        case frozenset():
            return sum(len(member.encode()) for member in value)
        case Mapping():
            return 3 + sum(len(name.encode()) + _size(member) + 1 for name, member in value.items())
        case _:
            return 3 + sum(_size(member) + 1 for member in value)


def kind(value: Value) -> str:
    """DynamoDB's letters for the type."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "BOOL"
        case int() | Decimal():
            return "N"
        case str():
            return "S"
        case bytes():
            return "B"
        case frozenset():
            return "SS"
        case Mapping():
            return "M"
        case _:
            return "L"


def expired(item: Item, now: float) -> bool:
    """Its time is over: as good as gone, whether or not it was swept."""
    expires_at = item.get("expires_at")
    return isinstance(expires_at, int) and expires_at <= now


def _check_time(value: Value) -> None:
    if type(value) is not int or not 0 <= value < _END_OF_TIME:
        raise TypeError("expires_at is an int: epoch seconds")


def _text(item: Mapping[str, Value], name: str) -> str:
    value = item.get(name)
    if type(value) is not str:
        raise TypeError(f"an item needs a {name}, which is text")
    return value


def _name(name: str) -> str:
    if type(name) is not str or not name:
        raise TypeError("the name of an attribute is text, and not empty")
    return name if name.isascii() else _check_text(name, "the name of an attribute")


def _check_text(text: str, name: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidRequest(
                f"{name} holds half of a surrogate pair: send whole characters", parameter=name
            ) from error
    return text
