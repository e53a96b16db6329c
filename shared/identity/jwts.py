"""What a signed session token says, whoever issued it. Threat I2: algorithm and keys are ours, whatever its header says.

PyJWT checks signature, issuer and audience; use and times are checked here, by our own clock. JWT: RFC 7519, best practice: RFC 8725.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from shared.errors import Unauthenticated

type PublicKey = EllipticCurvePublicKey | RSAPublicKey

_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_TIMES: Final = ("iat", "nbf", "exp")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a good token has: who issued it, for whom (None: the issuer's tokens do not say), how it is signed, and which claims must be there."""

    issuer: str
    audience: str | None
    algorithm: str
    required: tuple[str, ...]


async def read_claims(
    token: str, expected: Expected, find_key: Callable[[str], Awaitable[PublicKey | None]], now: Callable[[], float]
) -> Mapping[str, Any]:
    """The claims, once signature, issuer, audience, use and times are right. `find_key` gives the issuer's key of that id.

    Raises:
        Unauthenticated: one of them is not right.
    """
    import jwt  # noqa: PLC0415 - 150 ms that only sessions need

    try:
        kid = jwt.get_unverified_header(token).get("kid") if _JWT.fullmatch(token) else None
        key = await find_key(kid) if isinstance(kid, str) else None
        if key is None:
            raise not_valid()
        claims = jwt.decode(
            token,
            key,
            algorithms=[expected.algorithm],
            issuer=expected.issuer,
            audience=expected.audience,
            options={
                "require": list(expected.required),
                "verify_aud": expected.audience is not None,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.InvalidTokenError as error:
        raise not_valid() from error
    _check_times_and_use(claims, now())
    return claims


def not_valid() -> Unauthenticated:
    """One message for everything that is wrong with a token but its age."""
    return Unauthenticated("The session token is not valid. Sign in.")


def _check_times_and_use(claims: Mapping[str, Any], now: float) -> None:
    """By our own clock, which PyJWT does not take."""
    times = [claims[name] for name in _TIMES if name in claims]
    right_use = claims["token_use"] == "access"  # noqa: S105 - a kind of token, not one
    if not right_use or not all(type(time) is int for time in times):
        raise not_valid()
    if not claims.get("nbf", 0) <= now < claims["exp"]:
        raise Unauthenticated("The session token has expired. Refresh it.")
