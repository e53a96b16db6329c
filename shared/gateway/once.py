"""What comes with an idempotency key is answered once: whoever is first answers, and whoever comes after gets that answer.

Keys are kept apart by owner, access token and route, so that nobody gets what another's key opened (threat I7). What was answered is sealed in the
owner's journal, piece by piece. A failure keeps nothing and frees the key, so that asking again is a new question.
"""

import asyncio
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.crypto.journal import Journal
from shared.errors import CredentialCorrupt, KeyReused, NotKept, StillAnswering, StorageUnavailable
from shared.gateway.books.admitted import seconds_left
from shared.gateway.conversations.journal import open_journal
from shared.identity.caller import Caller
from shared.observability import logger
from shared.records.replay import Claim, Replay
from shared.services import Services
from shared.storage.replays import LARGEST_PIECE, MOST_A_DAY, claim_replay, free_replay, keep_replay, refuse_replay
from shared.wire.json import read_lenient, write

LARGEST: Final = 2 * 1024 * 1024
"""Bytes of an answer that is kept: in the table each KB costs a write."""
_PIECE: Final = LARGEST_PIECE - 1024
"""Bytes of a piece before it is sealed."""
_TO_SETTLE: Final = 10
"""Seconds beyond its end that a request may take to settle and to be kept."""
_PATIENCE: Final = 3.0
"""Seconds for keeping an answer, which its caller waits for. Lambda leaves five after a request's end."""
_COME_BACK: Final = 2.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it went out."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes = field(repr=False)


class Turn:
    """The right to answer under a key. It is ended once: by keeping the answer, or by freeing the key."""

    def __init__(self, services: Services, journal: Journal, claim: Claim) -> None:
        self._services = services
        self._journal = journal
        self._claim = claim

    async def keep(self, said: Said | None) -> None:
        """For whoever comes with the same key; None: it was larger than `LARGEST`."""
        table, claim = self._services.table, self._claim
        try:
            async with asyncio.timeout(_PATIENCE):
                if said is None:
                    await refuse_replay(table, claim, "too_large")
                else:
                    await keep_replay(table, claim, self._sealed(said), self._services.now())
        except (StorageUnavailable, TimeoutError):
            logger().warning(
                "answer not kept under its idempotency key"
            )  # given it is: only asking again is refused for a while

    async def free(self) -> None:
        """Nothing was answered."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await free_replay(self._services.table, self._claim, self._services.now())
        except (StorageUnavailable, TimeoutError):
            logger().warning("idempotency key not freed")  # it is, at the end of its lease

    def _sealed(self, said: Said) -> list[bytes]:
        head = write({"status": said.status, "headers": said.headers, "size": len(said.body)})
        body = [said.body[start : start + _PIECE] for start in range(0, len(said.body), _PIECE)]
        name, holder = self._claim.name, self._claim.holder
        return [self._journal.seal(piece, name, _place(holder, at)) for at, piece in enumerate([head, *body])]


async def take_turn(
    services: Services, caller: Caller, key: str, question: bytes, *, route: str, request_id: str, ends: float | None
) -> Turn | Said:
    """The right to answer, or what was answered. `ends`: when the platform ends the request, on the loop's clock.

    Raises:
        StillAnswering: the first one is under way.
        KeyReused: it was another question.
        NotKept: it was answered, and the answer is gone, or it was too large or too many were.
        StorageUnavailable, KeyServiceUnavailable: nobody can tell, or keep. Nobody is asked.
    """
    journal, now = await open_journal(services, caller.owner), services.now()
    claim = Claim(
        owner=caller.owner,
        name=_name(caller, route, key),
        holder=request_id,
        fingerprint=journal.fingerprint(question),
        lease=math.ceil(now + seconds_left(ends)) + _TO_SETTLE,
    )
    turn = Turn(services, journal, claim)
    try:
        there = await claim_replay(services.table, claim, now)
    except BaseException:  # it may hold the key all the same, also where the caller left in the middle
        await asyncio.shield(services.surely(turn.free()))
        raise
    return turn if there is None else _answered(journal, claim, there, now)


def _answered(journal: Journal, claim: Claim, there: Replay, now: float) -> Said:
    if there.fingerprint != claim.fingerprint:
        raise KeyReused("This `Idempotency-Key` came with another request. Send a new key with a new request.")
    if there.state == "running":
        raise StillAnswering(
            "The request that came first with this `Idempotency-Key` is still being answered. Ask again in a moment.",
            details={"runningId": there.holder},  # by which its owner stops it, where nobody sees a caller hang up
            retry_after=max(0.0, min(_COME_BACK, there.lease - now)),
        )
    if there.state == "too_many":
        raise NotKept(
            f"This was answered, but {MOST_A_DAY} bytes of answers had been kept that day, and no more are. Send a new `Idempotency-Key` to ask anew.",
            details={"limit": MOST_A_DAY},
        )
    if there.state == "too_large":
        raise NotKept(
            f"This was answered, but the answer was larger than {LARGEST} bytes, and those are not kept. Send a new `Idempotency-Key` to ask anew.",
            details={"limit": LARGEST},
        )
    return open_answer(journal, claim.name, there)


def open_answer(journal: Journal, name: str, there: Replay) -> Said:
    """What lies under that name. Raises NotKept where a piece is gone or does not open."""
    places = (_place(there.holder, at) for at in range(len(there.pieces)))
    try:
        opened = [journal.open(piece, name, at) for piece, at in zip(there.pieces, places, strict=True)]
    except CredentialCorrupt as error:
        raise _gone() from error
    if not opened:
        raise _gone()
    head, body = read_lenient(opened[0]), b"".join(opened[1:])
    if head["size"] != len(body):  # a row that tells of fewer pieces than were sealed
        raise _gone()
    return Said(head["status"], [(name, value) for name, value in head["headers"]], body)


def _gone() -> NotKept:
    return NotKept(
        "This was answered, but the answer cannot be read any more. Send a new `Idempotency-Key` to ask anew."
    )


def _name(caller: Caller, route: str, key: str) -> str:
    return hashlib.sha256(write([caller.token_id, route, key])).hexdigest()


def _place(holder: str, number: int) -> str:
    return f"replay {holder} {number}"
