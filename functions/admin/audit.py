"""What was done, by whom: the audit log, which can only be read here."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from functions.admin.schemas import AuditAnswer, AuditEntryAnswer, AuditQuery
from shared.identity.caller import Caller
from shared.records.audit import AuditEntry
from shared.services import Services
from shared.storage.audit import list_entries
from shared.storage.table import Table
from shared.web.fastapi import StrictRoute, admin

MOST_LOOKED_AT = 2_000
"""Entries that one request reads while it looks for those that are asked for; `next` goes on from there."""


def routes(services: Services) -> APIRouter:
    """`GET /audit-logs`."""
    router = APIRouter(route_class=StrictRoute)

    @router.get("/audit-logs")
    async def audit_log(
        asked: Annotated[AuditQuery, Query()], _who: Annotated[Caller, Depends(admin(services))]
    ) -> AuditAnswer:
        """The audit log, the newest first."""
        entries, following = await _find(services.table, asked)
        return AuditAnswer(entries=[AuditEntryAnswer.of(entry) for entry in entries], next=following)

    return router


async def _find(table: Table, asked: AuditQuery) -> tuple[list[AuditEntry], int | None]:
    """A page of what is asked for, and where the next one begins."""
    found: list[AuditEntry] = []
    looked_at, place = 0, asked.before
    while looked_at < MOST_LOOKED_AT and (page := await list_entries(table, before=place)):
        for entry in page:
            if asked.since is not None and entry.at < asked.since.timestamp():
                return found, None
            looked_at, place = looked_at + 1, entry.number
            if asked.wants(entry):
                found.append(entry)
            if len(found) == asked.limit:
                return found, place if place > 1 else None
    return found, place if looked_at >= MOST_LOOKED_AT else None
