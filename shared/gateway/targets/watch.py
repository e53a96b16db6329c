"""One target, watched while it is asked: nobody asks who rests, and how it fares is told to those who come after. faults.md, breaker and cool-down."""

from typing import Self

from shared.errors import (
    CircuitOpen,
    KeyCoolingDown,
    ProviderFailed,
    ProviderTimeout,
    RealMultiLLMError,
    StreamStalled,
    TlsFailed,
    Unreachable,
)
from shared.gateway.targets.target import Target
from shared.observability import ProviderDistrusted, logger
from shared.services import Services

_ITS_OWN_FAULT = (ProviderFailed, ProviderTimeout, StreamStalled, Unreachable)
"""What speaks against a provider: no connection, no TLS, no answer in time, a 5xx, an error inside a 200 (trap 28). No refusal does (threat I11)."""

_REFUSALS = 4


class Watch:
    """Listens to the attempts at one target. Leaving its context decides the probe, where this was one."""

    def __init__(self, services: Services, target: Target, probe: str | None) -> None:
        self._services = services
        self._target = target
        self._probe = probe
        self._spoken = False
        self._failed = False

    @classmethod
    async def begin(cls, services: Services, target: Target, *, alone: bool = True) -> Self:
        """Ask to ask. `alone`: nobody else could answer, so a key that was told to wait is tried all the same: its provider knows best for how long.

        Raises:
            KeyCoolingDown: the provider wants to hear nothing of this key yet.
            CircuitOpen: it fails whoever asks.
        """
        name, left = target.provider.name, target.config.cooling_until - services.now()
        details = {"provider": target.provider.id}
        if left > 0 and not alone:
            raise KeyCoolingDown(
                f"{name} wants to be asked later with this key. Wait as long as `Retry-After` says, or name a fallback.",
                details=details,
                retry_after=left,
            )
        entry = await services.breakers.enter(target.place)
        if entry.wait is not None:
            raise CircuitOpen(
                f"{name} fails many callers at present, so it is left alone for a while. Wait, or name a fallback.",
                details=details,
                retry_after=entry.wait,
            )
        return cls(services, target, entry.probe)

    def ended(self, error: RealMultiLLMError | None, milliseconds: int) -> None:
        """One attempt is over."""
        target, health = self._target, self._services
        if isinstance(error, TlsFailed):  # somebody may be in between: no key was sent, but a person has to look
            health.incidents.note(ProviderDistrusted(target.provider.id, "certificate"))
            logger().warning("provider's certificate refused", extra={"provider": target.provider.id})
        if error is None:
            health.breakers.count_answer(target.place, milliseconds)
            health.latencies.note(target.place.name, target.model, milliseconds)
        elif _is_its_own_fault(error):
            self._failed = True
            health.breakers.count_failure(target.place, target.config.owner)
            health.latencies.note_failure(target.place.name, target.model)

    async def spoken(self) -> None:
        """The first word is heard: whatever comes after it, the provider answers."""
        if not self._spoken:
            self._spoken = True
            await self._services.breakers.answered(self._target.place, self._probe)

    async def __aenter__(self) -> Self:
        """For as long as the target is asked."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Who left before the first word has learnt nothing."""
        breakers, place = self._services.breakers, self._target.place
        if not self._spoken:
            await (breakers.failed if self._failed else breakers.undecided)(place, self._probe)
        await breakers.write()


def _is_its_own_fault(error: RealMultiLLMError) -> bool:
    """Some say 408 or 424 for a time-out or a failure of theirs; a 4xx it is all the same."""
    status = error.details.get("providerStatus")
    refused = isinstance(status, int) and status // 100 == _REFUSALS
    return isinstance(error, _ITS_OWN_FAULT) and not refused
