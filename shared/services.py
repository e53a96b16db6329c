"""The composition root: table, keys, accounts, client, lists of models and clock, each opened on first use. Above it no code knows which home it lives in."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from shared.crypto.keys import KeyWrapper
from shared.crypto.vault import Vault
from shared.egress.exchange import Client
from shared.identity.accounts import Accounts
from shared.identity.countries import Countries
from shared.identity.tokens import AccessTokens
from shared.records.audit import AuditEntry
from shared.settings import Settings
from shared.storage.audit import AuditLog
from shared.storage.table import Table

if TYPE_CHECKING:
    from shared.crypto.keyfile import KeyFile
    from shared.providers.models import ModelLists


def embedded_keys(settings: Settings) -> "KeyFile":
    """The embedded home's master keys."""
    from shared.crypto.keyfile import KeyFile  # noqa: PLC0415 - the other home does not load it

    return KeyFile(settings.home / "keys.json")


class Services:
    """What the doors ask for. A test hands in fakes by setting the attribute before its first use."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.now = now

    @cached_property
    def table(self) -> Table:
        """The one table."""
        from shared.storage.sqlite import SqliteTable  # noqa: PLC0415 - the other home does not load it

        return SqliteTable(self.settings.home / "table.sqlite", now=self.now)

    @cached_property
    def key_wrapper(self) -> KeyWrapper:
        """Who wraps data keys."""
        return embedded_keys(self.settings)

    @cached_property
    def vault(self) -> Vault:
        """Where provider keys are sealed and opened."""
        return Vault(self.key_wrapper, now=self.now)

    @cached_property
    def accounts(self) -> Accounts:
        """Who may sign in."""
        from shared.identity.local import LocalAccounts  # noqa: PLC0415 - the other home does not load it

        return LocalAccounts(self.table, self.key_wrapper, now=self.now)

    @cached_property
    def access_tokens(self) -> AccessTokens:
        """Which programs may call."""
        return AccessTokens(self.table, now=self.now)

    @cached_property
    def countries(self) -> Countries:
        """From where credentials are used."""
        return Countries(self.table, now=self.now)

    @cached_property
    def audit(self) -> AuditLog:
        """Where it is written down who did what. The digest of each entry goes into the process's own log too (threat I12)."""
        return AuditLog(self.table, now=self.now, written=_log_entry)

    @cached_property
    def client(self) -> Client:
        """The only way out."""
        from shared.egress.addresses import Rules  # noqa: PLC0415 - a door that asks no provider does not load it
        from shared.egress.client import EgressClient  # noqa: PLC0415 - the same

        return EgressClient(Rules(self.settings.egress_allow))

    @cached_property
    def model_lists(self) -> "ModelLists":
        """What providers lately said of their models, for all doors."""
        from shared.providers.models import ModelLists  # noqa: PLC0415 - a door that asks for no models does not load it

        return ModelLists(self.now)

    async def close(self) -> None:
        """Close what was opened."""
        for name in ("client", "table"):
            if name in self.__dict__:
                await self.__dict__[name].close()


def _log_entry(entry: AuditEntry) -> None:
    from shared.observability import logger  # noqa: PLC0415 - a request that is not audited need not load it

    logger().info("audited", extra={"audit_number": entry.number, "audit_digest": entry.digest, "action": entry.action})
