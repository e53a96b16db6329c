"""Anthropic's Messages towards a caller: `/v1/messages` and `/v1/messages/count_tokens`.

How what others say is said here. Proofs of thinking travel marked (`shared.dialects.signed`), those of a call in its id.
Thinking is always shown; a proof without any is said to callers who asked for thinking. A refusal is text with the reason `refusal`. Pictures and sounds that
a model made are text, in Markdown, for no block can hold them. What has no form here at all (log probabilities, citations of others) is not said.
"""

from typing import Final

from shared.chat.request import ChatRequest
from shared.dialects.anthropic.caller.answer import answer
from shared.dialects.anthropic.caller.errors import describe, status
from shared.dialects.anthropic.caller.kin import KinSpeaker
from shared.dialects.anthropic.caller.read import read, read_count
from shared.dialects.anthropic.caller.stream import MessageSpeaker
from shared.dialects.caller import About, CallerDialect, Speaker

__all__ = ["CALLER", "read_count"]


def _speaker(request: ChatRequest, about: About) -> Speaker:
    return KinSpeaker(about) if about.kin else MessageSpeaker(request, about)


CALLER: Final = CallerDialect(
    name="anthropic",
    read=read,
    speaker=_speaker,
    answer=answer,
    describe=describe,
    status=status,
    names={
        "stop": "stop_sequences",
        "response_format": "output_config.format",
        "reasoning_effort": "output_config.effort",
        "reasoning_budget": "thinking.budget_tokens",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
        "user": "metadata.user_id",
    },
    keep_alive=b'event: ping\ndata: {"type": "ping"}\n\n',
    request_id_header=b"request-id",
)
