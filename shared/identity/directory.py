"""A user pool of Cognito as the accounts ask it: seven operations, each with the rights that the accounts door alone has.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminInitiateAuth.html and its neighbours (2026-11).
Quotas: https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.aws.operation import Ask, NoAnswer, Refused
from shared.errors import InvalidRequest, StorageUnavailable, Unauthenticated

_WRONG: Final = frozenset(
    {
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
        "PasswordResetRequiredException",
    }
)
"""No such person, another password, disabled, locked out: whoever asks learns no more than that."""
_LONGEST_WAIT: Final = 0.2
"""Seconds before the second attempt, at most."""
_RETRY_AFTER: Final = 1.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Cognito gives for a password or a refresh token. `claims` are the access token's, which came from Cognito itself a moment ago."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    claims: Mapping[str, Any]


class Directory:
    """The pool, through one of its clients. All raise StorageUnavailable when Cognito does not answer or does not let us."""

    def __init__(
        self,
        ask: Ask,
        *,
        pool: str,
        client_id: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ask = ask
        self._pool = pool
        self._client_id = client_id
        self._sleep = sleep

    async def create(self, email: str, password: str) -> str | None:
        """A new person's id, or None if the e-mail has an account. No message is sent.

        The password is temporary until `make_permanent`: after a crash in between, signing in with it goes on where this stopped.

        Raises:
            InvalidRequest: the pool does not take that e-mail or that password.
        """
        wanted = {
            "Username": email,
            "TemporaryPassword": password,
            "MessageAction": "SUPPRESS",
            "UserAttributes": [{"Name": "email", "Value": email}],
        }
        try:
            answer = await self._answer("AdminCreateUser", wanted, repeatable=False)
        except Refused as refused:
            if refused.code == "UsernameExistsException":
                return None
            raise _unfit(refused) from refused
        attributes = {each["Name"]: each["Value"] for each in answer["User"]["Attributes"]}
        return str(attributes["sub"])

    async def make_permanent(self, email: str, password: str) -> None:
        """The password is theirs."""
        await self._must("AdminSetUserPassword", {"Username": email, "Password": password, "Permanent": True})

    async def add_to_group(self, email: str, group: str) -> None:
        """They are in that group, if they were or not."""
        await self._must("AdminAddUserToGroup", {"Username": email, "GroupName": group})

    async def take_from_group(self, email: str, group: str) -> None:
        """They are not in that group, if they were or not."""
        await self._must("AdminRemoveUserFromGroup", {"Username": email, "GroupName": group})

    async def delete(self, email: str) -> None:
        """They are forgotten, if there was such a person or not."""
        try:
            await self._answer("AdminDeleteUser", {"Username": email})
        except Refused as refused:
            if refused.code != "UserNotFoundException":
                raise _unavailable() from refused

    async def sign_in(self, email: str, password: str) -> Tokens | None:
        """New tokens, or None if either is wrong or they may not sign in.

        Raises:
            Unauthenticated: both are right, but Cognito asks for more than a password.
        """
        answer = await self._authenticate("ADMIN_USER_PASSWORD_AUTH", {"USERNAME": email, "PASSWORD": password})
        if answer is not None and answer.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            await self.make_permanent(email, password)
            answer = await self._authenticate("ADMIN_USER_PASSWORD_AUTH", {"USERNAME": email, "PASSWORD": password})
        return None if answer is None else _tokens(answer)

    async def continue_session(self, refresh: str) -> Tokens | None:
        """Newer tokens with the groups of now, or None if Cognito continues it no more."""
        answer = await self._authenticate("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": refresh})
        return None if answer is None else _tokens(answer, refresh)

    async def _authenticate(self, flow: str, parameters: Mapping[str, str]) -> dict[str, Any] | None:
        wanted = {"ClientId": self._client_id, "AuthFlow": flow, "AuthParameters": dict(parameters)}
        try:
            return await self._answer("AdminInitiateAuth", wanted)
        except Refused as refused:
            if refused.code in _WRONG:
                return None
            raise _unavailable() from refused

    async def _must(self, operation: str, wanted: dict[str, Any]) -> None:
        try:
            await self._answer(operation, wanted)
        except Refused as refused:
            raise _unavailable() from refused

    async def _answer(self, operation: str, wanted: dict[str, Any], *, repeatable: bool = True) -> dict[str, Any]:
        """The answer after at most two attempts. Raises Refused for what waiting does not change."""
        payload = {"UserPoolId": self._pool, **wanted}
        try:
            return await self._ask(operation, payload)
        except (Refused, NoAnswer) as fault:
            if isinstance(fault, Refused) and not fault.may_pass:
                raise
            if not repeatable and not (isinstance(fault, Refused) and fault.certainly_not_done):
                raise _unavailable() from fault
        await self._sleep(random.uniform(0, _LONGEST_WAIT))  # noqa: S311 - jitter
        try:
            return await self._ask(operation, payload)
        except (Refused, NoAnswer) as fault:
            if isinstance(fault, Refused) and not fault.may_pass:
                raise
            raise _unavailable() from fault


def _tokens(answer: Mapping[str, Any], refresh: str = "") -> Tokens:
    import jwt  # noqa: PLC0415 - 150 ms that only sessions need

    given = answer.get("AuthenticationResult")
    if not given:
        raise Unauthenticated("This account asks for more than a password, which signing in here does not take.")
    claims = jwt.decode(given["AccessToken"], options={"verify_signature": False})
    return Tokens(given["AccessToken"], given.get("RefreshToken", refresh), claims)


def _unfit(refused: Refused) -> InvalidRequest | StorageUnavailable:
    match refused.code:
        case "InvalidPasswordException":
            return InvalidRequest(
                "`password` is not what this installation asks of one. Choose a longer one, with capitals, digits and signs.",
                parameter="password",
            )
        case "InvalidParameterException":
            return InvalidRequest("`email` is not an address that this installation takes.", parameter="email")
        case _:
            return _unavailable()


def _unavailable() -> StorageUnavailable:
    return StorageUnavailable("The directory of accounts does not answer: try again", retry_after=_RETRY_AFTER)
