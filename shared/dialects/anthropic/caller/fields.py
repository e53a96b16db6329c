"""Fields of a caller's body, taken strictly. A refusal names the field as Anthropic does: `messages.0.content.1.type: Field required`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.chat.request import CachePoint, KinOnly
from shared.errors import InvalidRequest

type Json = Mapping[str, Any]

_MOST_BREAKPOINTS: Final = 4
"""https://platform.claude.com/docs/en/build-with-claude/prompt-caching (2026-11). Trap 56."""


def wrong(at: str, reason: str) -> InvalidRequest:
    """The refusal of the field at that path."""
    return InvalidRequest(f"{at.replace('[', '.').replace(']', '')}: {reason}", parameter=at)


def below(at: str, name: str) -> str:
    """The path of a field."""
    return f"{at}.{name}" if at else name


def get_text(holder: Json, name: str, at: str) -> str:
    """The string, which has to be there."""
    if (value := find_text(holder, name, at)) is None:
        raise wrong(below(at, name), "Field required")
    return value


def find_text(holder: Json, name: str, at: str) -> str | None:
    """The string, if there is one."""
    value = holder.get(name)
    if value is not None and not isinstance(value, str):
        raise wrong(below(at, name), "Input should be a valid string")
    return value


def find_flag(holder: Json, name: str, at: str) -> bool | None:
    """Yes or no, if it says so."""
    value = holder.get(name)
    if value is not None and not isinstance(value, bool):
        raise wrong(below(at, name), "Input should be a valid boolean")
    return value


def find_count(holder: Json, name: str, at: str = "", *, least: int = 0) -> int | None:
    """The whole number, if there is one."""
    value = holder.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise wrong(below(at, name), "Input should be a valid integer")
    if value < least:
        raise wrong(below(at, name), f"Input should be greater than or equal to {least}")
    return int(value)


def find_number(holder: Json, name: str) -> float | None:
    """The number, if there is one."""
    value = holder.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise wrong(name, "Input should be a valid number")
    return value


def find_object(holder: Json, name: str, at: str = "") -> Json | None:
    """The object, if there is one."""
    value = holder.get(name)
    return None if value is None else an_object(value, below(at, name))


def get_object(holder: Json, name: str, at: str) -> Json:
    """The object, which has to be there."""
    if (value := find_object(holder, name, at)) is None:
        raise wrong(below(at, name), "Field required")
    return value


def an_object(value: Any, at: str) -> Json:
    """It has to be one."""
    if not isinstance(value, dict):
        raise wrong(at, "Input should be a valid dictionary")
    return value


def find_list(holder: Json, name: str, at: str = "") -> list[Any]:
    """The items, none if there is no list."""
    value = holder.get(name)
    if value is not None and not isinstance(value, list):
        raise wrong(below(at, name), "Input should be a valid list")
    return value or []


@dataclass(slots=True)
class Notes:
    """What was met while reading: things that only kin can do, and where the cache shall be kept."""

    kin_only: list[KinOnly] = field(default_factory=list)
    breakpoints: list[str] = field(default_factory=list)

    def keep(self, at: str, *, harmless: bool = False) -> None:
        """Only a provider who speaks Anthropic's dialect can do this."""
        self.kin_only.append(KinOnly(at, harmless))

    def others(self, holder: Json, known: frozenset[str], at: str, harmless: frozenset[str] = frozenset()) -> None:
        """Fields besides the known ones, if they ask for anything."""
        for name, value in holder.items():
            if name not in known and asks(value):
                self.keep(below(at, name), harmless=name in harmless)

    def cache(self, holder: Json, at: str) -> CachePoint | None:
        """The breakpoint at this block, one of four at most."""
        found = find_object(holder, "cache_control", at)
        if found is None:
            return None
        place = below(at, "cache_control")
        if found.get("type") != "ephemeral":
            raise wrong(f"{place}.type", "Input should be 'ephemeral'")
        self.breakpoints.append(place)
        if len(self.breakpoints) > _MOST_BREAKPOINTS:
            raise wrong(
                place, f"A maximum of {_MOST_BREAKPOINTS} blocks with cache_control may be provided: leave this one out"
            )
        return CachePoint(find_text(found, "ttl", place))


def asks(value: Any) -> bool:
    """It asks for something: null, false and what is empty ask for what happens anyway."""
    return value is not None and value is not False and value not in ("", [], {})
