"""Passwords: what we take, and how we keep it. NIST SP 800-63B: length matters, composition rules do not."""

import asyncio
import hashlib
import hmac
import os
import time
import unicodedata
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

from shared.errors import InvalidRequest, LimitReached
from shared.records.refusals import Reached, refuse

SHORTEST = 8
LONGEST = 256
AT_ONCE = 2
"""Each takes 32 MB and a core for a tenth of a second."""

MOST_WAITING = 64
_BUSY: Final = 5.0
"""Seconds after which most of those that wait are through."""
SALT_BYTES = 16
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """The parameters of scrypt (RFC 7914). They stand beside each hash, so they can grow."""

    n: int = 2**15
    r: int = 8
    p: int = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A hash as it is kept: `scrypt$n$r$p$salt$hash`, the last two in base64."""

    cost: Cost
    salt: bytes
    hash: bytes

    @classmethod
    def read(cls, text: str) -> Self:
        """The parts of what `write` wrote."""
        _, n, r, p, salt, digest = text.split("$")
        return cls(Cost(int(n), int(r), int(p)), b64decode(salt), b64decode(digest))

    def write(self) -> str:
        """As text."""
        salt, digest = b64encode(self.salt).decode(), b64encode(self.hash).decode()
        return f"scrypt${self.cost.n}${self.cost.r}${self.cost.p}${salt}${digest}"


def check_password(password: str, email: str) -> None:
    """Whether it may be a password.

    Raises:
        InvalidRequest: it is too short, too long, or the e-mail.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidRequest(f"`password` has {SHORTEST} to {LONGEST} characters.", parameter="password")
    if password.strip().lower() == email.strip().lower():
        raise InvalidRequest("`password` is the e-mail. Choose another.", parameter="password")


class Passwords:
    """Hashes and checks, in two threads of its own, whoever waits or leaves."""

    def __init__(self, cost: Cost = Cost()) -> None:
        self._cost = cost
        self._waiting = 0
        self._nobody = Kept(cost, bytes(SALT_BYTES), bytes(HASH_BYTES)).write()

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="scrypt")

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        salt = os.urandom(SALT_BYTES)
        return Kept(self._cost, salt, await self._scrypt(password, salt, self._cost)).write()

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether it is the one. Takes as long when there is none to compare with, and then is False."""
        there = Kept.read(kept or self._nobody)
        found = await self._scrypt(password, there.salt, there.cost)
        return hmac.compare_digest(found, there.hash) and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """It was hashed at another cost than today's."""
        return Kept.read(kept).cost != self._cost

    async def _scrypt(self, password: str, salt: bytes, cost: Cost) -> bytes:
        if self._waiting >= MOST_WAITING:
            too_many = LimitReached("Too many people sign in at this moment. Try again in a few seconds.")
            now = time.time()
            reached = Reached("process", "concurrent", MOST_WAITING, 0, now + _BUSY, ';qu="concurrent-requests"')
            raise refuse(too_many, reached, now)
        self._waiting += 1
        work = asyncio.get_running_loop().run_in_executor(self._threads, _scrypt, password, salt, cost)
        work.add_done_callback(self._done)
        return await work

    def _done(self, _work: "asyncio.Future[bytes]") -> None:
        self._waiting -= 1


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    """One password has several spellings in Unicode, so it is normalised first (NIST SP 800-63B, 3.1.1.2)."""
    memory = 2 * 128 * cost.n * cost.r * cost.p
    return hashlib.scrypt(
        unicodedata.normalize("NFKC", password).encode(),
        salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=memory, dklen=HASH_BYTES,
    )  # fmt: skip
