"""The app as a plain Lambda handler, which answers whole: for emulators and invokes where nobody starts our runtime."""

import asyncio
from typing import Any

from shared.runtime.answers import refusal, whole
from shared.runtime.asgi import App, Message
from shared.runtime.ending import ends
from shared.runtime.events import Malformed, NotHttp, Request, read_object
from shared.runtime.reply import NoAnswer

_BAD_REQUEST = 400


class Buffered:
    """`handler(event, context)`. Its event loop lives as long as the process, for the app's connections do too."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._runner: asyncio.Runner | None = None

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """The answer to one event; what the app raises is Lambda's to report."""
        try:
            request = read_object(event)
        except (NotHttp, Malformed) as error:
            return refusal(_BAD_REQUEST, f"This function answers HTTP requests alone. {error}")
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(self._answer(request, _left(context)))

    def close(self) -> None:
        """Close the loop. Lambda ends processes without asking; tests do not."""
        if self._runner is not None:
            self._runner.close()

    async def _answer(self, request: Request, left: float | None) -> dict[str, Any]:
        request.scope["state"] = {"deadline": None if left is None else ends(left)}
        waiting: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]
        sent: list[Message] = []

        async def receive() -> Message:
            return (
                waiting.pop() if waiting else await asyncio.Future[Message]()
            )  # who waits for an answer does not leave

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(request.scope, receive, send)
        if not sent or sent[-1].get("more_body", False) or len(sent) == 1:
            raise NoAnswer("the app returned before the end of its answer")
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return whole(request.version, sent[0]["status"], sent[0].get("headers", ()), body)


def _left(context: Any) -> float | None:
    """Seconds until Lambda ends us, where there is a Lambda."""
    return None if context is None else context.get_remaining_time_in_millis() / 1000
