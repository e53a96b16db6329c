"""OpenAI's Responses, towards a caller: https://platform.openai.com/docs/api-reference/responses (2026-11).

Stateless: an answer says `store: false`, and whatever has to come back travels with it.
"""

from typing import Final

from shared.chat.request import ChatRequest
from shared.dialects.caller import About, CallerDialect, Speaker
from shared.dialects.responses.caller.answer import write_answer
from shared.dialects.responses.caller.errors import describe, status
from shared.dialects.responses.caller.kin import KinSpeaker
from shared.dialects.responses.caller.read import read
from shared.dialects.responses.caller.stream import ResponseSpeaker


def _speaker(request: ChatRequest, about: About) -> Speaker:
    return KinSpeaker(about) if about.kin else ResponseSpeaker(request, about)


CALLER: Final = CallerDialect(
    name="responses",
    read=read,
    speaker=_speaker,
    answer=write_answer,
    describe=describe,
    status=status,
    names={
        "messages": "input",
        "system_prompt": "instructions",
        "max_tokens": "max_output_tokens",
        "response_format": "text.format",
        "verbosity": "text.verbosity",
        "reasoning_effort": "reasoning.effort",
        "reasoning_budget": "reasoning",
        "logprobs": "include",
    },
    keep_alive=b": keep-alive\n\n",
    request_id_header=b"x-request-id",
)
