"""What was heard against what a recording's own client made of it: the first difference, field by field."""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from tests.conformance.heard import Call, Choice, Heard, error_class

_USAGE = {
    "input": "inputTokens",
    "output": "outputTokens",
    "cached": "cachedTokens",
    "cache_write": "cacheWriteTokens",
    "reasoning": "reasoningTokens",
    "total": "totalTokens",
}
_ZERO_WHEN_ABSENT = ("cached", "cache_write")
_LONGEST = 60


def first_difference(expected: Mapping[str, Any], heard: Heard) -> str | None:
    """`field: expected … heard …`, or None when all is as expected."""
    return next(differences(expected, heard), None)


def differences(expected: Mapping[str, Any], heard: Heard) -> Iterator[str]:
    """Every difference, the telling ones first."""
    error = expected["error"]
    if error or heard.error:
        yield from _error(error, heard)
    if error and not error["in_stream"]:
        return
    if heard.error and heard.status != 200:
        return  # nothing was said before it
    ended = not error and not heard.error
    choices = [expected, *(expected.get("more_choices") or ())]
    found = [choice for _, choice in sorted(heard.choices.items())]
    for at, wanted in enumerate(choices):
        where, choice = f"choice {at} " if at else "", found[at] if at < len(found) else Choice()
        yield from _choice(wanted, choice, where)
        if ended:
            yield from _finish(wanted, choice, where)
    most = max(len(choices), expected.get("choices") or 0)  # Google's client is asked for the first alone
    if len(found) > most:
        yield f"choices: expected {most}, heard {len(found)}"
    if ended:
        yield from _usage(expected["usage"], heard.usage)


def _error(error: Mapping[str, Any] | None, heard: Heard) -> Iterator[str]:
    if error is None:
        said = heard.error or {}
        yield f"error: expected none, heard {said['code']}: {_short(said['message'])} {_short(said.get('details'))}"
        return
    if heard.error is None:
        yield f"error: expected {error['class']}, heard none"
        return
    found = error_class(heard.error)
    if error["in_stream"]:
        if found == "ours" and "provider" not in heard.error.get("details", ()):
            yield f"error class: expected one within the answer, heard {heard.error['code']}"
    elif found != error["class"]:
        yield f"error class: expected {error['class']} (status {error['status']}), heard {found} ({heard.error['code']})"


def _choice(expected: Mapping[str, Any], heard: Choice, where: str) -> Iterator[str]:
    for name in ("text", "reasoning"):
        wanted, found = expected.get(name), getattr(heard, name)
        if wanted is not None and wanted != found:
            yield f"{where}{name}: {_differ(wanted, found)}"
    if (expected.get("refusal") or "") != heard.refusal:
        yield f"{where}refusal: {_differ(expected.get('refusal') or '', heard.refusal)}"
    calls = [call for _, call in sorted(heard.calls.items())]
    read = _whole if expected.get("finish_reason") == "tool_calls" else _as_far_as_it_goes
    for at, (wanted, call) in enumerate(zip_longest(expected["tool_calls"], calls)):
        yield from _call(wanted, call, f"{where}tool call {at}", read)


def _finish(expected: Mapping[str, Any], heard: Choice, where: str) -> Iterator[str]:
    wanted = expected.get("finish_reason")
    if wanted is not None and heard.finish != wanted:
        yield f"{where}finish reason: expected {wanted}, heard {heard.finish}"
    raw = expected.get("finish_reason_raw")
    if raw and heard.finish_raw != raw:
        yield f"{where}finish reason as it came: expected {raw}, heard {heard.finish_raw}"


def _call(
    expected: Mapping[str, Any] | None, heard: Call | None, where: str, read: Callable[[str], Any]
) -> Iterator[str]:
    if expected is None or heard is None:
        yield f"{where}: expected {_short(expected)}, heard {_short(heard)}"
        return
    if expected["id"] and str(expected["id"]) != heard.id:
        yield f"{where} id: expected {expected['id']}, heard {heard.id}"
    if not expected["name"]:
        return  # its client reads no call of this kind, a custom tool's in a stream say
    if expected["name"] != heard.name:
        yield f"{where} name: expected {expected['name']}, heard {heard.name}"
    if expected["arguments"] is None:
        wanted = expected.get("arguments_raw") or "{}"  # none at all are `{}`, trap 38
        if wanted != heard.arguments:
            yield f"{where} arguments: {_differ(wanted, heard.arguments)}"
    elif expected["arguments"] != read(heard.arguments):
        yield f"{where} arguments: {_differ(json.dumps(expected['arguments']), heard.arguments)}"


def _whole(arguments: str) -> Any:
    if not arguments.strip():
        return {}
    try:
        return json.loads(arguments)
    except ValueError:
        return None


def _as_far_as_it_goes(arguments: str) -> Any:
    """Arguments that were cut off are what stands before the cut, as clients that give objects read them."""
    return next((value for end in range(len(arguments), 0, -1) if (value := _closed(arguments[:end])) is not None), {})


def _closed(beginning: str) -> Any:
    """The JSON, with its brackets closed; None when that is none."""
    open_, in_string, escaped = list[str](), False, False
    for character in beginning:
        if in_string:
            in_string, escaped = escaped or character != '"', not escaped and character == "\\"
        elif character == '"':
            in_string = True
        elif character in "{[":
            open_.append("}" if character == "{" else "]")
        elif character in "}]" and open_:
            open_.pop()
    try:
        return json.loads(beginning + "".join(reversed(open_)))
    except ValueError:
        return None


def _usage(expected: Mapping[str, Any] | None, heard: Mapping[str, Any] | None) -> Iterator[str]:
    heard = heard or {}
    if expected is None:
        if not heard.get("estimated") and heard.get("totalTokens") is not None:
            yield f"usage: expected none, heard {_short(dict(heard))}"
        return
    for name, ours in _USAGE.items():
        found = heard.get(ours)
        if name in _ZERO_WHEN_ABSENT:
            found = found or 0
        if expected[name] != found:
            yield f"usage {name}: expected {expected[name]}, heard {found}"
    if heard.get("estimated"):
        yield "usage estimated: expected the provider's own count, heard an estimate"


def _differ(expected: str, heard: str) -> str:
    """Where two texts part."""
    at = next(
        (i for i, (a, b) in enumerate(zip(expected, heard, strict=False)) if a != b), min(len(expected), len(heard))
    )
    start = max(0, at - 10)
    return f"at {at} expected {_short(expected[start:])}, heard {_short(heard[start:])}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
