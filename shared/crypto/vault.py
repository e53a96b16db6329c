"""The vault: provider keys are sealed here, and opened here just before a call.

An opened key stays in memory for at most 60 seconds, then it is dropped, called or not (threat K5).
"""

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.crypto.binding import Binding
from shared.crypto.envelope import NONCE_BYTES, Envelope, seal, unseal
from shared.crypto.keys import KeyWrapper
from shared.secrets import ApiKey

LONGEST_KEPT = 60.0
MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class SealedKey:
    """An ApiKey at rest: the bytes of its envelope."""

    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Name:
    """What an opened key is remembered by: with the digest no change of row or binding finds the old one."""

    config: str
    version: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class _Opened:
    key: ApiKey
    at: float


class Vault:
    """Seals and opens. `now` gives seconds, `random` gives that many random bytes, `keep` is the seconds that an opened key is kept."""

    def __init__(
        self,
        wrapper: KeyWrapper,
        now: Callable[[], float],
        *,
        random: Callable[[int], bytes] = os.urandom,
        keep: float = LONGEST_KEPT,
    ) -> None:
        self._wrapper = wrapper
        self._now = now
        self._random = random
        self._keep = min(keep, LONGEST_KEPT)
        self._opened: dict[_Name, _Opened] = {}

    async def seal(self, key: ApiKey, binding: Binding) -> SealedKey:
        """The key under a fresh data key and a fresh nonce, for that binding alone.

        Raises:
            KeyServiceUnavailable: nobody wraps data keys now. Nothing is ever kept unsealed instead.
        """
        data_key = await self._wrapper.generate(binding.context())
        nonce = self._random(NONCE_BYTES)
        return SealedKey(seal(key.reveal().encode(), binding, data_key=data_key, nonce=nonce))

    async def open(self, sealed: SealedKey, binding: Binding) -> ApiKey:
        """The key. Do not keep it on anything that outlives the call.

        Raises:
            CredentialCorrupt: it was not sealed for that binding, or has changed since.
            KeyServiceUnavailable: it is not in memory, and nobody unwraps data keys now.
        """
        name = _Name(binding.config, binding.version, _digest(sealed, binding))
        self._drop_old()
        if name in self._opened:
            return self._opened[name].key
        envelope = Envelope.read(sealed.envelope)
        data_key = await self._wrapper.unwrap(envelope.wrapped, binding.context())
        key = ApiKey(unseal(envelope, binding, data_key=data_key).decode())
        self._remember(name, key)
        return key

    async def rewrap(self, sealed: SealedKey, binding: Binding) -> SealedKey:
        """The same key, its data key wrapped anew by the newest master key.

        Raises:
            CredentialCorrupt: the data key was not wrapped for that binding.
            KeyServiceUnavailable: nobody wraps data keys now.
        """
        envelope = Envelope.read(sealed.envelope)
        wrapped = await self._wrapper.rewrap(envelope.wrapped, binding.context())
        return SealedKey(
            Envelope(envelope.nonce, wrapped, envelope.commitment, envelope.ciphertext).write(),
        )

    def forget(self, config: str) -> None:
        """Drop what is in memory of that config: it was deleted, or has a new key."""
        for name in [name for name in self._opened if name.config == config]:
            del self._opened[name]

    def _remember(self, name: _Name, key: ApiKey) -> None:
        while len(self._opened) >= MOST_KEPT:
            del self._opened[next(iter(self._opened))]
        self._opened[name] = _Opened(key, self._now())
        asyncio.get_running_loop().call_later(self._keep, self._opened.pop, name, None)

    def _drop_old(self) -> None:
        """Also what seems to be of the future: a clock that was set back lengthens no life."""
        now = self._now()
        for name in [name for name, opened in self._opened.items() if not 0 <= now - opened.at < self._keep]:
            del self._opened[name]


def _digest(sealed: SealedKey, binding: Binding) -> bytes:
    return hashlib.sha256(hashlib.sha256(sealed.envelope).digest() + binding.encode()).digest()
