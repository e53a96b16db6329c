"""What changed of a thing, in words that the audit log keeps: values as callers write them, and none of them a secret, which who calls sees to."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from shared.records.limits import Limits
from shared.records.token import AccessToken

LONGEST: Final = 2_000
"""Characters of one value: a list of a thousand names does not belong into a line of a log."""
_OF_TOKENS: Final = ("providers", "models", "routes", "origins")
"""Beside its limits and its end. Its name is somebody's own words, so it is not among them."""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """`{"requestsPerMinute": "5 to null"}`: what is not the same, by the names that callers know. What is in neither is not there."""
    return {
        _camel(name): f"{_said(before.get(name))} to {_said(value)}"
        for name, value in after.items()
        if before.get(name) != value
    }


def members(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> dict[str, str]:
    """Who came to a long list, and who went."""
    changed = {
        f"{name}Added": [each for each in after if each not in set(before)],
        f"{name}Removed": [each for each in before if each not in set(after)],
    }
    return {which: _said(some) for which, some in changed.items() if some}


def of_limits(before: Limits, after: Limits, prefix: str = "") -> dict[str, str]:
    """What changed of limits."""
    return {f"{prefix}{name}": said for name, said in differences(asdict(before), asdict(after)).items()}


def of_token(before: AccessToken | None, after: AccessToken) -> dict[str, str]:
    """What changed of what an access token may; all that restricts it, where it is new."""
    names = (*_OF_TOKENS, *Limits.__dataclass_fields__)
    shown = [
        {**{name: getattr(token, name) for name in names}, "expires_at": _time(token.expires_at)} if token else {}
        for token in (before, after)
    ]
    return differences(*shown)


def _time(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _said(value: object) -> str:
    plain = _plain(value) if isinstance(value, Decimal) else value
    text = plain if isinstance(plain, str) else json.dumps(plain, default=_plain, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


def _plain(value: object) -> str:
    """Amounts as text, so that none is rounded."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    raise TypeError(f"no JSON for {type(value).__name__}")


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(part.title() for part in more)
