"""How many tokens a chat would use, and what it would cost. Nothing is answered, and where the provider does not count, nobody is asked."""

from dataclasses import replace
from typing import Any

from functions.chat.door import Ended, Head, NativeDoor, Scope, send_json
from shared.chat.events import Answered
from shared.dialects.caller import Wish
from shared.gateway.books.admit import Asked
from shared.gateway.books.admitted_count import API, admitted_count
from shared.gateway.books.forecast import forecast
from shared.gateway.deadline import before
from shared.gateway.targets.course import chart
from shared.identity.caller import Caller
from shared.web.edge import deadline, request_id
from shared.web.stream import Send
from shared.wire.json import write


class Count(NativeDoor):
    """The route. Its body is a chat's; of several targets it is about the first."""

    async def _answer(self, caller: Caller, wish: Wish, scope: Scope, send: Send, ended: Ended) -> None:
        course = await chart(self._services, caller, wish, speaking=self._name)
        talk, target = await self._talk(caller, _only_recalled(wish), course, scope), course.targets[0]
        head, ends = Head(self.dialect(scope), [target], request_id(scope)), deadline(scope)

        async def asking() -> tuple[dict[str, Any], Answered]:
            async with before(ends):
                return await forecast(self._services, talk.chat if talk else wish.chat, target)

        asked = Asked.now(self._services, caller, request_id(scope), API, streamed=False)
        foreseen, answered = await admitted_count(self._services, asked, target, asking, tell=head.allow, ends=ends)
        head.hear(answered)
        told = {"conversation": {"id": talk.conversation.id, "leftOut": talk.left_out}} if talk else {}
        ended()
        await send_json(send, write({**foreseen, **told}), head.headers())


def _only_recalled(wish: Wish) -> Wish:
    """Nothing is said, so nothing is kept."""
    keeping = wish.keeping
    goes_on = keeping is not None and keeping.conversation is not None
    return replace(wish, keeping=replace(keeping, keep=False) if keeping is not None and goes_on else None)
