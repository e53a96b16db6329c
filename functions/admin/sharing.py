"""Who may use the installation's own key of a provider, as a change of it leaves that."""

import asyncio
from collections.abc import Sequence
from itertools import batched
from typing import Final

from functions.admin.schemas import SharingBody
from shared.errors import Conflict, InvalidRequest, NotFound
from shared.providers.provider import Provider
from shared.records.limits import Limits
from shared.records.policy import SharedWith, Sharing
from shared.services import Services
from shared.storage.accounts import find_account
from shared.storage.table import Table
from shared.storage.tokens import find_token

_AT_ONCE: Final = 20
"""Ids that the table is asked for at once."""


def changed_sharing(before: Sharing, body: SharingBody | None) -> Sharing:
    """What is left out stays, also of the limits; null takes it back.

    Raises:
        InvalidRequest: ids are missing, or of no use.
    """
    if body is None:
        return Sharing()
    to = body.to or before.to
    ids = _ids(before, to, body.ids)
    if "limits" not in body.model_fields_set:
        return Sharing(to, ids, before.limits)
    limits = body.limits.applied_to(before.limits, "sharing.limits.") if body.limits else Limits()
    return Sharing(to, ids, limits)


def _ids(before: Sharing, to: SharedWith, given: Sequence[str] | None) -> tuple[str, ...]:
    """Ids are named where they are needed, and nowhere else: a list that does nothing would be a trap."""
    ids = tuple(dict.fromkeys(given)) if given is not None else before.ids if to == before.to else ()
    if bool(ids) != (to in {"users", "tokens"}):
        raise InvalidRequest(
            "`sharing.ids` names whom `to`: users or tokens means, at least one", parameter="sharing.ids"
        )
    return ids


async def check_sharing(services: Services, row: Provider, before: Sharing, after: Sharing, *, has_key: bool) -> None:
    """Let through what has an effect. Ids that were there before may have been forgotten since.

    Raises:
        NotFound: there is no such user or access token.
        Conflict: there is nothing to share.
    """
    if after.to != "nobody" and not has_key:
        raise Conflict(
            f"The installation has no key of {row.name} to share: send one as `sharedKey` with this, or before it.",
            details={"parameter": "sharing.to"},
        )
    known = before.ids if before.to == after.to else ()
    new = [(place, name) for place, name in enumerate(after.ids) if name not in known]
    for some in batched(new, _AT_ONCE, strict=False):
        found = await asyncio.gather(*(_exists(services.table, after.to, name) for _, name in some))
        missing = [place for (place, _), exists in zip(some, found, strict=True) if not exists]
        if missing:
            raise _absent(after.to, missing[0])


async def _exists(table: Table, to: SharedWith, name: str) -> bool:
    return await (find_account(table, name) if to == "users" else find_token(table, name)) is not None


def _absent(to: SharedWith, place: int) -> NotFound:
    remedy = "user. GET /api/admin/users lists all." if to == "users" else "access token. Its owner sees its id."
    return NotFound(f"There is no such {remedy}", details={"parameter": f"sharing.ids[{place}]"})
