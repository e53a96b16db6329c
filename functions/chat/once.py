"""An answer under an idempotency key, over ASGI: given once and noted on its way out, and from then on given again."""

import asyncio
from typing import Final

from functions.chat.door import Call, Give
from shared.gateway.once import LARGEST, Said, Turn, take_turn
from shared.services import Services
from shared.web.edge import deadline, request_id
from shared.web.errors import HeaderList
from shared.web.idempotency import REPLAYED, question_of, read_key
from shared.web.stream import Message, Send

_KEPT: Final = frozenset(
    {b"content-type", b"content-length", b"cache-control", b"x-accel-buffering", b"x-request-id", b"request-id"}
)
_OURS: Final = b"x-realmultillm-"
"""What a head said of the answer is said again; what it said of the moment (limits) is over."""


async def once(services: Services, call: Call, send: Send, give: Give) -> None:
    """Give the answer, or send it again.

    Raises:
        InvalidRequest: the header holds no key.
        StillAnswering, KeyReused, NotKept: as `take_turn` does.
        RealMultiLLMError: as `give` does; then the key is free again.
    """
    scope, path = call.scope, str(call.scope["path"])
    key, question = read_key(scope["headers"]), question_of(str(scope["method"]), path, call.headers, call.body)
    turn = await take_turn(
        services, call.caller, key, question, route=path, request_id=request_id(scope), ends=deadline(scope)
    )
    if isinstance(turn, Said):
        await _send_again(send, turn)
        return
    noting = _Noting(services, turn, send)
    try:
        await give(noting, noting.end_well)
    finally:
        await noting.give_up()


async def _send_again(send: Send, said: Said) -> None:
    headers: HeaderList = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in said.headers]
    await send({"type": "http.response.start", "status": said.status, "headers": [*headers, (REPLAYED, b"true")]})
    await send({"type": "http.response.body", "body": said.body})


class _Noting:
    """An ASGI `send` that notes what goes out. The turn is ended before the last message, after which Lambda freezes and nobody listens."""

    def __init__(self, services: Services, turn: Turn, send: Send) -> None:
        self._services = services
        self._turn = turn
        self._send = send
        self._head: tuple[int, list[tuple[str, str]]] = (0, [])
        self._pieces: list[bytes] = []
        self._size = 0
        self._well = False
        self._over = False

    def end_well(self) -> None:
        """All of the answer was said, and it was good."""
        self._well = True

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head = message["status"], _lasting(message["headers"])
        else:
            self._note(message.get("body", b""))
            if not message.get("more_body", False):
                await self._end()
        await self._send(message)

    async def give_up(self) -> None:
        """Where no last message went out, there is no answer."""
        self._well = False
        await self._end()

    def _note(self, body: bytes) -> None:
        """As far as it may be kept."""
        self._size += len(body)
        if self._size <= LARGEST:
            self._pieces.append(body)
        else:
            self._pieces.clear()

    async def _end(self) -> None:
        if self._over:
            return
        self._over = True
        said = None if self._size > LARGEST else Said(*self._head, b"".join(self._pieces))
        work = self._turn.keep(said) if self._well else self._turn.free()
        await asyncio.shield(self._services.surely(work))  # a caller who leaves in this moment comes back for it


def _lasting(headers: HeaderList) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in headers if name in _KEPT or name.startswith(_OURS)]
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in kept]
