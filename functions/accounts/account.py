"""Everything that is kept of somebody: shown to them, and taken away."""

from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Request

from functions.accounts.schemas import AccountAnswer, Farewell
from shared.errors import Conflict, Forbidden
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.identity.throttle import SignInThrottle
from shared.services import Services
from shared.storage.erase import bury_owner, erase_owner
from shared.storage.export import export_owner
from shared.storage.people import changing_roles, has_other_admin
from shared.web.fastapi import person

TEXTS: Final = "/api/account/texts"
"""The chat door's, for on AWS this one opens no journals."""


def add_account(app: FastAPI, services: Services) -> None:
    """Their routes."""
    Person = Annotated[Caller, Depends(person(services))]  # noqa: N806 - a type
    tags: Any = ["Accounts"]

    @app.get("/api/account", tags=tags)
    async def export(who: Person) -> AccountAnswer:
        """All that is kept of the caller, but for secrets: no key, no digest, no hash of a password. `GET /api/account/texts` gives the texts."""
        await note_deed(services.audit, who, "account.exported")
        kept = await export_owner(services.table, who.owner)
        return AccountAnswer(account=kept.account, kept=kept.items, audit=kept.deeds, texts=TEXTS)

    @app.delete("/api/account", status_code=204, tags=tags)
    async def delete(body: Farewell, request: Request, who: Person) -> None:
        """Delete the account and all that is kept of it, for good. Keys, sessions and access tokens end at once, and on AWS everywhere within five seconds."""
        await _check_password(services, body, who, request.client.host if request.client else "")
        async with changing_roles(services.table, services.now()):
            if who.role == "admin" and not await has_other_admin(services.table, who.owner):
                raise Conflict("You are the last admin. Make somebody else admin first.", details={"parameter": "role"})
            await note_deed(services.audit, who, "account.deleted", subject=who.owner)
            await _erase(services, who)


async def _erase(services: Services, who: Caller) -> None:
    """From here on this process accepts nothing of theirs; what others write while they have not heard of it, the sweeper erases."""
    await bury_owner(services.table, who.owner, now=services.now())
    services.accounts.forget(who.owner)
    services.access_tokens.forget_all_of(who.owner)
    await erase_owner(services.table, who.owner)
    await services.accounts.remove(who.email or "")
    await services.table.scrub(thoroughly=True)  # where it cannot be done now, the sweeper does it


async def _check_password(services: Services, body: Farewell, who: Caller, source: str) -> None:
    """A session alone, which may be stolen, deletes nothing. Guesses count as those of signing in do.

    Raises:
        Forbidden: it is another password.
        LimitReached: too many were wrong.
    """
    email, throttle = who.email or "", SignInThrottle(services.table, now=services.now)
    await throttle.admit(email, source)
    if not await services.accounts.knows(email, body.password):
        raise Forbidden("The password is wrong. Nothing was deleted.", details={"parameter": "password"})
    await throttle.forgive(email, source)
