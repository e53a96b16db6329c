"""The public keys of an issuer elsewhere, by their ids: a JWK set (RFC 7517) behind a URL. Threat I2; faults.md, Cognito's row.

The issuer turns its keys without notice and may be down: what was fetched is good for a day, and a key that nobody knows is never called
a forgery while the issuer cannot be asked.
"""

import asyncio
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from shared.egress.exchange import Client, Outbound, Timeouts
from shared.errors import AddressRefused, ProviderError, StorageUnavailable
from shared.wire.json import read_lenient

ALGORITHM: Final = "RS256"
FRESH: Final = 3600.0
"""Seconds after which the set is fetched again, so that a key that was taken back is not used for long."""
LONGEST_KEPT: Final = 24 * 3600.0
"""Seconds that a set is used for while it cannot be fetched again."""
ONCE_IN: Final = 300.0
"""Seconds between two that were fetched for the sake of a key that nobody knows."""
PATIENCE: Final = Timeouts(connect=1.0, first_byte=2.0, idle=1.0, total=4.0)
AFTER_A_FAILURE: Final = 10.0
"""Seconds in which the issuer is not asked again after it did not answer."""

SMALLEST_MODULUS: Final = 2048
"""Bits: RFC 7518, 3.3."""
_LARGEST_MODULUS: Final = 8192
_MOST_KEYS: Final = 100
_LARGEST_SET: Final = 256 * 1024
_OK: Final = 200
_NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{2,1400}", re.ASCII)


class KeySet:
    """The keys behind one URL."""

    def __init__(self, url: str, *, client: Client, now: Callable[[], float]) -> None:
        self._url = url
        self._client = client
        self._now = now
        self._document: Mapping[str, Any] = {"keys": []}
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._fetched_at = self._failed_at = self._asked_at = float("-inf")
        self._alone = asyncio.Lock()

    async def find(self, kid: str) -> RSAPublicKey | None:
        """The key of that id, None if there is none.

        Raises:
            StorageUnavailable: nobody can tell, for the issuer does not answer.
        """
        async with self._alone:
            await self._refresh()
            if kid not in self._keys and not self._within(self._asked_at, ONCE_IN):
                await self._fetch()
                self._asked_at = self._now()
            return self._keys.get(kid)

    async def document(self) -> Mapping[str, Any]:
        """The set as the issuer has it. Raises StorageUnavailable."""
        async with self._alone:
            await self._refresh()
            return self._document

    async def _refresh(self) -> None:
        """Fetch what is not fresh; while that fails, what was fetched within the day will do."""
        if self._within(self._fetched_at, FRESH):
            return
        try:
            await self._fetch()
        except StorageUnavailable:
            if not self._within(self._fetched_at, LONGEST_KEPT):
                raise

    async def _fetch(self) -> None:
        if self._within(self._failed_at, AFTER_A_FAILURE):
            raise _no_answer()
        question = Outbound("GET", self._url, {"accept": "application/json"})
        try:
            async with self._client.send(question, PATIENCE) as inbound:
                body = await inbound.read(_LARGEST_SET)
            if inbound.status != _OK:
                raise _no_answer()
            self._document, self._keys = _read(body)
        except (ProviderError, AddressRefused) as error:
            self._failed_at = self._now()
            raise _no_answer() from error
        except StorageUnavailable:
            self._failed_at = self._now()
            raise
        self._fetched_at = self._now()

    def _within(self, then: float, seconds: float) -> bool:
        """Less long ago than that. What seems to be of the future is not: the clock was set back."""
        return 0 <= self._now() - then < seconds


def _no_answer() -> StorageUnavailable:
    return StorageUnavailable("The issuer of sessions does not answer: try again", retry_after=AFTER_A_FAILURE)


def _read(body: bytes) -> tuple[Mapping[str, Any], Mapping[str, RSAPublicKey]]:
    """The set, and those of its keys that we verify with."""
    try:
        said = read_lenient(body)
        listed = [key for key in said["keys"][:_MOST_KEYS] if isinstance(key, dict)]
    except (KeyError, TypeError, ValueError) as error:
        raise _no_answer() from error
    found = {key["kid"]: public for key in listed if (public := read_key(key)) is not None}
    if not found:
        raise _no_answer()
    return {"keys": listed}, found


def read_key(jwk: Mapping[str, Any]) -> RSAPublicKey | None:
    """The key, if it is one that signs with RS256; one for another use is none of ours, whatever it could do (RFC 7517, 4.2 to 4.4)."""
    said = (jwk.get("kty"), jwk.get("use", "sig"), jwk.get("alg", ALGORITHM))
    operations = jwk.get("key_ops", ["verify"])
    if said != ("RSA", "sig", ALGORITHM) or not isinstance(operations, list) or "verify" not in operations:
        return None
    modulus, exponent = _number(jwk.get("n")), _number(jwk.get("e"))
    if not isinstance(jwk.get("kid"), str) or modulus is None or exponent is None:
        return None
    if not SMALLEST_MODULUS <= modulus.bit_length() <= _LARGEST_MODULUS:
        return None
    try:
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        return None


def _number(text: object) -> int | None:
    """A big-endian number in base64url, without padding (RFC 7518, 2)."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text) or len(text) % 4 == 1:
        return None
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
