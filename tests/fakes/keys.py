"""A KeyWrapper in front of a real one, for tests that count or bend what it does."""

from collections.abc import Mapping

from shared.crypto.keys import DataKey, KeyWrapper
from shared.errors import KeyServiceUnavailable


class CountingWrapper:
    """Counts what it unwraps; `always` is a data key that it gives again and again, `down` makes it answer nobody."""

    def __init__(self, wrapper: KeyWrapper) -> None:
        self._wrapper = wrapper
        self.unwrapped = 0
        self.always: DataKey | None = None
        self.down = False

    async def generate(self, context: Mapping[str, str]) -> DataKey:
        self._answer()
        return self.always or await self._wrapper.generate(context)

    async def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        self._answer()
        self.unwrapped += 1
        return await self._wrapper.unwrap(wrapped, context)

    async def rewrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        self._answer()
        return await self._wrapper.rewrap(wrapped, context)

    def _answer(self) -> None:
        if self.down:
            raise KeyServiceUnavailable("The key service does not open keys now.", retry_after=1)
