"""The end of a request as a signed line, for when the table does not take it: the log has it, and the outbox, from which the sweeper carries it out, once.

The signature (HMAC-SHA-256 under a secret of the installation) keeps out lines that somebody else managed to have logged or put there (threat H8).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

import msgspec

from shared.errors import StorageUnavailable
from shared.gateway.books.admit import Admission
from shared.observability import Unsettled, logger
from shared.records.ledger import LedgerRow
from shared.records.limits import Scope
from shared.services import Services
from shared.storage.admission import Hold, Used
from shared.wire.json import write

MESSAGE: Final = "settlement not written"
_PURPOSE: Final = b"settlement\n"
_OF_A_HOLD: Final = ("shard", "name", "period", "micros", "tokens")


class NotSigned(ValueError):
    """This installation did not sign it."""


async def leave_unsettled(services: Services, row: LedgerRow, admission: Admission, used: Used) -> None:
    """Say it in the log, and leave it to the sweeper. Where not even the secret can be read the line is unsigned, and has to be judged by a person."""
    holds = [
        {"kind": hold.scope.kind, "id": hold.scope.id, **{name: getattr(hold, name) for name in _OF_A_HOLD}}
        for hold in admission.holds
    ]
    told = write({"row": _plain(row), "holds": holds, "used": asdict(used)}).decode()
    try:
        signature = _sign(await services.settlement_secret(), told)
    except StorageUnavailable:
        signature = None
    logger().error(MESSAGE, extra={"settlement": told, "signature": signature})
    is_waiting = signature is not None and await _is_left(services, json.dumps(_line(told, signature)))
    services.incidents.note(Unsettled("waiting" if is_waiting else "logged"))


async def _is_left(services: Services, line: str) -> bool:
    """Where the outbox does not take it either, the log has it."""
    try:
        await services.outbox.put(line)
    except StorageUnavailable as error:
        logger().error("settlement not left to the sweeper", extra={"code": error.code})
        return False
    return True


def _line(told: str, signature: str) -> dict[str, str]:
    return {"settlement": told, "signature": signature}


async def read_unsettled(services: Services, line: Mapping[str, Any]) -> tuple[LedgerRow, Admission, Used]:
    """What a line says (`settlement`, `signature`).

    Raises:
        NotSigned: it is not signed by this installation.
        TypeError, ValueError, KeyError: another version of us signed it, which wrote other fields.
    """
    told, signature = str(line.get("settlement")), str(line.get("signature"))
    if not hmac.compare_digest(_sign(await services.settlement_secret(), told).encode(), signature.encode()):
        raise NotSigned("the line is not signed by this installation")
    read = msgspec.json.decode(told)
    row = read["row"]
    if row["cost_usd"] is not None:
        row["cost_usd"] = Decimal(row["cost_usd"])
    holds = tuple(Hold(Scope(hold["kind"], hold["id"]), *(hold[name] for name in _OF_A_HOLD)) for hold in read["holds"])
    return LedgerRow(**row), Admission(holds, {}, 0, 0), Used(**read["used"])


def _plain(row: LedgerRow) -> dict[str, Any]:
    return {**asdict(row), "cost_usd": None if row.cost_usd is None else str(row.cost_usd)}


def _sign(secret: bytes, told: str) -> str:
    return hmac.new(secret, _PURPOSE + told.encode(), hashlib.sha256).hexdigest()
