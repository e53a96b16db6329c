"""Judges what is asked and answered in a chat, where an admin says so: by rules, by a provider's moderation, or by both.

Nothing that was not judged is sent to a provider, and to a caller nothing but the beginning of a word that may go on: an answer is held
back until its next piece was judged.
"""

import json
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, suppress
from typing import Final

from shared.chat.events import ChatEvent, Finish, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta
from shared.chat.receipt import Done
from shared.chat.request import ChatRequest, Reasoning, Refusal, Text, ToolCall, ToolResult
from shared.dialects.exchanges import Ask
from shared.errors import ContentRefused, NotFound, RealMultiLLMError
from shared.gateway.books.progress import Progress
from shared.gateway.exchange import aim, exchange
from shared.gateway.guard.rules import find_rule
from shared.records.policy import INSTALLATION, Moderation
from shared.services import Services
from shared.storage.configs import find_config
from shared.storage.policies import find_policies

SEGMENT: Final = 1000
"""Characters of an answer that a provider judges at once."""
LOOKED_BACK: Final = 250
"""Characters before a piece that are judged again with it: longer than any word or shape of a rule."""
LONGEST_WORD: Final = 100
"""Characters; a rule's words have no more."""
LARGEST_PIECE: Final = 20_000
"""Characters in one text that a provider judges."""

_LAST_WORD: Final = re.compile(r"[^\W\u2e80-\U0010ffff]+\Z")
_FIRST_WORD: Final = re.compile(r"\A[^\W\u2e80-\U0010ffff]+")
"""Of scripts that set spaces between words."""

type Batches = AsyncGenerator[Sequence[ChatEvent | Done]]


async def moderated(
    services: Services, request: ChatRequest, batches: Batches, progress: Progress | None = None
) -> Batches:
    """The same batches, as far as they may be asked for and said. Of `batches` nothing is begun before the request was judged.

    What was answered and is not said yet waits in `progress`, for it is paid whether it is said or not.

    Raises:
        ContentRefused: what was asked, or what was about to be said.
        RealMultiLLMError: nobody could judge, and the policy refuses what was not judged.
    """
    async with aclosing(batches):
        moderation = (await find_policies(services.table)).moderation
        if moderation.before and await _is_refused(services, moderation, "\n".join(_asked(request)), "messages"):
            raise _refused("messages", "What is asked here is refused by this installation's moderation.")
        if not moderation.after:
            async for batch in batches:
                yield batch
            return
        judge, progress = _Judge(services, moderation), progress or Progress()
        async for batch in batches:
            judge.hear(batch)
            progress.unsaid += batch
            is_whole = any(isinstance(event, Done) for event in batch)
            if is_whole or (request.stream and judge.is_due):
                await _check(judge, batches, request, progress, whole=is_whole)
                yield progress.release()
        await judge.check(whole=True)
        if progress.unsaid:
            yield progress.release()


async def _check(judge: "_Judge", batches: Batches, request: ChatRequest, progress: Progress, *, whole: bool) -> None:
    """Of an answer that is refused when its provider has said its last word, the end is heard, for that tells what it cost."""
    try:
        await judge.check(whole=whole)
    except RealMultiLLMError:
        ends = sum(isinstance(event, Finish) for event in progress.unsaid)
        if not whole and ends >= (request.n or 1):
            with suppress(RealMultiLLMError):  # then what it cost stays unknown
                async for batch in batches:
                    progress.unsaid += batch
        raise


class _Judge:
    """Hears an answer, and judges each voice of it (a choice's text, its thinking, the arguments of a call) apart."""

    def __init__(self, services: Services, moderation: Moderation) -> None:
        self._services = services
        self._moderation = moderation
        self._piece = SEGMENT if "provider" in moderation.by else 1
        self._said: dict[tuple[str, int, int], str] = {}
        self._new = 0

    def hear(self, batch: Sequence[ChatEvent | Done]) -> None:
        """More of it."""
        for event in batch:
            match event:
                case TextDelta() | ReasoningDelta() | RefusalDelta():
                    self._add((type(event).__name__, event.choice, 0), event.text)
                case ToolCallDelta():
                    self._add(("ToolCallDelta", event.choice, event.index), event.arguments)
                case _:
                    pass

    def _add(self, voice: tuple[str, int, int], text: str) -> None:
        self._said[voice] = self._said.get(voice, "") + text
        self._new += len(text)

    @property
    def is_due(self) -> bool:
        """As much is new as is judged at once; or nothing is, and nothing is waiting."""
        return self._new >= self._piece or self._new == 0

    async def check(self, *, whole: bool) -> None:
        """Judge what is new. A word that may go on is judged when it has.

        Raises:
            ContentRefused: it may not be said.
        """
        if not self._new and not whole:
            return
        self._new = 0
        pieces = [said if whole else _whole_words(said) for said in self._said.values()]
        if await _is_refused(self._services, self._moderation, "\n".join(filter(None, pieces)), "choices"):
            raise _refused("choices", "The answer is refused by this installation's moderation.")
        self._said = {voice: _end(said) for voice, said in self._said.items()}


def _whole_words(said: str) -> str:
    """Without its last word, which may go on."""
    last = _LAST_WORD.search(said, max(0, len(said) - LONGEST_WORD))
    return said[: last.start()] if last else said


def _end(said: str) -> str:
    """What is judged again with what follows; it begins with no half of a word."""
    return said if len(said) <= LOOKED_BACK else _FIRST_WORD.sub("", said[-LOOKED_BACK:])


def _asked(request: ChatRequest) -> Iterator[str]:
    for message in request.messages:
        for part in message.parts:
            yield from _texts(part)


def _texts(part: object) -> Iterator[str]:
    match part:
        case Text() | Reasoning() | Refusal():
            yield part.text
        case ToolCall():
            yield part.arguments
        case ToolResult():
            for piece in part.content:
                yield from _texts(piece)
        case _:
            pass


async def _is_refused(services: Services, moderation: Moderation, text: str, whose: str) -> bool:
    """By which rule, the log is told; `whose` words they were."""
    if not text.strip():
        return False
    rule = find_rule(text, moderation.words, moderation.shapes) if "rules" in moderation.by else None
    if rule is None and "provider" in moderation.by and await _is_flagged(services, moderation, text):
        rule = "provider"
    if rule is None:
        return False
    services.refusals.tell("moderation", "organisation", rule, rule=rule, whose=whose)
    return True


async def _is_flagged(services: Services, moderation: Moderation, text: str) -> bool:
    """By the provider's judgement, with the installation's own key: nobody pays for being judged."""
    try:
        config = await find_config(services.table, INSTALLATION, moderation.provider or "-")
        if config is None:
            raise NotFound("The key that judges with is gone: an admin stores it anew, or changes the moderation.")
        chosen = aim(services, config, "moderations", moderation.model or "")
        pieces = [text[start : start + LARGEST_PIECE] for start in range(0, len(text), LARGEST_PIECE)]
        named = {"model": moderation.model} if moderation.model else {}
        reply, _ = await exchange(
            services, Ask(moderation.model or "", {"input": pieces, **named}), "moderations", chosen
        )
    except RealMultiLLMError:
        if moderation.refuse_unjudged:
            raise
        return False
    return any(result.get("flagged") is True for result in json.loads(reply.body)["results"])


def _refused(parameter: str, message: str) -> ContentRefused:
    return ContentRefused(message, details={"parameter": parameter})
