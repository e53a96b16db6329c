"""A question that is no chat, let in before it is asked and settled before its answer is told."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from shared.chat.events import Answered, Usage
from shared.errors import RealMultiLLMError
from shared.gateway.admit import Asked, admit_or_undo, limits_of
from shared.gateway.admitted import seconds_left
from shared.gateway.estimate import Need
from shared.gateway.priced import cost_of
from shared.gateway.progress import Progress
from shared.gateway.settle import Ended, may_be_billed, outcome_of, settle
from shared.gateway.target import Target
from shared.services import Services

type Carry = Callable[[Progress], Awaitable[tuple[bytes, Answered]]]
"""How the question is asked once it is let in: the answer in OpenAI's form, and its head."""


class _Counts(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class _Answer(msgspec.Struct):
    usage: _Counts | None = None


async def admitted_exchange(
    services: Services,
    asked: Asked,
    target: Target,
    need: Need,
    carry: Carry,
    *,
    tell: Callable[[dict[str, str]], None],
    ends: float | None = None,
) -> tuple[bytes, Answered]:
    """The answer. `tell` and `ends` are as with chats.

    Raises:
        BudgetSpent, LimitReached: a limit says no; nobody was asked.
        StorageUnavailable: nobody can tell whether it may go on.
        RealMultiLLMError: as `carry` does.
    """
    limited = await limits_of(services, asked, (target,))
    admission = await admit_or_undo(services, asked, limited, ((target, need),), within=seconds_left(ends))
    tell(admission.headers)
    progress, began = Progress(), time.monotonic()

    async def end(ended: Ended) -> None:
        work = settle(services, asked, admission, target, ended, attempts=1, ends=ends)
        await asyncio.shield(services.surely(work))

    try:
        body, answered = await carry(progress)
    except BaseException as error:
        if isinstance(error, RealMultiLLMError):
            error.headers = {**error.headers, **admission.headers}
        outcome, code = outcome_of(error)
        guess = Usage(input=need.likely, estimated=True) if may_be_billed(error, progress, spoken=False) else None
        await end(Ended(outcome, code, guess, None, _elapsed(began)))
        raise
    usage = _usage(body, need)
    cost = await cost_of(target, target.model, usage, services.now())
    await end(Ended("done", None, usage, cost, _elapsed(began)))
    return body, answered


def _usage(body: bytes, need: Need) -> Usage:
    """As the answer says; what it does not say is guessed, and said to be a guess."""
    try:
        said = msgspec.json.decode(body, type=_Answer).usage
    except msgspec.MsgspecError:  # not in these words: then it is a guess
        said = None
    read = (said.prompt_tokens if said.prompt_tokens is not None else said.input_tokens) if said else None
    if said is None or read is None:
        return Usage(input=need.likely, output=0, estimated=True)
    written = said.completion_tokens if said.completion_tokens is not None else said.output_tokens
    return Usage(input=read, output=written or 0, total=said.total_tokens)


def _elapsed(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
