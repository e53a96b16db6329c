"""The composition root: table, keys, accounts, client, what is known of providers, and clock, each opened on first use. Above it no code knows which home it lives in."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.crypto.keys import KeyWrapper
from shared.crypto.vault import Vault
from shared.egress.exchange import Client
from shared.errors import StorageUnavailable
from shared.identity.accounts import Accounts
from shared.identity.countries import Countries
from shared.identity.tokens import AccessTokens
from shared.records.audit import AuditEntry
from shared.running import Running
from shared.settings import Settings
from shared.storage.audit import AuditLog
from shared.storage.table import Table

if TYPE_CHECKING:
    from shared.crypto.keyfile import KeyFile
    from shared.health.breakers import Breakers
    from shared.health.incidents import Incidents
    from shared.health.latencies import Latencies
    from shared.health.refusals import RefusalLog
    from shared.home_on_aws import HomeOnAws
    from shared.providers.models import ModelLists
    from shared.storage.admission import Admissions
    from shared.storage.outbox import Outbox
    from shared.storage.spending import Spending

_OF_BEFORE = (
    "table",
    "key_wrapper",
    "vault",
    "accounts",
    "access_tokens",
    "audit",
    "countries",
    "client",
    "model_lists",
    "breakers",
    "admissions",
    "spending",
    "outbox",
    "_on_aws",
)
"""What holds connections, credentials, or what was true a moment ago."""


def embedded_keys(settings: Settings) -> "KeyFile":
    """The embedded home's master keys."""
    from shared.crypto.keyfile import KeyFile  # noqa: PLC0415 - the other home does not load it

    return KeyFile(settings.home / "keys.json")


class Services:
    """What the doors ask for. A test hands in fakes by setting the attribute before its first use."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.now = now
        self._to_be_done: set[asyncio.Task[Any]] = set()
        self._settlement_secret: bytes | None = None
        self._foreseen = False

    @cached_property
    def table(self) -> Table:
        """The one table."""
        if self._on_aws is not None:
            return self._on_aws.table()
        from shared.storage.sqlite import SqliteTable  # noqa: PLC0415 - the other home does not load it

        return SqliteTable(self.settings.home / "table.sqlite", now=self.now)

    @cached_property
    def key_wrapper(self) -> KeyWrapper:
        """Who wraps data keys."""
        return embedded_keys(self.settings) if self._on_aws is None else self._on_aws.key_wrapper()

    @cached_property
    def vault(self) -> Vault:
        """Where provider keys are sealed and opened."""
        return Vault(self.key_wrapper, now=self.now)

    @cached_property
    def admissions(self) -> "Admissions":
        """Who may go on, and who is under way."""
        from shared.storage.admission import Admissions  # noqa: PLC0415 - a door that carries no requests does not load it

        return Admissions(self.table, now=self.now)

    @cached_property
    def spending(self) -> "Spending":
        """What owners spend in an hour."""
        from shared.storage.spending import Spending  # noqa: PLC0415 - as above

        return Spending(self.table, now=self.now)

    @cached_property
    def outbox(self) -> "Outbox":
        """Where settlements wait that the table did not take."""
        if self._on_aws is not None:
            return self._on_aws.outbox()
        from shared.storage.folder_outbox import FolderOutbox  # noqa: PLC0415 - seldom needed

        return FolderOutbox(self.settings.home / "unsettled")

    async def settlement_secret(self) -> bytes:
        """What settlements are signed with that the table does not take. Raises StorageUnavailable when it was never read before."""
        if self._settlement_secret is None:
            from shared.storage.installation import fingerprint_secret  # noqa: PLC0415 - seldom needed

            self._settlement_secret = await fingerprint_secret(self.table)
        return self._settlement_secret

    def foresee_settlement(self) -> None:
        """Read that secret beside what is going on, so that an end can be signed of which the table hears nothing any more."""
        if self._settlement_secret is None and not self._foreseen:
            self._foreseen = True
            self.surely(self._foresee())

    async def _foresee(self) -> None:
        try:
            await self.settlement_secret()
        except StorageUnavailable:
            self._foreseen = False  # the next request tries again

    def surely[T](self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """A task that goes on when whoever waits for it leaves, and is waited for before the table is closed."""
        task = asyncio.ensure_future(work)
        self._to_be_done.add(task)
        task.add_done_callback(self._to_be_done.discard)
        return task

    @cached_property
    def accounts(self) -> Accounts:
        """Who may sign in."""
        if self._on_aws is not None:
            return self._on_aws.accounts(self.table)
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

    @cached_property
    def running(self) -> Running:
        """The answers that this process is giving."""
        return Running()

    @cached_property
    def breakers(self) -> "Breakers":
        """Which providers are asked at present."""
        from shared.health.breakers import Breakers  # noqa: PLC0415 - a door that asks no provider does not load it
        from shared.records.ids import mint_id  # noqa: PLC0415 - the same

        return Breakers(self.table, mint_id(), now=self.now, incidents=self.incidents)

    @cached_property
    def incidents(self) -> "Incidents":
        """Which breakers opened and which limits refused; CloudWatch is told, where we live there."""
        from shared.health.incidents import Incidents  # noqa: PLC0415 - a door that asks no provider does not load it
        from shared.observability import write_incident  # noqa: PLC0415 - the same

        return Incidents(None if self.settings.aws is None else write_incident)

    @cached_property
    def refusals(self) -> "RefusalLog":
        """Tells the log of what is refused."""
        from shared.health.refusals import RefusalLog  # noqa: PLC0415 - most requests are not

        return RefusalLog(now=self.now)

    @cached_property
    def latencies(self) -> "Latencies":
        """Which models answer quickly."""
        from shared.health.latencies import Latencies  # noqa: PLC0415 - the same

        return Latencies()

    @cached_property
    def tells_cloudwatch(self) -> bool:
        """CloudWatch reads the log, and makes metrics of it."""
        return self.settings.aws is not None

    @cached_property
    def _on_aws(self) -> "HomeOnAws | None":
        if self.settings.aws is None:
            return None
        from shared.home_on_aws import HomeOnAws  # noqa: PLC0415 - the other home does not load it

        return HomeOnAws(self.settings.aws, now=self.now)

    async def close(self) -> None:
        """Close what was opened, once what was begun is done."""
        while self._to_be_done:
            await asyncio.gather(*self._to_be_done, return_exceptions=True)
        for name in ("client", "table", "_on_aws"):
            opened: Any = self.__dict__.get(name)
            if opened is not None:
                await opened.close()

    async def restored(self) -> None:
        """This process was just restored from a snapshot (SnapStart), perhaps long after and many times over.

        Its connections are dead, its credentials another's, and what it remembered of sessions and keys was true then: all of it is
        dropped, and opened anew by the next who asks. https://docs.aws.amazon.com/lambda/latest/dg/snapstart-best-practices.html (2026-11)
        """
        await self.close()
        for name in _OF_BEFORE:
            self.__dict__.pop(name, None)


def _log_entry(entry: AuditEntry) -> None:
    from shared.observability import logger  # noqa: PLC0415 - a request that is not audited need not load it

    logger().info("audited", extra={"audit_number": entry.number, "audit_digest": entry.digest, "action": entry.action})
