"""What a caller did, written down: by ids alone, for the log outlives the people in it."""

from shared.identity.caller import Caller
from shared.identity.emails import normalise_email
from shared.records.audit import Action
from shared.storage.audit import AuditLog
from shared.storage.installation import digest_of_email
from shared.storage.table import Table


async def note_deed(
    audit: AuditLog, who: Caller, action: Action, *, subject: str | None = None, **details: str | None
) -> None:
    """Write it down, before the caller is told that it went well.

    Raises:
        StorageUnavailable: it is not written down.
    """
    given = {name: value for name, value in details.items() if value is not None}
    await audit.add(action, actor=who.owner, credential=who.session_id or who.token_id, subject=subject, details=given)


async def email_digest(table: Table, email: str) -> str:
    """What stands for an e-mail in the log: the same for the same one, and no way back for who has not the installation's secret."""
    return await digest_of_email(table, normalise_email(email))
