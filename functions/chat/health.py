"""Whether this door answers; and to whom it knows, how their providers fare."""

from typing import Any, Final

from functions.chat.door import Scope, send_json
from shared.errors import Forbidden, Unauthenticated
from shared.gateway.targets.fares import Fare, fares
from shared.identity.caller import Caller
from shared.services import Services
from shared.web.authentication import authenticate
from shared.web.credentials import KEY_HEADERS
from shared.web.stream import Receive, Send
from shared.wire.json import write

_CREDENTIALS: Final = KEY_HEADERS | {b"authorization"}


class Health:
    """Open: whoever only wants to know whether the house stands opens nothing in it."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        told: dict[str, Any] = {"status": "ok"}
        if (caller := await self._known(scope)) is not None:
            told["providers"] = [_told(fare) for fare in await fares(self._services, caller)]
        await send_json(send, write(told), [])

    async def _known(self, scope: Scope) -> Caller | None:
        """A stranger hears what everybody hears, whatever they show."""
        if not any(name in _CREDENTIALS for name, _ in scope["headers"]):
            return None
        try:
            return await authenticate(self._services, scope)
        except (Unauthenticated, Forbidden):
            return None


def _told(fare: Fare) -> dict[str, Any]:
    return {
        "provider": fare.provider,
        "breaker": fare.breaker,
        "latencyMs": fare.latency_ms,
        "answered": fare.answered,
        "failed": fare.failed,
    }
