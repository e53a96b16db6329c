"""Sign up, sign in, refresh, sign out, and the keys that verify our sessions."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response

from functions.accounts.schemas import Credentials, KeySetAnswer, RefreshBody, SessionAnswer, UserAnswer, WhoAnswer
from shared.errors import Forbidden, LimitReached, Unauthenticated
from shared.identity.accounts import Session
from shared.identity.caller import Caller
from shared.identity.deeds import email_digest, note_deed
from shared.identity.throttle import SignInThrottle, SignUpThrottle
from shared.services import Services
from shared.storage.alerts import add_alert
from shared.storage.policies import find_policies
from shared.web.fastapi import person


def add_sessions(app: FastAPI, services: Services) -> None:
    """Their routes."""
    Person = Annotated[Caller, Depends(person(services))]  # noqa: N806 - a type
    tags: Any = ["Accounts"]

    @app.post("/api/auth/signup", status_code=201, tags=tags)
    async def sign_up(body: Credentials, request: Request) -> SessionAnswer:
        """Make an account and sign in. The very first account of an installation is its admin. An admin may have closed sign-up: 403."""
        await _permit_sign_up(services, _source(request))
        session = await services.accounts.sign_up(body.email, body.password)
        await services.audit.add("account.signed_up", actor=session.user.id, details={"role": session.user.role})
        return SessionAnswer.of(session)

    @app.post("/api/auth/signin", tags=tags)
    async def sign_in(body: Credentials, request: Request) -> SessionAnswer:
        """Sign in."""
        return SessionAnswer.of(await _signed_in(services, body, _source(request)))

    @app.post("/api/auth/refresh", tags=tags)
    async def refresh(body: RefreshBody) -> SessionAnswer:
        """Continue a session. The refresh token is good once; a second use ends the session."""
        return SessionAnswer.of(await services.accounts.refresh(body.refresh_token))

    @app.post("/api/auth/signout", status_code=204, tags=tags)
    async def sign_out(who: Person) -> None:
        """End this session, everywhere within five seconds."""
        await services.accounts.sign_out(who)
        await note_deed(services.audit, who, "account.signed_out")

    @app.get("/api/auth/session", tags=tags)
    async def session(who: Person) -> WhoAnswer:
        """Who is signed in."""
        if who.email is None:
            raise Unauthenticated("The session names nobody. Sign in again.")
        return WhoAnswer(user=UserAnswer(id=who.owner, email=who.email, role=who.role))

    @app.get("/.well-known/jwks.json", tags=tags)
    async def jwks(response: Response) -> KeySetAnswer:
        """The public keys that sessions are signed with."""
        response.headers["cache-control"] = "public, max-age=300"
        return KeySetAnswer.model_validate(await services.accounts.jwks())


async def _permit_sign_up(services: Services, source: str) -> None:
    """Let through whoever may make an account.

    Raises:
        Forbidden: an admin closed sign-up.
        LimitReached: too many came from there.
    """
    if (await find_policies(services.table)).sign_up == "closed":
        raise Forbidden("Sign-up is closed here. Ask an admin to open it for you: PUT /api/admin/sign-up.")
    await SignUpThrottle(services.table, now=services.now).admit(source)


async def _signed_in(services: Services, body: Credentials, source: str) -> Session:
    """Each try is counted before it is made, and written down after."""
    throttle = SignInThrottle(services.table, now=services.now)
    try:
        await throttle.admit(body.email, source)
        session = await services.accounts.sign_in(body.email, body.password)
    except (Unauthenticated, LimitReached) as refused:
        await _note_refused(services, body.email, refused)
        raise
    await throttle.forgive(body.email, source)
    await services.audit.add("account.signed_in", actor=session.user.id)
    return session


async def _note_refused(services: Services, email: str, refused: Unauthenticated | LimitReached) -> None:
    """By a digest of the e-mail. What the throttle refuses is an alert in place of an entry: a flood writes one row an hour."""
    digest = await email_digest(services.table, email)
    if isinstance(refused, LimitReached):
        details = {"limit": str(refused.details["limit"]), "resetTime": str(refused.details["resetTime"])}
        await add_alert(services.table, "failed_sign_ins", digest, now=services.now(), details=details)
    else:
        await services.audit.add("account.sign_in_failed", details={"email": digest})


def _source(request: Request) -> str:
    """The peer itself: headers that name another are anybody's (threat H1)."""
    return request.client.host if request.client else ""
