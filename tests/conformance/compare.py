"""What was heard against what a recording's own client made of it: the first difference, field by field."""

import json
from collections.abc import Iterator, Mapping
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
    choices = [expected, *(expected.get("more_choices") or ())]
    for index, wanted in enumerate(choices):
        yield from _choice(wanted, heard.choices.get(index, Choice()), f"choice {index} " if index else "")
    if len(heard.choices) > len(choices):
        yield f"choices: expected {len(choices)}, heard {len(heard.choices)}"
    if not error:
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
        if found == "ours" and heard.status != 200:
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
    for at, (wanted, call) in enumerate(zip_longest(expected["tool_calls"], calls)):
        yield from _call(wanted, call, f"{where}tool call {at}")
    wanted = expected.get("finish_reason")
    if wanted is not None and not expected.get("error") and heard.finish != wanted:
        yield f"{where}finish reason: expected {wanted}, heard {heard.finish}"
    raw = expected.get("finish_reason_raw")
    if raw is not None and not expected.get("error") and heard.finish_raw != raw:
        yield f"{where}finish reason as it came: expected {raw}, heard {heard.finish_raw}"


def _call(expected: Mapping[str, Any] | None, heard: Call | None, where: str) -> Iterator[str]:
    if expected is None or heard is None:
        yield f"{where}: expected {_short(expected)}, heard {_short(heard)}"
        return
    if expected["name"] != heard.name:
        yield f"{where} name: expected {expected['name']}, heard {heard.name}"
    if expected["id"] and expected["id"] != heard.id:
        yield f"{where} id: expected {expected['id']}, heard {heard.id}"
    if expected["arguments"] is None:
        if (expected.get("arguments_raw") or "") != heard.arguments:
            yield f"{where} arguments: {_differ(expected.get('arguments_raw') or '', heard.arguments)}"
    elif expected["arguments"] != _parsed(heard.arguments):
        yield f"{where} arguments: {_differ(json.dumps(expected['arguments']), heard.arguments)}"


def _parsed(arguments: str) -> Any:
    if not arguments.strip():
        return {}
    try:
        return json.loads(arguments)
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
