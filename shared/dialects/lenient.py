"""Takes from a provider's JSON what has the form that was promised, and nothing else: a wrong type reads as absent, never as a crash."""

from typing import Any


def text(value: Any) -> str:
    """The string, or the empty one."""
    return value if isinstance(value, str) else ""


def find_text(value: Any) -> str | None:
    """The string, if it is one and says something."""
    return value if isinstance(value, str) and value else None


def record(value: Any) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def records(value: Any) -> list[dict[str, Any]]:
    """The objects of the array; what is no object in it is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def find_count(value: Any) -> int | None:
    """The whole number, also when spelled 12.0; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
