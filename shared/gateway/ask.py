"""One question to one provider: write, send, read. Nothing is retried in here."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from shared.chat.events import ChatEvent
from shared.chat.request import ChatRequest
from shared.dialects.dialect import Dialect
from shared.egress.exchange import Client, Inbound, Outbound, Timeouts
from shared.errors import BadResponse, ProviderError
from shared.gateway.mask import Mask
from shared.gateway.target import Target
from shared.secrets import ApiKey
from shared.wire.json import write

LARGEST_FAILURE = 1024 * 1024
"""Bytes of an error body that are read; the rest explains nothing more."""


async def ask(
    request: ChatRequest, target: Target, *, key: ApiKey | None, client: Client, timeouts: Timeouts
) -> AsyncGenerator[Sequence[ChatEvent]]:
    """The events of the answer, as many at a time as the network brought at once.

    Raises:
        ProviderError: the answer is a failure, broke off or is none; its message is free of the key.
    """
    dialect, mask = target.dialect, Mask(key)
    try:
        async with client.send(_outbound(request, target, key), timeouts) as inbound:
            await _check(inbound, dialect)
            events = _stream(inbound, dialect, mask) if request.stream else _plain(inbound, dialect, mask)
            async with aclosing(events):
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


def _outbound(request: ChatRequest, target: Target, key: ApiKey | None) -> Outbound:
    written = target.dialect.write(request, target.largest_output)
    return Outbound(
        "POST",
        target.url(written.path, written.query),
        {
            "content-type": "application/json",
            "accept": "text/event-stream" if request.stream else "application/json",
            **written.headers,
            **target.headers(key),
        },
        write(target.spell(written.body)),
    )


async def _check(inbound: Inbound, dialect: Dialect) -> None:
    if inbound.status != 200:  # noqa: PLR2004 - the one status that carries an answer
        raise dialect.explain(inbound.status, inbound.headers, await inbound.read(LARGEST_FAILURE))
    if inbound.headers.get("content-type", "").startswith("text/html"):
        raise BadResponse("the provider answered with a web page in place of an answer; check its base URL")


async def _plain(inbound: Inbound, dialect: Dialect, mask: Mask) -> AsyncGenerator[Sequence[ChatEvent]]:
    yield dialect.read(mask.whole(await inbound.read()))


async def _stream(inbound: Inbound, dialect: Dialect, mask: Mask) -> AsyncGenerator[Sequence[ChatEvent]]:
    """The first ending wins; what comes after it is dropped."""
    reader = dialect.stream()
    async for piece in inbound.pieces():
        yield reader.feed(mask.feed(piece))
        if reader.finished:
            break
    else:
        yield reader.feed(mask.close())
    yield reader.close()
