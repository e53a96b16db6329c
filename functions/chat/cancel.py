"""Stops an answer by its id. It stands with the chats, at whose address the caller is anyway."""

from functions.chat.door import Scope, send_json
from shared.gateway.cancel import cancel
from shared.services import Services
from shared.web.authentication import authenticate
from shared.web.stream import Receive, Send
from shared.wire.json import write


class Cancel:
    """The route. Its body, if any, says nothing."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        caller = await authenticate(self._services, scope)
        stopped = scope["path_params"]["id"]
        await cancel(self._services, caller, stopped)
        await send_json(send, write({"id": stopped, "cancelled": True}), [])
