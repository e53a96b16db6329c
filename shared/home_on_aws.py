"""The home on AWS: its engines behind the ports, over one client of their own. Only `services` opens it."""

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from shared.aws.json_service import COGNITO, DYNAMODB, KMS, SQS, JsonService, Service
from shared.aws.own_identity import OwnIdentity
from shared.crypto.keys import KeyWrapper
from shared.egress.addresses import Rules, authority
from shared.egress.client import EgressClient
from shared.identity.accounts import Accounts
from shared.settings import AwsHome
from shared.storage.outbox import Outbox
from shared.storage.table import Table

_GIVES_CREDENTIALS: Final = frozenset(
    {"localhost", "127.0.0.1", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"}
)
"""Where the platform itself may stand with this function's credentials, over plain http:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html (2026-11)."""
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


class HomeOnAws:
    """Makes the engines of these settings.

    What is asked of AWS goes to places that the operator names, so no rule refuses them: a VPC endpoint has a private address, an emulator
    the loopback one. Callers have no say in any of it.
    """

    def __init__(self, home: AwsHome, *, now: Callable[[], float]) -> None:
        self._home = home
        self._now = now
        self._client = EgressClient(Rules(frozenset(_origins(home))))
        self._identity = OwnIdentity(home.environment, client=self._client, now=now)

    def table(self) -> Table:
        """DynamoDB's."""
        from shared.storage.dynamodb import DynamoDBTable  # noqa: PLC0415 - whoever asks for keys alone does not load it

        return DynamoDBTable(self._home.table, self._service(DYNAMODB), now=self._now)

    def key_wrapper(self) -> KeyWrapper:
        """KMS's."""
        from shared.crypto.kms import KmsWrapper  # noqa: PLC0415 - a door without keys does not load it

        return KmsWrapper(self._home.key, self._service(KMS))

    def outbox(self) -> Outbox:
        """SQS's."""
        from shared.storage.sqs_outbox import SqsOutbox  # noqa: PLC0415 - seldom needed

        return SqsOutbox(self._home.settlements, self._service(SQS))

    def accounts(self, table: Table) -> Accounts:
        """Cognito's."""
        from shared.identity.cognito import CognitoAccounts  # noqa: PLC0415 - programs have access tokens, not sessions
        from shared.identity.directory import Directory  # noqa: PLC0415 - the same
        from shared.identity.key_set import KeySet  # noqa: PLC0415 - the same

        home, pool = self._home, self._home.user_pool
        keys = KeySet(
            f"{home.endpoints['cognito-idp']}/{pool}/.well-known/jwks.json", client=self._client, now=self._now
        )
        directory = Directory(self._service(COGNITO), pool=pool, client_id=home.user_pool_client)
        return CognitoAccounts(
            table, directory, keys, issuer=home.issuer, client_id=home.user_pool_client, now=self._now
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._client.close()

    def _service(self, service: Service) -> JsonService:
        return JsonService(
            service,
            self._home.endpoints[service.name],
            self._home.region,
            client=self._client,
            identity=self._identity,
            now=self._now,
        )


def _origins(home: AwsHome) -> Iterator[str]:
    """`host:port` of every place that AWS is at."""
    given = home.environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    credentials = [given] if urlsplit(given).hostname in _GIVES_CREDENTIALS else []
    for url in (*home.endpoints.values(), *credentials):
        parts = urlsplit(url)
        yield authority(parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme])
