"""Thinking in OpenAI's dialect, which has no word for it of its own: how we hand it out, and how callers hand it back.

Out: `reasoning_content` is the text (DeepSeek's word, which most clients show), and `reasoning_details` has every block that a
provider signed, as OpenRouter does it (https://openrouter.ai/docs/use-cases/reasoning-tokens, 2026-11):
`{"type": "reasoning.text", "text", "signature"}` and `{"type": "reasoning.encrypted", "data"}`, each with its `index` and the `provider`
that made it, for it goes back to nobody else (`shared.dialects.signed`).

A call that Gemini signed says so in `extra_content.google.thought_signature`, as Google's own OpenAI-like API does
(https://ai.google.dev/gemini-api/docs/thought-signatures, 2026-11), and again in its id: many clients keep nothing of a call but id,
name and arguments, and Gemini wants its signature back. Trap 48.

Back: in any of these forms, and in LiteLLM's `thinking_blocks`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from shared.chat.request import KinOnly, Reasoning
from shared.dialects.openai.caller.fields import Fields
from shared.dialects.signed import mark
from shared.wire.json import read_lenient


def details(blocks: Iterable[Reasoning], maker: str) -> list[dict[str, Any]]:
    """The blocks of that provider as callers see them; none where nothing is signed, for then the text says it all."""
    several = list(blocks)
    if not any(block.signature or block.redacted is not None for block in several):
        return []
    return [{**_detail(block), "provider": maker, "index": index} for index, block in enumerate(several)]


def extra_content(signature: str) -> dict[str, Any]:
    """Google's form of a call's signature."""
    return {"google": {"thought_signature": signature}}


def thinking(message: Fields, kin_only: list[KinOnly]) -> Sequence[Reasoning]:
    """What an assistant message of an earlier turn thought, in the most exact of its forms."""
    kept = message.find_record("provider_specific_fields")
    given, blocks = _found("reasoning_details", message, kept), _found("thinking_blocks", message, kept)
    longer, shorter = message.find_text("reasoning_content"), message.find_text("reasoning")
    if given:
        return [block for detail in given if (block := _of_detail(detail, kin_only))]
    if blocks:
        return [block for fields in blocks if (block := _of_block(fields, kin_only))]
    said = longer or shorter
    return [Reasoning(said)] if said else []


def call_signature(call: Fields) -> str | None:
    """Where Google puts it, or LiteLLM."""
    extra = call.find_record("extra_content")
    google = extra.find_record("google") if extra else None
    own = call.find_record("provider_specific_fields")
    return (google.find_text("thought_signature") if google else None) or (
        own.find_text("thought_signature") if own else None
    )


def _found(name: str, message: Fields, kept: Fields | None) -> list[Fields]:
    """Beside what was said, or where LiteLLM keeps the fields that OpenAI's answers do not have."""
    return message.records(name) or (kept.records(name) if kept else [])


def _detail(block: Reasoning) -> dict[str, Any]:
    if block.redacted is None:
        signed = {"signature": block.signature} if block.signature else {}
        return {"type": "reasoning.text", "text": block.text, **signed}
    return _whole(block.redacted) or {"type": "reasoning.encrypted", "data": block.redacted}


def _whole(redacted: str) -> dict[str, Any] | None:
    """A router's detail was kept as its JSON text, for its id belongs to its data."""
    if not redacted.startswith("{"):
        return None
    try:
        detail = read_lenient(redacted)
    except ValueError:
        return None
    return detail if isinstance(detail, dict) and detail.get("type") == "reasoning.encrypted" else None


def _of_detail(detail: Fields, kin_only: list[KinOnly]) -> Reasoning | None:
    """Without our word of who made it, it is a router's. Of those, Anthropic's are told by their format or by none, and others are of no use."""
    maker, made_by = detail.find_text("provider"), detail.find_text("format") or ""
    match detail.text("type"):
        case "reasoning.text":
            signature = detail.find_text("signature") or None
            return Reasoning(
                detail.find_text("text") or "", mark(maker, signature) if maker and signature else signature
            )
        case "reasoning.summary":
            return Reasoning(detail.find_text("summary") or "")
        case "reasoning.encrypted" if maker:
            return Reasoning(redacted=mark(maker, detail.text("data")))
        case "reasoning.encrypted" if not made_by or made_by.startswith("anthropic"):
            return Reasoning(redacted=detail.text("data"))
        case _:
            kin_only.append(KinOnly(detail.path("type"), harmless=True))
            return None


def _of_block(block: Fields, kin_only: list[KinOnly]) -> Reasoning | None:
    """Anthropic's own blocks, as LiteLLM hands them out: https://docs.litellm.ai/docs/reasoning_content (2026-11)."""
    match block.text("type"):
        case "thinking":
            return Reasoning(block.find_text("thinking") or "", block.find_text("signature") or None)
        case "redacted_thinking":
            return Reasoning(redacted=block.text("data"))
        case _:
            kin_only.append(KinOnly(block.path("type"), harmless=True))
            return None
