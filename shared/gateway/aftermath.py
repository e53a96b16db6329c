"""What is learnt by asking: whether the key is good, and whom we asked how often."""

from collections.abc import Sequence
from contextlib import suppress

from shared.chat.receipt import Attempt
from shared.errors import CredentialRejected, ProviderError, StorageUnavailable
from shared.gateway.target import Target
from shared.gateway.watch import note_refused_key
from shared.records.config import KeyStatus
from shared.services import Services
from shared.storage.configs import mark_key


async def note_answer(services: Services, target: Target) -> None:
    """The provider took the key."""
    await _note(services, target, "valid")


async def note_failure(services: Services, target: Target, attempts: Sequence[Attempt], error: ProviderError) -> None:
    """Whether the key was refused; and the error's answer says in its head whom we asked."""
    if isinstance(error, CredentialRejected):
        await _note(services, target, "rejected")
        await note_refused_key(services.table, target.config.owner, target.provider.id, services.now())
    error.headers = {
        **error.headers,
        "x-realmultillm-provider": target.provider.id,
        "x-realmultillm-model": target.model,
        "x-realmultillm-attempts": str(len(attempts)),
    }


async def _note(services: Services, target: Target, status: KeyStatus) -> None:
    """The answer, or its failure, matters more than that note."""
    with suppress(StorageUnavailable):
        await mark_key(services.table, target.config, status)
