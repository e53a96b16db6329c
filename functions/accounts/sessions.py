"""Sign up, sign in, refresh, sign out, and the keys that verify our sessions."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response

from functions.accounts.schemas import Credentials, KeySetAnswer, RefreshBody, SessionAnswer, UserAnswer, WhoAnswer
from shared.errors import Unauthenticated
from shared.identity.caller import Caller
from shared.identity.throttle import SignInThrottle
from shared.services import Services
from shared.web.fastapi import person


def add_sessions(app: FastAPI, services: Services) -> None:
    """Their routes."""
    Person = Annotated[Caller, Depends(person(services))]  # noqa: N806 - a type
    tags: Any = ["Accounts"]

    @app.post("/api/auth/signup", status_code=201, tags=tags)
    async def sign_up(body: Credentials) -> SessionAnswer:
        """Make an account and sign in. The very first account of an installation is its admin."""
        return SessionAnswer.of(await services.accounts.sign_up(body.email, body.password))

    @app.post("/api/auth/signin", tags=tags)
    async def sign_in(body: Credentials, request: Request) -> SessionAnswer:
        """Sign in."""
        throttle, source = SignInThrottle(services.table, now=services.now), _source(request)
        await throttle.admit(body.email, source)
        session = await services.accounts.sign_in(body.email, body.password)
        await throttle.forgive(body.email, source)
        return SessionAnswer.of(session)

    @app.post("/api/auth/refresh", tags=tags)
    async def refresh(body: RefreshBody) -> SessionAnswer:
        """Continue a session. The refresh token is good once; a second use ends the session."""
        return SessionAnswer.of(await services.accounts.refresh(body.refresh_token))

    @app.post("/api/auth/signout", status_code=204, tags=tags)
    async def sign_out(who: Person) -> None:
        """End this session, everywhere within five seconds."""
        await services.accounts.sign_out(who)

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


def _source(request: Request) -> str:
    """The peer itself: headers that name another are anybody's (threat H1)."""
    return request.client.host if request.client else ""
