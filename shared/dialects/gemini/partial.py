"""Arguments of a call that come in pieces: each names by a JSON path where it belongs.

https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/Content#PartialArg (2026-11)
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d{1,4})\]|\['([^']*)'\]")
_VALUES: Final = ("stringValue", "numberValue", "boolValue")


def put(root: dict[str, Any], piece: Mapping[str, Any]) -> None:
    """Put one piece into the arguments. Text is appended to text that is there, everything else is set.

    A path that does not fit what is already there is left out: the provider contradicts itself.
    """
    path = piece.get("jsonPath")
    steps = _steps(path) if isinstance(path, str) else []
    if not steps:
        return
    holder: Any = root
    for step, following in pairwise(steps):
        below = _get(holder, step)
        if below is None:
            below = [] if isinstance(following, int) else {}
            _set(holder, step, below)
        holder = below
    old, new = _get(holder, steps[-1]), next((piece[name] for name in _VALUES if name in piece), None)
    _set(holder, steps[-1], old + new if isinstance(old, str) and isinstance(new, str) else new)


def _steps(path: str) -> list[str | int]:
    return [int(index) if index else name or quoted for name, index, quoted in _STEP.findall(path)]


def _get(holder: Any, step: str | int) -> Any:
    match holder, step:
        case dict(), str():
            return holder.get(step)
        case list(), int() if step < len(holder):
            return holder[step]
    return None


def _set(holder: Any, step: str | int, value: Any) -> None:
    match holder, step:
        case dict(), str():
            holder[step] = value
        case list(), int():
            holder.extend([None] * (step + 1 - len(holder)))
            holder[step] = value
