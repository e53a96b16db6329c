"""A request in a target's words, ready to be sent but for the key. Pure.

A caller who speaks as the provider does has their own body sent as it came (promise 4); for all others the dialect writes it. What the provider
cannot do is refused by name, or left out and told, as the caller wishes.
"""

from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, Final

from shared.chat.request import ChatRequest, Message, Text
from shared.dialects.caller import load_caller
from shared.dialects.dialect import Written
from shared.dialects.signed import signed_by
from shared.egress.exchange import Outbound
from shared.errors import UnsupportedParameter
from shared.gateway.asking.hints import unheard
from shared.gateway.targets.target import Target
from shared.wire.json import write

_OPTIONS: Final = {
    "options." + first + "".join(word.capitalize() for word in others): (field.name, field.default)
    for field in fields(ChatRequest)
    if field.default is not MISSING and field.name not in {"stream", "original", "kin_only", "drop"}
    for first, *others in [field.name.split("_")]
}
"""How refusals name the fields of a request that can be left out → the field, and what it is when it is not there."""
_BUDGET: Final = "options.reasoningBudget"
"""Who counts no tokens takes the effort that stands beside it."""
_LEFT_OUT_TOGETHER: Final = {"tools": ("tool_choice", "parallel_tool_calls"), "logprobs": ("top_logprobs",)}
"""A field means nothing without the one before it."""


_ANYTHING: Final = (Message("user", (Text("."),)),)
"""Stands in a bare request for what the caller's own body says."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What to send, and what of the request is not in it."""

    outbound: Outbound
    dropped: tuple[str, ...] = ()


def is_kin(request: ChatRequest, target: Target) -> bool:
    """Caller and provider speak the same dialect."""
    return (
        request.original is not None
        and target.dialect.kin is not None
        and request.original.dialect == target.dialect.name
    )


def prepare(request: ChatRequest, target: Target) -> Prepared:
    """Raises UnsupportedParameter for what the provider cannot do, unless the caller asked to leave that out; InvalidRequest for what nobody could."""
    dropped = [] if is_kin(request, target) else _not_crossing(request, target)
    while True:
        try:
            return Prepared(_outbound(request, target), tuple(dropped))
        except UnsupportedParameter as error:
            told_otherwise = error.parameter == _BUDGET and request.reasoning_effort is not None
            if not (request.drop or told_otherwise) or error.parameter not in _OPTIONS:
                raise
            request = _left_out(request, *_OPTIONS[error.parameter])
            dropped.append(error.parameter)


def _not_crossing(request: ChatRequest, target: Target) -> list[str]:
    for own in request.kin_only:
        if not (own.harmless or request.drop):
            raise UnsupportedParameter(
                f"this provider or model has no `{own.parameter}`: leave it out, or ask a provider that speaks this API itself",
                parameter=own.parameter,
            )
    return [*(own.parameter for own in request.kin_only), *unheard(request, target.dialect.deaf_to)]


def _left_out(request: ChatRequest, name: str, default: Any) -> ChatRequest:
    names = (name, *_LEFT_OUT_TOGETHER.get(name, ()))
    defaults = {field: _OPTIONS_BY_FIELD[field] for field in names}
    original = request.original
    if original is not None:
        own = load_caller(original.dialect).names
        written = {own.get(field, field) for field in names}
        body = {field: value for field, value in original.body.items() if field not in written}
        original = replace(original, body=body)
    return replace(request, **{**defaults, name: default}, original=original)


_OPTIONS_BY_FIELD: Final = dict(_OPTIONS.values())


def _outbound(request: ChatRequest, target: Target) -> Outbound:
    written = _kin(request, target) if is_kin(request, target) else _translated(request, target)
    written = target.provider.place(written)
    return Outbound(
        "POST",
        target.url(written.path, written.query),
        {
            "content-type": "application/json",
            "accept": "text/event-stream" if request.stream else "application/json",
            **written.headers,
        },
        write(target.spell(written.body)),
    )


def _translated(request: ChatRequest, target: Target) -> Written:
    """In the dialect's words; proofs of thinking go back to nobody but who made them."""
    seen = signed_by(request, target.maker, target.dialect.name)
    return target.dialect.write(_within_reach(seen, target.largest_output), target.largest_output)


def _within_reach(request: ChatRequest, largest: int | None) -> ChatRequest:
    """A bound beyond all that the model can say is that: Anthropic's clients have to name one, and think of a Claude. Others refuse it."""
    if request.original is None or not largest or (request.max_tokens or 0) <= largest:
        return request
    return replace(request, max_tokens=largest)


def _kin(request: ChatRequest, target: Target) -> Written:
    """The caller's body, in the envelope that a bare request of the same owner would have: path, headers, and what their settings fill in."""
    original, kin = request.original, target.dialect.kin
    if original is None or kin is None:
        raise TypeError("a request without its original has no kin")
    bare = ChatRequest(request.model, _ANYTHING, request.stream, **original.filled)
    written = target.dialect.write(bare, target.largest_output)
    said = {name: value for name, value in original.body.items() if value is not None or name not in original.filled}
    body = kin({**written.body, **said, "model": request.model}, request)
    return replace(written, body=body, headers={**written.headers, **original.headers})
