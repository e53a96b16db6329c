"""How the providers of a caller fare, as all processes saw it in the last minute or two."""

from dataclasses import dataclass
from typing import Final

from shared.errors import AddressRefused, InvalidRequest
from shared.gateway.asking.probe import trial_target
from shared.gateway.targets.keyring import all_usable
from shared.gateway.targets.permits import may_see
from shared.identity.caller import Caller
from shared.providers.find import find_provider
from shared.records.config import ProviderConfig
from shared.services import Services
from shared.storage.breakers import State

STATES: Final[dict[State, str]] = {"closed": "closed", "open": "open", "half": "half-open"}


@dataclass(frozen=True, slots=True)
class Fare:
    """One provider: its breaker, the mean milliseconds until the first word, and how many attempts there were. None: nobody asked lately."""

    provider: str
    breaker: str
    latency_ms: int | None
    answered: int
    failed: int


async def fares(services: Services, caller: Caller) -> list[Fare]:
    """Of every provider that the caller may use, by provider."""
    configs = await all_usable(services, caller)
    seen = [config for config in configs if config.is_active and may_see(caller, config.provider)]
    found = [await _fare(services, config) for config in seen]
    return [fare for fare in found if fare is not None]


async def _fare(services: Services, config: ProviderConfig) -> Fare | None:
    """None where its address is none any more: then nobody can fare there."""
    provider = find_provider(config.provider)
    if provider is None:
        return None
    try:
        place = trial_target(provider, config, services.settings).place
    except (AddressRefused, InvalidRequest):
        return None
    circuit, counts = await services.breakers.state(place), await services.breakers.lately(place)
    mean = round(counts.milliseconds / counts.answered) if counts.answered else None
    return Fare(provider.id, STATES[circuit.state], mean, counts.answered, counts.failed)
