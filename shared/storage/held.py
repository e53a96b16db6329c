"""A hold as it lies in its item: one short text. Twenty of them are read and written again with each request, and every write of DynamoDB pays for all of them."""

from typing import Literal

import msgspec

from shared.storage.table import Value


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What the ledger says of a request whose carrier died, beside that. `started_at`: epoch milliseconds."""

    started_at: int
    token_id: str | None
    api: str
    route: str | None
    provider: str
    model: str
    key: Literal["own", "shared"]
    streamed: bool
    listed: int | None = None
    """Micro-dollars that were reserved in budgets that an admin sets, where those are others than here."""


class Held(msgspec.Struct, frozen=True, array_like=True):
    """What somebody has taken, enough for another to give it back.

    `micros` and `tokens`: what was reserved. `expires_at`: epoch seconds from which on whoever took it counts as dead.
    `period`: of the budget it was taken from. `told`: of the request; None where another scope's hold tells it.
    """

    micros: int
    tokens: int
    expires_at: int
    period: str
    owner: str
    told: Told | None = None


_decode = msgspec.json.Decoder(Held).decode
_encode = msgspec.json.Encoder().encode


def to_text(held: Held) -> str:
    """As it is kept."""
    return _encode(held).decode()


def from_text(text: Value) -> Held:
    """Raises TypeError or msgspec.DecodeError for what is no hold of ours."""
    if not isinstance(text, str):
        raise TypeError("a hold is text")
    return _decode(text)
