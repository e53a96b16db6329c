"""Our own issuer's keys: ES256 (RFC 7518), made on first use, sealed at rest like every other secret. Threat I2.

The public half is always derived from the sealed private one: whoever can write the table cannot slip us a key of theirs.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from shared.crypto.binding import Binding
from shared.crypto.envelope import NONCE_BYTES, Envelope, seal, unseal
from shared.crypto.keys import KeyWrapper
from shared.errors import CredentialCorrupt, KeyServiceUnavailable
from shared.storage import layout
from shared.storage.table import Absent, Change, Compare, ConditionFailed, Item, Key, Table

ALGORITHM = "ES256"
PURPOSE = "token-signing"

FRESH = 300.0
"""Seconds after which the keys are read again, and between two readings for the sake of a key that nobody knows."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key by its number. `kid` is what tokens call it."""

    number: int
    private: EllipticCurvePrivateKey = field(repr=False)

    @property
    def kid(self) -> str:
        """Sorts as the number does."""
        return _kid(self.number)

    @property
    def public(self) -> EllipticCurvePublicKey:
        """What others verify with."""
        return self.private.public_key()


class KeyRing:
    """The keys of the issuer: the newest signs, all verify. Raises StorageUnavailable and KeyServiceUnavailable."""

    def __init__(self, table: Table, wrapper: KeyWrapper, *, issuer: str, now: Callable[[], float]) -> None:
        self._table = table
        self._wrapper = wrapper
        self._issuer = issuer
        self._now = now
        self._keys: dict[str, SigningKey] = {}
        self._read_at = float("-inf")
        self._asked_at = float("-inf")
        self._alone = asyncio.Lock()

    async def newest(self) -> SigningKey:
        """The one that signs; the first is made here."""
        await self._refresh()
        if not self._keys:
            await self.rotate()
        return self._keys[max(self._keys)]

    async def find(self, kid: str) -> SigningKey | None:
        """The key that a token names. A name that is not known makes us look again, at most once in five minutes."""
        await self._refresh()
        if kid not in self._keys and not 0 <= self._now() - self._asked_at < FRESH:
            self._asked_at = self._now()
            await self._read()
        return self._keys.get(kid)

    async def jwks(self) -> Mapping[str, Any]:
        """The public halves as a JWK set: https://www.rfc-editor.org/rfc/rfc7517#section-5."""
        from jwt.algorithms import ECAlgorithm  # noqa: PLC0415 - 150 ms that only sessions need

        await self.newest()
        return {
            "keys": [
                {**ECAlgorithm.to_jwk(key.public, as_dict=True), "kid": kid, "use": "sig", "alg": ALGORITHM}
                for kid, key in sorted(self._keys.items())
            ]
        }

    async def rotate(self) -> None:
        """A new key signs from now on. Two who do this at once make one key."""
        number = max((key.number for key in self._keys.values()), default=0) + 1
        private = generate_private_key(SECP256R1())
        place = layout.signing_key(_kid(number))
        item: Item = {"pk": place.pk, "sk": place.sk, "number": number, "sealed": await self._seal(number, private)}
        with suppress(ConditionFailed):  # another was first, and theirs is as good
            await self._table.put(item, when=Absent("pk"))
        await self._read()

    async def rewrap(self) -> int:
        """Every key, its data key wrapped anew by the newest master key; how many. Raises CredentialCorrupt for one that was not wrapped here."""
        listing, many = layout.signing_keys(), 0
        for item in (await self._table.query(listing.pk, prefix=listing.prefix)).items:
            before = item["sealed"]
            envelope = Envelope.read(before if isinstance(before, bytes) else b"")
            binding = self._binding(int(str(item["number"])))
            wrapped = await self._wrapper.rewrap(envelope.wrapped, binding.context())
            change = Change(set={"sealed": replace(envelope, wrapped=wrapped).write()})
            with suppress(ConditionFailed):  # somebody else did so meanwhile
                same = Compare("sealed", "=", before)
                await self._table.update(Key(str(item["pk"]), str(item["sk"])), change, when=same)
                many += 1
        return many

    async def _refresh(self) -> None:
        async with self._alone:
            if not 0 <= self._now() - self._read_at < FRESH:
                await self._read()

    async def _read(self) -> None:
        listing = layout.signing_keys()
        page = await self._table.query(listing.pk, prefix=listing.prefix)
        keys = [await self._open(item) for item in page.items]
        self._keys = {key.kid: key for key in keys}
        self._read_at = self._now()

    async def _seal(self, number: int, private: EllipticCurvePrivateKey) -> bytes:
        binding = self._binding(number)
        data_key = await self._wrapper.generate(binding.context())
        plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return seal(plain, binding, data_key=data_key, nonce=os.urandom(NONCE_BYTES))

    async def _open(self, item: Item) -> SigningKey:
        number, sealed = int(str(item["number"])), item["sealed"]
        binding = self._binding(number)
        try:
            envelope = Envelope.read(sealed if isinstance(sealed, bytes) else b"")
            data_key = await self._wrapper.unwrap(envelope.wrapped, binding.context())
            private = load_der_private_key(unseal(envelope, binding, data_key=data_key), password=None)
        except CredentialCorrupt as error:
            raise KeyServiceUnavailable(
                "The key that signs sessions does not open here. Restore the master key."
            ) from error
        if not isinstance(private, EllipticCurvePrivateKey):
            raise KeyServiceUnavailable("The key that signs sessions is of another kind. Restore the table.")
        return SigningKey(number, private)

    def _binding(self, number: int) -> Binding:
        return Binding("installation", PURPOSE, "realmultillm", self._issuer, number, purpose=PURPOSE)


def _kid(number: int) -> str:
    return f"{number:06d}"
