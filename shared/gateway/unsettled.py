"""The end of a request as a line of the log, signed, for when the table does not take it: whoever reads the log can carry it out, once.

The signature (HMAC-SHA-256 under a secret of the installation) keeps out lines that somebody else managed to have logged (threat H8).
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

import msgspec

from shared.errors import StorageUnavailable
from shared.gateway.admit import Admission
from shared.observability import logger
from shared.records.ledger import LedgerRow
from shared.records.limits import Scope
from shared.services import Services
from shared.storage.admission import Hold, Used
from shared.wire.json import write

MESSAGE: Final = "settlement not written"
_PURPOSE: Final = b"settlement\n"
_OF_A_HOLD: Final = ("shard", "name", "period", "micros", "tokens")


async def log_unsettled(services: Services, row: LedgerRow, admission: Admission, used: Used) -> None:
    """Say it in the log. Where not even the secret can be read the line is unsigned, and has to be judged by a person."""
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


async def read_unsettled(services: Services, line: Mapping[str, Any]) -> tuple[LedgerRow, Admission, Used]:
    """What a line of the log says (`settlement`, `signature`).

    Raises:
        ValueError: it is not signed by this installation.
    """
    told, signature = str(line["settlement"]), str(line["signature"])
    if not hmac.compare_digest(_sign(await services.settlement_secret(), told), signature):
        raise ValueError("the line is not signed by this installation")
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
