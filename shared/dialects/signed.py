"""Who signed: proofs of thinking on their way through callers, back to the provider that made them and to nobody else.

Anthropic's callers keep what is in `thinking.signature` and `redacted_thinking.data`, so proofs of all others travel in there, marked as ours with
the name of the provider (its row). A call has no such place, but every client keeps its id to the letter: its proof stands behind that. They read back
byte-exact for that provider; for every other one they are left out. Traps 48, 52, 61.

What `shared.dialects.signatures` tells of whole items is inside: to us it is a proof like any other.
"""

import base64
import binascii
import re
from dataclasses import replace
from typing import Final

from shared.chat.request import ChatRequest, Message, Part, Reasoning, ToolCall

_PROOF: Final = "rml1."
_SIGNED: Final = re.compile(r"(?P<id>.*)_signed_(?P<proof>[A-Za-z0-9_-]+)", re.DOTALL)
"""In letters that every provider takes in an id."""


def mark(maker: str, proof: str | None) -> str:
    """The proof with its maker's name. Thinking that nobody signed is marked too, so that it is known for what it is."""
    return f"{_PROOF}{maker}.{proof or ''}"


def is_marked(proof: object) -> bool:
    """It was made by `mark`."""
    return isinstance(proof, str) and proof.startswith(_PROOF)


def signed_id(call_id: str, maker: str, proof: str | None) -> str:
    """The id of a call as its caller sees it, with the call's proof, if it has one."""
    if not proof:
        return call_id
    return f"{call_id}_signed_{base64.urlsafe_b64encode(mark(maker, proof).encode()).decode().rstrip('=')}"


def split_id(seen: str) -> tuple[str, str | None]:
    """The id that a caller saw → the call's own, and its proof (marked). An id that was never ours stays whole."""
    found = _SIGNED.fullmatch(seen)
    if found is None:
        return seen, None
    written = found["proof"]
    try:
        proof = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return seen, None
    return (found["id"], proof) if is_marked(proof) else (seen, None)


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
