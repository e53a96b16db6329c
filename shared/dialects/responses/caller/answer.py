"""A whole response. It is the one that a stream of the same answer ends with, made in the same way."""

from collections.abc import Iterable, Iterator

from shared.chat.collect import Answer
from shared.chat.events import (
    ChatEvent,
    ReasoningDelta,
    ReasoningSignature,
    RefusalDelta,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest, Reasoning
from shared.dialects.caller import About
from shared.dialects.responses.caller.stream import ResponseSpeaker
from shared.wire.json import write


def write_answer(answer: Answer, done: Done, request: ChatRequest, about: About) -> bytes:
    """As JSON; as the provider wrote it where the caller speaks as they do."""
    if about.kin and answer.verbatim is not None:
        return answer.verbatim.data
    speaker = ResponseSpeaker(request, about)
    thinks = request.reasoning_effort not in {None, "none"}
    for event in (*_retold(answer, thinks=thinks), done):
        speaker.say(event)
    return write(speaker.response)


def _retold(answer: Answer, *, thinks: bool) -> Iterator[ChatEvent]:
    """Thinking first, then words, then calls. Only the first choice: this API has no others.

    Who wished for no thinking gets words first: what stands beside them then is Google's signature of the words.
    """
    choice = answer.choices[0]
    before = [block for block in choice.reasoning_blocks if thinks or block.text or block.redacted is not None]
    yield Start(answer.id, answer.model, answer.created)
    yield from _thought(before)
    if choice.text:
        yield TextDelta(choice.text)
    yield from choice.annotations
    yield from _thought([block for block in choice.reasoning_blocks if block not in before])
    if choice.refusal:
        yield RefusalDelta(choice.refusal)
    for index, call in enumerate(choice.tool_calls):
        yield ToolCallStart(index, call.id, call.name, signature=call.signature)
        yield ToolCallDelta(index, call.arguments)
    yield from choice.media


def _thought(blocks: Iterable[Reasoning]) -> Iterator[ChatEvent]:
    for block in blocks:
        if block.text:
            yield ReasoningDelta(block.text)
        if block.signature is not None or block.redacted is not None:
            yield ReasoningSignature(block.signature, block.redacted)
