"""The buffered doors: a function each, and the least that each may do. What it takes is what it asks for: tests/infra/test_rights.py."""

from collections.abc import Mapping
from typing import Final

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.data import Data
from infra.door import Door, Shape
from infra.people import People
from infra.secrets import Secrets
from infra.stage import Stage
from shared.storage import layout

SIGNS_PEOPLE_IN: Final = (
    "AdminAddUserToGroup",
    "AdminCreateUser",
    "AdminDeleteUser",
    "AdminInitiateAuth",
    "AdminSetUserPassword",
)
GIVES_ROLES: Final = ("AdminAddUserToGroup", "AdminRemoveUserFromGroup")


class Doors(Construct):
    """Accounts, configs, key test, catalogue, analytics and administration, by the names of their folders in `functions/`."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: Stage,
        code: lambda_.Code,
        environment: Mapping[str, str],
        data: Data,
        secrets: Secrets,
        people: People,
    ) -> None:
        super().__init__(scope, id_)
        self._stage = stage
        self._code = code
        self._environment = environment
        self._data = data

        self.accounts = self._door("accounts", "Sign up, in and out; access tokens")
        data.grant(self.accounts.role, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        people.grant_manage(self.accounts.role, *SIGNS_PEOPLE_IN)

        self.configs = self._door("configs", "Provider configs; keys go in and come out of none")
        data.grant(self.configs.role, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        secrets.grant_seal(self.configs.role)
        secrets.grant_rewrap(self.configs.role)

        self.key_test = self._door("key_test", "Tries a key, and asks which models it may use")
        data.grant(self.key_test.role, "GetItem", "PutItem", "UpdateItem", "Query")
        secrets.grant_open(self.key_test.role)

        self.catalog = self._door("catalog", "Providers and models")
        data.grant(self.catalog.role, "GetItem", "Query")

        self.analytics = self._door("analytics", "What was used, what it cost, how fast it was")
        data.grant(self.analytics.role, "GetItem", "Query")

        if stage.country_header is not None:
            for reader in (self.catalog, self.analytics):
                self._let_note_countries(reader)

        self.admin = self._door("admin", "People, shared keys, limits, the audit log, alerts")
        data.grant(self.admin.role, "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        people.grant_manage(self.admin.role, *GIVES_ROLES)
        secrets.grant_seal(self.admin.role)
        secrets.grant_seal_alerts(self.admin.role)

    @property
    def all(self) -> Mapping[str, Door]:
        """By the names of their folders."""
        return {
            "accounts": self.accounts,
            "configs": self.configs,
            "key_test": self.key_test,
            "catalog": self.catalog,
            "analytics": self.analytics,
            "admin": self.admin,
        }

    def _let_note_countries(self, door: Door) -> None:
        """Every door notes from where it is called, and raises the alert: for one that else only reads, that and nothing more."""
        self._data.grant(door.role, "UpdateItem", partitions=[f"{layout.ALL_COUNTRIES}*"])
        alerts, waiting = layout.alerts().pk, layout.waiting_alerts().pk
        self._data.grant(door.role, "PutItem", partitions=[alerts, waiting])

    def _door(self, name: str, description: str) -> Door:
        shape = Shape(
            handler=f"functions.{name}.main.handler",
            description=description,
            memory=self._stage.door_memory,
            seconds=self._stage.door_seconds,
            concurrency=self._stage.door_concurrency,
        )
        return Door(
            self,
            name.title().replace("_", ""),
            stage=self._stage,
            shape=shape,
            code=self._code,
            environment=self._environment,
        )
