"""Kin: what the vendor's SDK sees through the gateway is what it sees straight at the provider, field by field, event by event (promise 4).

The recorded request goes out as its own SDK sends it. Allowed to differ: what the recording lacks and the gateway fills in (ids, role, index:
traps 18, 23, 35), and the usage of a stream that was not asked for.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from tests.conformance.corpus import Exchange
from tests.conformance.sdks import Said

type Json = dict[str, Any]

KIN_APIS = ("chat", "messages", "responses")
_FILLED_IN = frozenset({"id", "created", "model", "object", "index", "role", "type", "delta", "finish_reason", "name"})
_LONGEST = 200


def kin_differences(exchange: Exchange, body: Json, straight: Said, through: Said) -> Iterator[str]:
    """Every difference, as `where: straight … through …`."""
    seen, ours = _without_unwanted_usage(straight.objects, body), _without_unwanted_usage(through.objects, body)
    if through.failure and not straight.failure:
        yield f"error: expected none, heard {_code(through)} {_short(through.error)}"
        return
    if straight.failure == "APIError" and through.failure and not seen:
        return  # an error inside a 200, before the first word: through us it has its status (promise 3)
    if _is_a_refused_key(exchange, through):
        through = Said(through.objects, straight.failure, through.error)
    if straight.failure != through.failure:
        yield f"failure: straight {straight.failure}, through {through.failure} {_short(through.error)}"
    elif straight.failure and _message(straight.error) != _message(through.error) and exchange.failed:
        yield f"error body: straight {_short(straight.error)}, through {_short(through.error)}"
    for at, (one, other) in enumerate(zip_longest(seen, ours)):
        yield from _differ(one, other, f"[{at}]")


def _is_a_refused_key(exchange: Exchange, through: Said) -> bool:
    """A 401 or 403 of the provider's is a 424 of ours, in its words (docs/faults.md, 4)."""
    expected = exchange.expected["error"]
    refused = expected is not None and expected["class"] in {"authentication", "permission"}
    return refused and str(through.failure).endswith(" 424") and "provider_credential_rejected" in str(through.error)


def _without_unwanted_usage(objects: list[Json], body: Json) -> list[Json]:
    if not body.get("stream") or (body.get("stream_options") or {}).get("include_usage"):
        return objects
    return [one for one in objects if not (one.get("choices") == [] and one.get("usage"))]


def _differ(straight: Any, through: Any, where: str) -> Iterator[str]:
    match straight, through:
        case dict(), dict():
            for name in {**straight, **through}:
                if straight.get(name) in (None, "") and name in _FILLED_IN:
                    continue
                yield from _differ(straight.get(name), through.get(name), f"{where}.{name}")
        case list(), list():
            for at, (one, other) in enumerate(zip_longest(straight, through)):
                yield from _differ(one, other, f"{where}[{at}]")
        case _ if straight != through:
            yield f"{where}: straight {_short(straight)}, through {_short(through)}"


def _code(said: Said) -> str:
    error = said.error if isinstance(said.error, dict) else {}
    inner = error.get("error") if isinstance(error.get("error"), dict) else error
    return str((inner or {}).get("code") or (inner or {}).get("type") or said.failure)


def _message(error: Any) -> Any:
    if isinstance(error, dict):
        inner = error.get("error")
        return _message(inner) if isinstance(inner, dict) else error.get("message", inner)
    return error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
