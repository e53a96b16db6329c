"""Who signed: proofs of thinking on their way through callers, back to the provider that made them and to nobody else.

Anthropic's callers keep what is in `thinking.signature` and `redacted_thinking.data`, so proofs of all others travel in there, marked as ours with
the name of the provider (its row). They read back byte-exact for that provider; for every other one they are left out. Traps 48, 52, 61.
"""

import base64
import binascii
from dataclasses import dataclass, replace
from typing import Final

from shared.chat.request import ChatRequest, Message, Part, Reasoning, ToolCall

_PROOF: Final = "rml1."
_OF_A_CALL: Final = "rml1call."


@dataclass(frozen=True, slots=True)
class SignedCall:
    """The proof (marked) that belongs to the call with that id."""

    call_id: str
    proof: str


def mark(maker: str, proof: str | None) -> str:
    """The proof with its maker's name. Thinking that nobody signed is marked too, so that it is known for what it is."""
    return f"{_PROOF}{maker}.{proof or ''}"


def mark_call(maker: str, call_id: str, proof: str) -> str:
    """The same for a call, with the id that it belongs to."""
    return f"{_OF_A_CALL}{base64.urlsafe_b64encode(call_id.encode()).decode()}.{maker}.{proof}"


def is_marked(proof: object) -> bool:
    """It was made by `mark` or `mark_call`."""
    return isinstance(proof, str) and proof.startswith((_PROOF, _OF_A_CALL))


def find_signed_call(proof: str) -> SignedCall | None:
    """What `mark_call` made, taken apart; None for anything else."""
    if not proof.startswith(_OF_A_CALL):
        return None
    call_id, _, rest = proof.removeprefix(_OF_A_CALL).partition(".")
    try:
        return SignedCall(base64.urlsafe_b64decode(call_id).decode(), _PROOF + rest)
    except (binascii.Error, UnicodeDecodeError):
        return None


def signed_by(request: ChatRequest, *makers: str) -> ChatRequest:
    """The request as one of these makers may see it: its own proofs bare, the marked ones of others gone. Bare ones stay as they are."""
    if not any(is_marked(proof) for message in request.messages for part in message.parts for proof in _proofs(part)):
        return request
    return replace(request, messages=tuple([_seen_by(message, makers) for message in request.messages]))


def _seen_by(message: Message, makers: tuple[str, ...]) -> Message:
    parts = (_part(part, makers) for part in message.parts)
    return replace(message, parts=tuple([part for part in parts if part is not None]))


def _part(part: Part, makers: tuple[str, ...]) -> Part | None:
    match part:
        case Reasoning(redacted=str(redacted)):
            bare = _bare(redacted, makers)
            return replace(part, redacted=bare) if bare else None
        case Reasoning(signature=str(signature)):
            bare = _bare(signature, makers)
            return replace(part, signature=bare) if bare or part.text else None
        case ToolCall(signature=str(signature)):
            return replace(part, signature=_bare(signature, makers))
        case _:
            return part


def _bare(proof: str, makers: tuple[str, ...]) -> str | None:
    if not proof.startswith(_PROOF):
        return proof
    maker, _, bare = proof.removeprefix(_PROOF).partition(".")
    return bare if bare and maker in makers else None


def _proofs(part: Part) -> tuple[str | None, ...]:
    match part:
        case Reasoning():
            return part.signature, part.redacted
        case ToolCall():
            return (part.signature,)
        case _:
            return ()
