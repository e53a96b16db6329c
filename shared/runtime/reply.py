"""An ASGI app's answer, streamed to Lambda as it grows."""

from shared.runtime.answers import LAST_CHUNK, broken_off, chunk, describe, prelude
from shared.runtime.api import Invocation
from shared.runtime.asgi import Message


class NoAnswer(Exception):
    """The app returned without an answer, or in the middle of one."""


class Reply:
    """An ASGI `send`. It waits while Lambda takes no more, and says nothing to who listens no more."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._head: bytes | None = None
        self._begun = False
        self._complete = False

    async def __call__(self, message: Message) -> None:
        """One message of the app's. The head waits for the first piece of the body, as ASGI lets it: the two are one packet."""
        if message["type"] == "http.response.start":
            if self._head is not None:
                raise RuntimeError("the app began a second answer")
            self._head = prelude(message["status"], message.get("headers", ()))
        elif message["type"] == "http.response.body":
            await self._body(message.get("body", b""), more=message.get("more_body", False))

    async def finish(self) -> int:
        """The app has returned. The status that Lambda gives us for its answer; whatever is missing of that is an error, never silence."""
        if not self._complete:
            return await self.fail(NoAnswer("the app returned before the end of its answer"))
        return await self._invocation.answered()

    async def fail(self, error: BaseException) -> int:
        """The app raised. Before the first byte the invocation fails, after it the stream is broken off; a whole answer stays one."""
        if not self._begun:
            return await self._invocation.fail(describe(error))
        if not self._complete:
            self._invocation.line.write(broken_off(describe(error)))
        return await self._invocation.answered()

    async def _body(self, body: bytes, *, more: bool) -> None:
        if self._head is None:
            raise RuntimeError("the app sent a body without a head")
        if self._complete:
            raise RuntimeError("the app sent more than its answer")
        self._complete = not more
        if self._begun:
            piece = chunk(body)
        elif body or not more:
            piece = chunk(self._head + body)
        else:
            return
        if not more:
            piece += LAST_CHUNK
        if self._begun:
            self._invocation.line.write(piece)
        else:
            self._begun = True
            self._invocation.begin_stream(piece)
        await self._invocation.line.drain()
