"""The outbox on one machine: a folder with a file for each line, 0600.

A file is written beside, flushed to the disk and then renamed, so that whoever looks finds a whole line or none; to forget it is to unlink it. Nothing is
ever rewritten, so any number of processes may put and take at once, and a power cut at any moment loses nothing that was acknowledged.
"""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import batched
from pathlib import Path
from typing import Final

from shared.errors import StorageUnavailable
from shared.storage.outbox import Parcel

_AT_ONCE: Final = 100
_WHOLE: Final = ".line"
_PARTIAL: Final = ".partial"


class FolderOutbox:
    """The port `Outbox` in this folder, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, line: str) -> None:
        """Keep it. The same line twice is one file."""
        await asyncio.to_thread(self._keep, line)

    async def batches(self) -> AsyncGenerator[Sequence[Parcel]]:
        """What lies there."""
        for names in batched(await asyncio.to_thread(self._names), _AT_ONCE, strict=False):
            yield await asyncio.to_thread(self._read, names)

    async def drop(self, parcels: Sequence[Parcel]) -> None:
        """Forget them; who was quicker is no matter."""
        await asyncio.to_thread(self._forget, parcels)

    async def close(self) -> None:
        """Nothing is open between two calls."""

    def _keep(self, line: str) -> None:
        name = hashlib.sha256(line.encode()).hexdigest()
        with _usable():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside = self._folder / f"{name}.{secrets.token_hex(8)}{_PARTIAL}"
            _write(beside, line)
            beside.replace(self._folder / f"{name}{_WHOLE}")
            _flush(self._folder)

    def _names(self) -> list[str]:
        with _usable(), suppress(FileNotFoundError):
            return sorted(path.name for path in self._folder.iterdir() if path.suffix == _WHOLE)
        return []

    def _read(self, names: Sequence[str]) -> list[Parcel]:
        found: list[Parcel] = []
        for name in names:
            with _usable(), suppress(FileNotFoundError):
                found.append(Parcel((self._folder / name).read_text("ascii", "replace"), name))
        return found

    def _forget(self, parcels: Sequence[Parcel]) -> None:
        with _usable():
            for parcel in parcels:
                (self._folder / parcel.receipt).unlink(missing_ok=True)


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"settlements cannot be kept here: {error.strerror}", retry_after=1) from error


def _write(path: Path, line: str) -> None:
    """On the disk when this returns, for its owner's eyes only."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(line)
        file.flush()
        os.fsync(descriptor)


def _flush(folder: Path) -> None:
    """The folder's own entry is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
