"""Both homes of the Accounts port, so that one contract suite runs against both."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import jwt
import pytest

from shared.aws.json_service import COGNITO
from shared.crypto.keyfile import KeyFile
from shared.egress.client import EgressClient
from shared.identity.accounts import Accounts
from shared.identity.cognito import CognitoAccounts
from shared.identity.directory import Directory
from shared.identity.key_set import KeySet
from shared.identity.local import LocalAccounts
from shared.identity.passwords import Cost, Passwords
from tests.fakes.aws import REGION, Aws, Faulty
from tests.fakes.services import CountingTable, FixedClock

EMAIL, PASSWORD = "alice@example.com", "correct horse"


class Installation(Protocol):
    """One installation, of whichever home."""

    clock: FixedClock
    table: CountingTable

    def process(self) -> Accounts:
        """Another process of it."""
        ...

    async def forge(self, token: str, claims: dict[str, Any], headers: dict[str, Any]) -> str:
        """The token with these claims and headers instead of its own (None takes one out), signed with the issuer's own key."""
        ...


@dataclass
class OneMachine:
    """Accounts in the table."""

    folder: Path
    clock: FixedClock
    table: CountingTable

    def process(self) -> LocalAccounts:
        passwords = Passwords(Cost(n=2**4))
        return LocalAccounts(self.table, KeyFile(self.folder / "keys.json"), now=self.clock, passwords=passwords)

    async def forge(self, token: str, claims: dict[str, Any], headers: dict[str, Any]) -> str:
        key = await self.process()._keys.newest()
        ours = changed({"kid": key.kid}, headers)
        return jwt.encode(changed(unverified(token), claims), key.private, algorithm="ES256", headers=ours)


@dataclass
class OnAws:
    """Accounts in a user pool, as moto plays it. `faulty` fails when told to; `keys` may be moved to where nobody answers."""

    aws: Aws
    clock: FixedClock
    table: CountingTable
    http: EgressClient
    pool: str
    client_id: str
    faulty: Faulty
    keys_at: str = field(default="")

    def process(self) -> CognitoAccounts:
        directory = Directory(self.faulty, pool=self.pool, client_id=self.client_id, sleep=no_sleep)
        place = self.keys_at or f"{self.aws.url}/{self.pool}/.well-known/jwks.json"
        keys = KeySet(place, client=self.http, now=self.clock)
        return CognitoAccounts(
            self.table, directory, keys, issuer=self.issuer, client_id=self.client_id, now=self.clock
        )

    @property
    def issuer(self) -> str:
        return f"https://cognito-idp.{REGION}.amazonaws.com/{self.pool}"

    async def forge(self, token: str, claims: dict[str, Any], headers: dict[str, Any]) -> str:
        ours = changed({"kid": "dummy"}, headers)
        return jwt.encode(changed(unverified(token), claims), motos_key(), algorithm="RS256", headers=ours)


async def no_sleep(_seconds: float) -> None:
    """Nobody waits in a test."""


@cache
def motos_key() -> Any:
    """The private key with which moto signs, for all its pools."""
    from moto.utilities.utils import load_resource  # noqa: PLC0415 - here alone

    return jwt.PyJWK(load_resource("cognitoidp/resources/jwks-private.json"), algorithm="RS256").key


def unverified(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def changed(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**ours, **theirs}.items() if value is not None}


@pytest.fixture
def clock() -> FixedClock:
    """Begins now: moto asks no clock but the machine's."""
    return FixedClock(float(int(time.time())))


@pytest.fixture
def table(clock: FixedClock) -> CountingTable:
    return CountingTable(now=clock)


@pytest.fixture
def one_machine(table: CountingTable, clock: FixedClock, tmp_path: Path) -> OneMachine:
    return OneMachine(tmp_path, clock, table)


@pytest.fixture
async def on_aws(aws: Aws, table: CountingTable, clock: FixedClock) -> AsyncIterator[OnAws]:
    http = aws.http()
    pool, client_id = aws.create_user_pool()
    yield OnAws(aws, clock, table, http, pool, client_id, Faulty(aws.ask(COGNITO, client=http)))
    await http.close()


@pytest.fixture(params=["one_machine", "on_aws"])
def installation(request: pytest.FixtureRequest) -> Installation:
    found: Installation = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def accounts(installation: Installation) -> Accounts:
    return installation.process()


@pytest.fixture
def another(installation: Installation) -> Callable[[], Accounts]:
    return installation.process
