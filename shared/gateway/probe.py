"""Tries a key: asks the provider for its models, which costs nothing, or, where that proves nothing, for one token.

Whatever is no provider's answer (refused, closed, silent, another kind of server) gives one message, and at a place of the caller's own choosing
after one time, so that nobody finds out with it what listens where. Threat E8.
"""

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass

from shared.chat.request import ChatRequest, Message, Text
from shared.egress.exchange import Client, Outbound, Timeouts
from shared.errors import (
    AddressRefused,
    BadResponse,
    CredentialRejected,
    ProviderBilling,
    ProviderError,
    ProviderTimeout,
    RealMultiLLMError,
    RequestRefused,
    StreamBroken,
    Unreachable,
)
from shared.gateway.ask import ask
from shared.gateway.target import Target
from shared.secrets import ApiKey

PATIENCE = 8.0
"""Seconds that a trial may take, and that one without an answer does take where the caller chose the place."""

LARGEST_LIST = 8 * 1024 * 1024
_NO_ANSWER = (AddressRefused, Unreachable, ProviderTimeout, BadResponse, StreamBroken)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it. `error` is a code of the errors' tree; `latency_ms` is None when nobody answered."""

    valid: bool
    success: bool
    message: str
    latency_ms: int | None = None
    error: str | None = None

    @property
    def refused(self) -> bool:
        """The provider said no to the key, rather than nothing at all."""
        return self.error == CredentialRejected.code


async def probe(target: Target, key: ApiKey | None, client: Client, *, patience: float = PATIENCE) -> Trial:
    """Try the key at the target. Every failure is an answer; none is raised."""
    began = time.monotonic()
    timeouts = Timeouts(connect=patience / 2, first_byte=patience, idle=patience, total=patience)
    try:
        async with asyncio.timeout(patience):
            await _try(target, key, client, timeouts)
    except (*_NO_ANSWER, TimeoutError):
        if target.config.base_url is not None:
            await asyncio.sleep(began + patience - time.monotonic())
        return _unanswered(target)
    except ProviderError as error:
        return _explained(error, target, _since(began))
    return Trial(valid=True, success=True, message=f"{target.provider.name} takes the key.", latency_ms=_since(began))
