"""The fields of one object of a caller's body, taken by name: wrong types are refused by their path, and what nobody took is told."""

from collections.abc import Iterable
from typing import Any, Final

from shared.chat.request import KinOnly
from shared.errors import InvalidRequest

_NOTHING: Final[tuple[Any, ...]] = (None, [], {})
"""Values that ask for nothing."""


class Fields:
    """One object. `at` is its path as the caller would write it, empty for the body itself."""

    __slots__ = ("_at", "_fields", "_taken")

    def __init__(self, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            raise wrong(at, "an object")
        self._fields: dict[str, Any] = value
        self._at = at
        self._taken: set[str] = set()

    def path(self, name: str) -> str:
        """Where that field stands."""
        return f"{self._at}.{name}" if self._at else name

    def has(self, name: str) -> bool:
        """It is there, and not null."""
        return self._fields.get(name) is not None

    def peek(self, name: str) -> Any:
        """Whatever stands there, without taking it."""
        return self._fields.get(name)

    def find(self, name: str) -> Any:
        """Whatever stands there."""
        self._taken.add(name)
        return self._fields.get(name)

    def get(self, name: str) -> Any:
        """What has to be there."""
        if (value := self.find(name)) is None:
            raise missing(self.path(name))
        return value

    def text(self, name: str) -> str:
        """A string that has to be there."""
        return as_text(self.get(name), self.path(name))

    def find_text(self, name: str) -> str | None:
        """A string or nothing."""
        value = self.find(name)
        return None if value is None else as_text(value, self.path(name))

    def find_flag(self, name: str) -> bool | None:
        """True, false or nothing."""
        value = self.find(name)
        if value is not None and not isinstance(value, bool):
            raise wrong(self.path(name), "true or false")
        return value

    def find_number(self, name: str) -> float | None:
        """A number or nothing."""
        value = self.find(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise wrong(self.path(name), "a number")
        return value

    def find_count(self, name: str, *, least: int | None = 0) -> int | None:
        """A whole number of at least `least`, or nothing."""
        value = self.find(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(self.path(name), "a whole number")
        if least is not None and value < least:
            raise InvalidRequest(f"`{self.path(name)}` is at least {least}", parameter=self.path(name))
        return value

    def record(self, name: str) -> "Fields":
        """An object that has to be there."""
        return Fields(self.get(name), self.path(name))

    def find_record(self, name: str) -> "Fields | None":
        """An object or nothing."""
        value = self.find(name)
        return None if value is None else Fields(value, self.path(name))

    def find_list(self, name: str) -> list[Any]:
        """An array; an empty one where there is nothing."""
        value = self.find(name)
        if value is not None and not isinstance(value, list):
            raise wrong(self.path(name), "an array")
        return value or []

    def records(self, name: str) -> "list[Fields]":
        """An array of objects; an empty one where there is nothing."""
        at = self.path(name)
        return [Fields(value, f"{at}[{index}]") for index, value in enumerate(self.find_list(name))]

    def rest(self, harmless: frozenset[str] = frozenset()) -> Iterable[KinOnly]:
        """What nobody took and asks for something."""
        for name, value in self._fields.items():
            if name not in self._taken and value not in _NOTHING:
                yield KinOnly(self.path(name), name in harmless)


def as_text(value: Any, at: str) -> str:
    """The string that it is."""
    if not isinstance(value, str):
        raise wrong(at, "a string")
    return value


def missing(at: str) -> InvalidRequest:
    """A field has to be there."""
    return InvalidRequest(f"`{at}` is missing", parameter=at)


def wrong(at: str, expected: str) -> InvalidRequest:
    """A field has the wrong type."""
    return InvalidRequest(f"`{at}` is {expected}" if at else f"the body is {expected}", parameter=at or None)
