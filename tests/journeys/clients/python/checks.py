"""What the programs share: whom they ask, and how they tell what they found, a line of JSON for each check."""

import asyncio
import inspect
import json
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

type Check = Callable[["At"], Any]

GREETING = "Bonjour, 你好!"
AWKWARD = 'a\u2028b\u2029c\u0085d 👩‍👧 café\n\t"quoted" \\ end'
_PATIENCE = 150
_AT_ONCE = 8

_MODELS = {
    "openai": {"chat": "gpt-4o-mini", "thinking": "gpt-5-mini", "embedding": "text-embedding-3-small"},
    "anthropic": {"chat": "claude-haiku-4-5", "thinking": "claude-sonnet-4-5", "embedding": "claude-haiku-4-5"},
    "google": {"chat": "gemini-2.5-flash", "thinking": "gemini-2.5-pro", "embedding": "gemini-embedding-001"},
}
_MODELS["google"]["signed"] = "gemini-3-pro-preview"


@dataclass(frozen=True)
class At:
    """Whom to ask: a provider through the gateway, or, to try the check itself, the upstream straight."""

    provider: str
    straight: bool
    origin: str
    """Of the gateway, or of the upstream."""
    key: str
    files: str

    @property
    def openai_url(self) -> str:
        return f"{self.origin}/v1"

    def bare(self, role: str = "chat") -> str:
        """The name that the provider has for a model."""
        return _MODELS[self.provider][role]

    def model(self, role: str = "chat") -> str:
        """The name to ask for."""
        return self.bare(role) if self.straight else f"{self.provider}/{self.bare(role)}"


class Checks:
    """Those of one program."""

    def __init__(self) -> None:
        self._found: dict[str, Check] = {}

    def __call__(self, check: Check) -> Check:
        """Add one."""
        self._found[check.__name__] = check
        return check

    def run(self) -> None:
        """All of them, at everybody."""
        asyncio.run(self._run([At(**at) for at in json.loads(os.environ["JOURNEY"])]))

    async def _run(self, places: list[At]) -> None:
        turns = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*[_told(turns, check, at) for at in places for check in self._found.values()])


async def _told(turns: asyncio.Semaphore, check: Check, at: At) -> None:
    async with turns:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE):
                await _called(check, at)
        except Exception:  # noqa: BLE001 - a check may fail in any way, and the others go on
            why = traceback.format_exc()[-3000:]
        else:
            why = ""
    seconds = round(time.monotonic() - began, 1)
    where = f"straight-{at.provider}" if at.straight else at.provider
    sys.stdout.write(json.dumps({"check": check.__name__, "where": where, "why": why, "seconds": seconds}) + "\n")
    sys.stdout.flush()


def _called(check: Check, at: At) -> Awaitable[Any]:
    return check(at) if inspect.iscoroutinefunction(check) else asyncio.to_thread(check, at)


def raised(expected: type[Exception] | tuple[type[Exception], ...], call: Callable[[], Any]) -> Any:
    """What this call raises, which has to be of this class."""
    try:
        answer = call()
    except expected as error:
        return error
    raise AssertionError(f"nothing was raised, but said: {str(answer)[:500]}")


def same(found: Any, wanted: Any) -> None:
    """They are equal, or both are told."""
    assert found == wanted, f"\n found: {found!r}\nwanted: {wanted!r}"


def has(found: Any, part: str) -> None:
    """The text has this in it, or both are told."""
    assert part in str(found), f"\n found: {found!r}\nwanted in it: {part!r}"
