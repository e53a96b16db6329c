"""Carries out what the table did not take at its time, from the lines that were left to the sweeper. Twice is once: the row is there or not, the hold too."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Final, Literal

from shared.errors import StorageUnavailable
from shared.gateway.books.settle import conclude
from shared.gateway.books.unsettled import NotSigned, read_unsettled
from shared.observability import Unsettled, logger
from shared.services import Services

LONGEST: Final = 20.0
"""Seconds, after which the holds have their turn; the rest is for the next minute."""

type Fate = Literal["settled", "refused", "kept"]
"""`kept`: the table does not take it now either, or another version of us signed it."""


async def carry_out(services: Services) -> Counter[Fate]:
    """What became of the lines that waited.

    Raises:
        StorageUnavailable: table or outbox do not answer. What is left is for the next time.
    """
    await services.settlement_secret()  # while the table is away nothing is taken: a queue counts how often
    found, until = Counter[Fate](), time.monotonic() + LONGEST
    async with aclosing(services.outbox.batches()) as batches:
        async for parcels in batches:
            fates = [(parcel, await carry_out_line(services, parcel.line)) for parcel in parcels]
            await services.outbox.drop([parcel for parcel, fate in fates if fate != "kept"])
            found.update(fate for _, fate in fates)
            if time.monotonic() > until:
                break
    return found


async def carry_out_if_possible(services: Services) -> Counter[Fate]:
    """The same; where it cannot be done now, that is in the log, and the sweeper goes on to the holds."""
    try:
        return await carry_out(services)
    except StorageUnavailable as error:
        logger().warning("settlements put off", extra={"code": error.code})
        return Counter()


async def carry_out_line(services: Services, line: str, *, patience: float = 0) -> Fate:
    """One of them, as JSON. `patience`: seconds for which the table is asked again."""
    try:
        row, admission, used = await read_unsettled(services, _object(line))
    except NotSigned:
        _refuse(services, line)
        return "refused"
    except (TypeError, ValueError, KeyError) as error:
        logger().error("settlement of another version", extra={"reason": type(error).__name__})
        return "kept"
    if not await conclude(services, row, admission, used, patience=patience):
        return "kept"
    services.incidents.note(Unsettled("settled"))
    return "settled"


def _refuse(services: Services, line: str) -> None:
    """Nothing of it is repeated, for it is anybody's text."""
    services.incidents.note(Unsettled("refused"))
    logger().error("settlement refused", extra={"digest": hashlib.sha256(line.encode()).hexdigest()})


def _object(line: str) -> Mapping[str, Any]:
    try:
        said = json.loads(line)
    except ValueError as error:
        raise NotSigned("it is no JSON") from error
    if not isinstance(said, dict):
        raise NotSigned("it is no object")
    return said
