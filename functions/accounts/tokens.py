"""Access tokens: made, listed, changed, replaced and revoked by the person they speak for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, FastAPI

from functions.accounts.schemas import (
    NewToken,
    TokenAnswer,
    TokenChange,
    TokensAnswer,
    UsedTokenAnswer,
    WholeTokenAnswer,
)
from shared.errors import Conflict, InvalidRequest, NotFound
from shared.identity.caller import Caller
from shared.identity.deeds import note_deed
from shared.identity.opaque import digest_of
from shared.identity.sessions import signed_out
from shared.identity.tokens import mint_token
from shared.insight.spending import spending_of
from shared.records.changes import of_token
from shared.records.limits import Scope
from shared.records.route import is_route_name
from shared.records.token import AccessToken
from shared.services import Services
from shared.storage.accounts import find_account
from shared.storage.policies import limits_of_token
from shared.storage.routes import find_route
from shared.storage.tokens import MOST_TOKENS, add_token, change_token, delete_token, find_owned_token, list_tokens
from shared.web.fastapi import person

LONGEST_ID = 64
"""Characters. Ours have 16; a longer one is nobody's."""


def add_tokens(app: FastAPI, services: Services) -> None:
    """Their routes."""
    Person = Annotated[Caller, Depends(person(services))]  # noqa: N806 - a type
    tags: Any = ["Access tokens"]

    @app.get("/api/tokens", tags=tags)
    async def show(who: Person) -> TokensAnswer:
        """All of the caller's access tokens, the oldest first, and what was spent with each; their secrets never."""
        tokens = await list_tokens(services.table, who.owner)
        spending = await spending_of(
            services.table,
            ((Scope("token", token.id), limits_of_token(token)) for token in tokens),
            now=services.now(),
        )
        return TokensAnswer(tokens=[UsedTokenAnswer.using(*each) for each in zip(tokens, spending, strict=True)])

    @app.post("/api/tokens", status_code=201, tags=tags)
    async def make(body: NewToken, who: Person) -> WholeTokenAnswer:
        """A new access token. It is shown whole here and never again."""
        if len(await list_tokens(services.table, who.owner)) >= MOST_TOKENS:
            raise Conflict(f"There are {MOST_TOKENS} access tokens already. Delete one first.")
        await _check_routes(services, who, body)
        token_id, whole = mint_token()
        now = int(services.now())
        token = AccessToken(
            id=token_id, owner=who.owner, digest=digest_of(whole), created_at=now, updated_at=now, **body.given()
        )
        await add_token(services.table, settled := _settled(token, now))
        await _check_still_there(services, settled)
        await note_deed(services.audit, who, "token.created", subject=settled.id, **of_token(None, settled))
        return WholeTokenAnswer.of(settled, token=whole)

    @app.patch("/api/tokens/{token_id}", tags=tags)
    async def change(token_id: str, body: TokenChange, who: Person) -> TokenAnswer:
        """Change what is given; null lifts a limit."""
        old = await _get(services, who, token_id)
        await _check_routes(services, who, body, known=old.routes or ())
        written = await _write(services, old, _changed(old, body.given(), int(services.now())))
        fields = " ".join(sorted(body.given()))
        await note_deed(services.audit, who, "token.changed", subject=old.id, fields=fields, **of_token(old, written))
        return TokenAnswer.of(written)

    @app.post("/api/tokens/{token_id}/rotate", tags=tags)
    async def rotate(token_id: str, who: Person) -> WholeTokenAnswer:
        """A new secret under the same id and limits. The old one is refused everywhere within five seconds."""
        old = await _get(services, who, token_id)
        _, whole = mint_token(old.id)
        new = replace(old, digest=digest_of(whole), updated_at=int(services.now()))
        written = await _write(services, old, new)
        await note_deed(services.audit, who, "token.rotated", subject=old.id)
        return WholeTokenAnswer.of(written, token=whole)

    @app.delete("/api/tokens/{token_id}", status_code=204, tags=tags)
    async def revoke(token_id: str, who: Person) -> None:
        """Revoke it: refused everywhere within five seconds."""
        token = await _get(services, who, token_id)
        await delete_token(services.table, token)
        services.access_tokens.forget(token)
        await note_deed(services.audit, who, "token.revoked", subject=token.id)


async def _check_still_there(services: Services, token: AccessToken) -> None:
    """An account may be deleted while it is given a token, which whoever erases it would then not find. Raises Unauthenticated."""
    account = await find_account(services.table, token.owner)
    if account is None or not account.is_active:
        await delete_token(services.table, token)
        raise signed_out()


async def _get(services: Services, who: Caller, token_id: str) -> AccessToken:
    sane = len(token_id) <= LONGEST_ID
    token = await find_owned_token(services.table, who.owner, token_id) if sane else None
    if token is None:
        raise _absent()
    return token


async def _check_routes(services: Services, who: Caller, body: TokenChange, known: Sequence[str] = ()) -> None:
    """A route that is not there would allow nothing. What the token has already may have been forgotten since."""
    for place, name in enumerate(body.routes or ()):
        if name in known:
            continue
        if not is_route_name(name) or await find_route(services.table, who.owner, name, consistent=True) is None:
            raise InvalidRequest(
                f"`routes[{place}]` is none of your routes: GET /api/routes lists them, PUT /api/routes/{{name}} makes one.",
                parameter=f"routes[{place}]",
            )


async def _write(services: Services, old: AccessToken, new: AccessToken) -> AccessToken:
    written = await change_token(services.table, old, new)
    services.access_tokens.forget(old)
    if written is None:
        raise _absent()
    return written


def _changed(old: AccessToken, given: Mapping[str, Any], now: int) -> AccessToken:
    if given.get("name", old.name) is None:
        raise InvalidRequest("`name` cannot be null. Leave it out to keep it.", parameter="name")
    if given.get("budget_usd", old.budget_usd) is None:
        given = {"budget_period": None, **given}  # the period of a budget that is lifted goes with it
    return _settled(replace(old, **given, updated_at=now), now if "expires_at" in given else None)


def _absent() -> NotFound:
    """Absent, or somebody else's: alike (threat I3)."""
    return NotFound("There is no such access token.")


def _settled(token: AccessToken, now: int | None) -> AccessToken:
    """A budget has a period, and nothing else has. `now` asks that the expiry lies ahead."""
    if now is not None and token.expires_at is not None and token.expires_at <= now:
        raise InvalidRequest("`expiresAt` is in the past. Choose a time to come, or null.", parameter="expiresAt")
    if token.budget_usd is None and token.budget_period is not None:
        raise InvalidRequest(
            "`budgetPeriod` is how often a budget begins anew: give `budgetUsd` with it, or leave it out.",
            parameter="budgetPeriod",
        )
    if token.budget_usd is not None and token.budget_period is None:
        return replace(token, budget_period="month")
    return token
