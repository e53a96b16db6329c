"""What is learnt of a key by asking with it: whether the provider takes it, and from when on it wants to hear of it again."""

import math
from contextlib import suppress

from shared.errors import CredentialRejected, KeyCoolingDown, RealMultiLLMError, StorageUnavailable, Throttled
from shared.gateway.asking.retry import LONGEST_WAIT
from shared.gateway.guard.suspicion import note_refused_key
from shared.gateway.targets.target import Target
from shared.records.config import KeyStatus
from shared.services import Services
from shared.storage.configs import cool_down, mark_key


async def note_answer(services: Services, target: Target) -> None:
    """The provider took the key."""
    await _note(services, target, "valid")


async def note_failure(services: Services, target: Target, error: RealMultiLLMError) -> None:
    """Whether it refused the key, or wants it to rest for longer than anybody waits in here. Traps 31, 32."""
    match error:
        case CredentialRejected():
            await _note(services, target, "rejected")
            await note_refused_key(services.table, target.config.owner, target.provider.id, services.now())
        case Throttled(retry_after=float(rest)) if rest > LONGEST_WAIT and not isinstance(error, KeyCoolingDown):
            with suppress(StorageUnavailable):
                await cool_down(services.table, target.config, math.ceil(services.now() + rest))


async def _note(services: Services, target: Target, status: KeyStatus) -> None:
    """The answer, or its failure, matters more than that note."""
    with suppress(StorageUnavailable):
        await mark_key(services.table, target.config, status)
