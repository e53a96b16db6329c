"""Who this installation is on AWS: the credentials of the role that its Lambda runs under.

They stand in the environment (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), or, where a function is restored
from a snapshot, behind a URL that the environment names (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html;
2026-11). Either is read again as soon as it has changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.aws.operation import NoAnswer
from shared.aws.signature import Credentials
from shared.egress.exchange import Client, Outbound, Timeouts
from shared.errors import AddressRefused, InvalidRequest, ProviderError
from shared.wire.json import read_lenient

EARLY: Final = 300.0
"""Seconds before their end from which on fetched credentials are fetched again."""
PATIENCE: Final = Timeouts(connect=1.0, first_byte=2.0, idle=1.0, total=4.0)
_LARGEST: Final = 64 * 1024
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class _Fetched:
    place: str
    credentials: Credentials
    until: float


class OwnIdentity:
    """Gives the credentials of this moment. `environment` is the living one, not a copy."""

    def __init__(self, environment: Mapping[str, str], *, client: Client, now: Callable[[], float]) -> None:
        self._environment = environment
        self._client = client
        self._now = now
        self._fetched: _Fetched | None = None

    async def credentials(self) -> Credentials:
        """What signs.

        Raises:
            NoAnswer: the environment names none, or whoever it names does not give any.
        """
        given = self._environment
        access_key, secret_key = given.get("AWS_ACCESS_KEY_ID"), given.get("AWS_SECRET_ACCESS_KEY")
        if access_key and secret_key:
            return Credentials(access_key, secret_key, given.get("AWS_SESSION_TOKEN") or None)
        place = given.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if not place:
            raise NoAnswer(
                "no AWS credentials: give this process a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        kept = self._fetched
        if kept is None or kept.place != place or self._now() >= kept.until:
            kept = self._fetched = await self._fetch(place)
        return kept.credentials

    def forget(self) -> None:
        """Fetch them again: they are over, or of before a restore."""
        self._fetched = None

    async def _fetch(self, place: str) -> _Fetched:
        proof = self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        question = Outbound("GET", place, {"accept": "application/json", **({"authorization": proof} if proof else {})})
        try:
            async with self._client.send(question, PATIENCE) as inbound:
                body = await inbound.read(_LARGEST)
        except (ProviderError, AddressRefused, InvalidRequest) as error:
            raise NoAnswer(f"the place of this function's credentials does not answer ({error.code})") from error
        if inbound.status != _OK:
            raise NoAnswer(f"the place of this function's credentials answers {inbound.status}")
        return _read(place, body)


def _read(place: str, body: bytes) -> _Fetched:
    try:
        said: Any = read_lenient(body)
        credentials = Credentials(str(said["AccessKeyId"]), str(said["SecretAccessKey"]), str(said["Token"]))
        until = datetime.fromisoformat(said["Expiration"]).timestamp()
    except (KeyError, TypeError, ValueError) as error:
        raise NoAnswer("the place of this function's credentials gives none") from error
    return _Fetched(place, credentials, until - EARLY)
