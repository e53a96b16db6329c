"""The master keys of a key file: JSON, 0600, made on first use with a key drawn at random. There is no default key (trap 78).

`{"version": 1, "keys": [{"id": "16 hex digits", "key": "base64 of 32 bytes"}, …]}`, the newest last.
"""

import base64
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

from shared.errors import KeyServiceUnavailable

ID_BYTES = 8
MASTER_BYTES = 32
_VERSION = 1
_FEWEST_DIFFERENT_BYTES = 16

type Masters = dict[bytes, bytes]


def read_or_create(path: Path) -> Masters:
    """The master keys by id, the newest last. Of several processes that find no file one makes it, and all read that one.

    Raises:
        KeyServiceUnavailable: the file cannot be used. The message names the remedy.
    """
    try:
        if not path.exists():
            _create(path)
    except OSError as error:
        raise _unusable(path, error) from error
    return read(path)


def read(path: Path) -> Masters:
    """The master keys by id, the newest last.

    Raises:
        KeyServiceUnavailable: the file cannot be used. The message names the remedy.
    """
    try:
        masters = _parse(_own_text(path))
    except OSError as error:
        raise _unusable(path, error) from error
    except (ValueError, TypeError, KeyError) as error:
        raise KeyServiceUnavailable(f"{path.name} is no key file. Put its backup back.") from error
    if any(_looks_made_up(key) for key in masters.values()):
        raise KeyServiceUnavailable(f"{path.name} holds a key not drawn at random. Let RealMultiLLM make the file.")
    return masters


def add(path: Path) -> Masters:
    """The master keys with a new one, which is now the newest.

    Raises:
        KeyServiceUnavailable: another process is adding one, or the file cannot be used.
    """
    new = path.with_name(path.name + ".new")
    try:
        with _written(new) as file:
            masters = {**read(path), **_fresh()}
            file.write(_text(masters))
        new.replace(path)
        _settle(path.parent)
    except FileExistsError as error:
        raise KeyServiceUnavailable(
            f"A new key is being added already. If that was cut short, remove {new.name}."
        ) from error
    except OSError as error:
        raise _unusable(path, error) from error
    return masters


def _fresh() -> Masters:
    return {secrets.token_bytes(ID_BYTES): secrets.token_bytes(MASTER_BYTES)}


def _create(path: Path) -> None:
    """Write a new file beside and link it into place: nobody sees half a file, and of several creators one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with _written(beside) as file:
        file.write(_text(_fresh()))
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        return
    finally:
        beside.unlink()
    _settle(path.parent)


@contextmanager
def _written(path: Path) -> Iterator[TextIO]:
    """A file that was not there before, for its owner's eyes only, and on the disk at the end; gone again if writing fails."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        path.unlink()
        raise


def _settle(folder: Path) -> None:
    """The folder's own entry is on the disk too: a lost key file is a lost key."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _text(masters: Mapping[bytes, bytes]) -> str:
    keys = [{"id": id_.hex(), "key": base64.b64encode(key).decode()} for id_, key in masters.items()]
    return json.dumps({"version": _VERSION, "keys": keys}, indent=2) + "\n"


def _own_text(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise KeyServiceUnavailable(f"Others may open {path.name} (mode {mode:04o}). Run chmod 600 on it.")
        return file.read()


def _parse(text: bytes) -> Masters:
    file: Any = json.loads(text)
    masters = {bytes.fromhex(entry["id"]): base64.b64decode(entry["key"], validate=True) for entry in file["keys"]}
    if file["version"] != _VERSION or not masters or any(len(id_) != ID_BYTES for id_ in masters):
        raise ValueError("not a key file of this version")
    if any(len(key) != MASTER_BYTES for key in masters.values()):
        raise ValueError("a master key has 32 bytes")
    return masters


def _looks_made_up(key: bytes) -> bool:
    """Typed, repeated or counted, as keys in examples are. Chance draws such a key less often than once in 10¹²."""
    counted = len({(after - before) % 256 for before, after in pairwise(key)}) == 1
    typed = key.isascii() and key.decode().isprintable()
    return counted or typed or len(set(key)) < _FEWEST_DIFFERENT_BYTES


def _unusable(path: Path, error: OSError) -> KeyServiceUnavailable:
    return KeyServiceUnavailable(f"{path.name} cannot be used: {error.strerror}. Let this user read and write it.")
