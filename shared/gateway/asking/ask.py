"""One question to one provider: send, read. Nothing is retried in here."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from shared.chat.events import Answered, ChatEvent, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta, Verbatim
from shared.dialects.dialect import Dialect, StreamReader
from shared.egress.exchange import Client, Inbound, Outbound, Timeouts
from shared.errors import BadResponse, ProviderError, StreamLimitReached
from shared.gateway.asking.authorise import authorise
from shared.gateway.asking.mask import Mask
from shared.gateway.targets.target import Target
from shared.observability import logger
from shared.secrets import ApiKey
from shared.wire.decoder import MAX_TOTAL
from shared.wire.json import read_lenient

LARGEST_FAILURE = 1024 * 1024
"""Bytes of an error body that are read; the rest explains nothing more."""
_SHOWN: Final = (
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "apim-request-id",
    "openai-processing-ms",
    "x-should-retry",  # OpenAI's and Anthropic's SDKs do as it says
)
_SHOWN_FAMILIES: Final = ("x-ratelimit-", "anthropic-ratelimit-")


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask, without the key. `verbatim`: the caller speaks the provider's dialect and wants to see its own words."""

    outbound: Outbound
    stream: bool
    verbatim: bool = False
    longest: int = MAX_TOTAL
    """Bytes of text after which a stream is taken for endless."""


async def ask(
    question: Question, target: Target, *, key: ApiKey | None, client: Client, timeouts: Timeouts
) -> AsyncGenerator[Sequence[ChatEvent]]:
    """The events of the answer, as many at a time as the network brought at once; Answered is the first.

    Raises:
        ProviderError: the answer is a failure, broke off or is none; its message is free of the key.
    """
    mask = Mask(key)
    try:
        outbound, shown = await authorise(question.outbound, target, key, client=client)
        mask = Mask(shown)
        async with client.send(outbound, timeouts) as inbound:
            await _check(inbound, target.dialect, mask, verbatim=question.verbatim)
            yield [Answered(_shown(inbound.headers, mask))]
            read = _stream if question.stream else _plain
            async with aclosing(read(inbound, target, mask, question)) as events:
                async for batch in events:
                    yield batch
    except ProviderError as error:
        error.message = mask.text(error.message)
        error.args = (error.message,)
        error.details = {
            **{name: mask.text(value) if isinstance(value, str) else value for name, value in error.details.items()},
            "provider": target.provider.id,
        }
        raise


async def _check(inbound: Inbound, dialect: Dialect, mask: Mask, *, verbatim: bool) -> None:
    if inbound.status != 200:  # noqa: PLR2004 - the one status that carries an answer
        body = mask.whole(await inbound.read(LARGEST_FAILURE))
        error = dialect.explain(inbound.status, inbound.headers, body)
        error.headers = _shown(inbound.headers, mask)
        error.verbatim = _object(body) if verbatim else None
        raise error
    if inbound.headers.get("content-type", "").startswith("text/html"):
        raise BadResponse("the provider answered with a web page in place of an answer; check its base URL")


def _shown(headers: Mapping[str, str], mask: Mask) -> dict[str, str]:
    """What a caller may want of the provider's head: how it names the request, and how much it lets through."""
    shown = (name for name in headers if name in _SHOWN or name.startswith(_SHOWN_FAMILIES))
    return {name: mask.text(headers[name]) for name in shown}


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        said = read_lenient(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


async def _plain(
    inbound: Inbound, target: Target, mask: Mask, question: Question
) -> AsyncGenerator[Sequence[ChatEvent]]:
    body = mask.whole(await inbound.read())
    events = target.dialect.read(body)
    if question.verbatim and (said := _object(body)) is not None:
        events.append(Verbatim(body, said))
    yield events


async def _stream(
    inbound: Inbound, target: Target, mask: Mask, question: Question
) -> AsyncGenerator[Sequence[ChatEvent]]:
    """The first ending wins; what comes after it is dropped and counted."""
    reader, left = target.dialect.stream(verbatim=question.verbatim), question.longest
    try:
        async for piece in inbound.pieces():
            events = reader.feed(mask.feed(piece))
            left -= _length(events)
            if left < 0:
                raise StreamLimitReached("The provider said more than the model can say, so its answer was cut")
            yield events
            if reader.finished:
                break
        else:
            yield reader.feed(mask.close())
        yield reader.close()
    finally:
        _tell_untidy(reader, target)


def _length(events: Sequence[ChatEvent]) -> int:
    """Of the text in it. In characters, as a byte is the least that one takes."""
    length = 0
    for event in events:
        match event:
            case TextDelta() | ReasoningDelta() | RefusalDelta():
                length += len(event.text)
            case ToolCallDelta():
                length += len(event.arguments)
            case _:
                pass
    return length


def _tell_untidy(reader: StreamReader, target: Target) -> None:
    if reader.skipped or reader.dropped:
        counts = {"skipped": reader.skipped, "dropped": reader.dropped}
        logger().info("untidy stream", extra={"provider": target.provider.id, "model": target.model, **counts})
