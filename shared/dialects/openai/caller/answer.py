"""A whole answer: https://platform.openai.com/docs/api-reference/chat/object (2026-11)."""

from typing import Any

from shared.chat.collect import Answer, Choice
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest, ToolCall
from shared.dialects.caller import About
from shared.dialects.openai.caller.kin import mend_answer
from shared.dialects.openai.caller.thinking import details, extra_content
from shared.dialects.openai.caller.usage import write_usage
from shared.dialects.openai.caller.words import (
    answer_id,
    call_id,
    find_logprobs,
    finish_word,
    is_legacy,
    write_media,
    write_notes,
)
from shared.dialects.signed import signed_id
from shared.wire.json import write

type Json = dict[str, Any]


def answer(answer: Answer, done: Done, request: ChatRequest, about: About) -> bytes:
    """The JSON. A provider's own, where it speaks this dialect. Trap 60: no text at all is an answer, too."""
    if answer.verbatim is not None and about.kin:
        return mend_answer(answer.verbatim, about)
    reasons = {index: (reason, raw) for index, reason, raw in done.finishes}
    legacy = is_legacy(request)
    choices = []
    for choice in answer.choices:
        reason, raw = reasons.get(choice.index, ("other", None))
        said = {
            "index": choice.index,
            "message": _message(choice, about, legacy=legacy),
            "logprobs": find_logprobs(choice.annotations),
            "finish_reason": finish_word(reason, raw, legacy=legacy),
        }
        choices.append({**said, "native_finish_reason": raw} if raw else said)
    return write(
        {
            "id": answer_id(about.id),
            "object": "chat.completion",
            "created": about.created,
            "model": answer.model or about.model,
            "choices": choices,
            "usage": write_usage(done.usage),
            **dropped(done),
        }
    )


def dropped(done: Done) -> Json:
    """What was left out of the request, as the caller had asked; nothing is told where nothing was."""
    return {"realmultillm": {"dropped": list(done.receipt.dropped)}} if done.receipt.dropped else {}


def _message(choice: Choice, about: About, *, legacy: bool) -> Json:
    """`content` is null where only calls or a refusal were said, as OpenAI has it."""
    said: Json = {
        "role": "assistant",
        "content": choice.text or (None if choice.tool_calls or choice.refusal else ""),
        "refusal": choice.refusal or None,
        "annotations": [],
        **write_notes(choice.annotations),
        **write_media(choice.media),
    }
    if choice.reasoning:
        said["reasoning_content"] = choice.reasoning
    if signed := details(choice.reasoning_blocks, about.maker):
        said["reasoning_details"] = signed
    calls = [
        _call(call, call_id(about.id, choice.index, index), about.maker) for index, call in enumerate(choice.tool_calls)
    ]
    if calls and legacy:
        said["function_call"] = calls.pop(0)["function"]
    if calls:
        said["tool_calls"] = calls
    return said


def _call(call: ToolCall, minted: str, maker: str) -> Json:
    """No arguments are `{}`. Trap 38."""
    said = {
        "id": signed_id(call.id or minted, maker, call.signature),
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments if call.arguments.strip() else "{}"},
    }
    return {**said, "extra_content": extra_content(call.signature)} if call.signature else said
