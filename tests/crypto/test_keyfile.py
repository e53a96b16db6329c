"""The key file: made once, for its owner's eyes, with no default."""

import asyncio
import base64
import json
import stat
from multiprocessing import get_context
from pathlib import Path

import pytest

from shared.crypto.keyfile import KeyFile
from shared.errors import CredentialCorrupt, KeyServiceUnavailable

CONTEXT = {"purpose": "provider-key", "owner": "o1"}


def master_ids(path: Path) -> list[str]:
    return [key["id"] for key in json.loads(path.read_text())["keys"]]


def with_key(path: Path, key: bytes) -> KeyFile:
    text = json.dumps({"version": 1, "keys": [{"id": "00" * 8, "key": base64.b64encode(key).decode()}]})
    path.write_text(text)
    path.chmod(0o600)
    return KeyFile(path)


def test_it_is_made_on_first_use_for_its_owner_alone(tmp_path: Path) -> None:
    """Trap 78."""
    path = tmp_path / "new" / "keys.json"
    KeyFile(path).ready()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_two_installations_share_no_key(tmp_path: Path) -> None:
    """Trap 78."""
    KeyFile(tmp_path / "one.json").ready()
    KeyFile(tmp_path / "two.json").ready()

    assert (tmp_path / "one.json").read_text() != (tmp_path / "two.json").read_text()


async def make_and_wrap(path: Path) -> bytes:
    return (await KeyFile(path).generate(CONTEXT)).wrapped


def wrap_in_another_process(path: Path) -> bytes:
    return asyncio.run(make_and_wrap(path))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
async def test_several_processes_starting_at_once_make_one_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with get_context("fork").Pool(4) as pool:
        wrapped = pool.map(wrap_in_another_process, [path] * 8)
        pool.close()
        pool.join()

    assert len(master_ids(path)) == 1
    for each in wrapped:
        assert len(await KeyFile(path).unwrap(each, CONTEXT)) == 32


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o777])
async def test_a_file_that_others_may_open_is_refused_with_the_remedy(key_file: KeyFile, mode: int) -> None:
    key_file.ready()
    key_file._path.chmod(mode)

    with pytest.raises(KeyServiceUnavailable, match="chmod 600"):
        await KeyFile(key_file._path).generate(CONTEXT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"version": 1, "keys": []}',
        '{"version": 2, "keys": [{"id": "0000000000000000", "key": "' + "A" * 43 + '="}]}',
        '{"version": 1, "keys": [{"id": "00", "key": "' + "A" * 43 + '="}]}',
        '{"version": 1, "keys": [{"id": "0000000000000000", "key": "AAAA"}]}',
        '{"version": 1, "keys": [{"id": "0000000000000000"}]}',
        '{"version": 1, "keys": [{"id": 7, "key": 7}]}',
    ],
)
def test_what_is_no_key_file_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(KeyServiceUnavailable, match=r"keys\.json"):
        KeyFile(path).ready()
    assert path.read_text() == text


@pytest.mark.parametrize(
    "key",
    [
        bytes(32),
        b"\xff" * 32,
        bytes(range(32)),
        bytes(range(0, 64, 2)),
        b"changeme" * 4,
        b"0123456789abcdefghijklmnopqrstuv",
    ],
)
def test_a_key_out_of_an_example_is_refused(tmp_path: Path, key: bytes) -> None:
    """Trap 78."""
    with pytest.raises(KeyServiceUnavailable, match="not drawn at random"):
        with_key(tmp_path / "keys.json", key).ready()


def test_a_folder_that_cannot_be_written_is_said_clearly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(KeyServiceUnavailable, match=r"keys\.json cannot be used"):
        KeyFile(tmp_path / "file" / "keys.json").ready()


async def test_after_a_rotation_the_newest_wraps_and_the_older_still_unwraps(key_file: KeyFile) -> None:
    before = await key_file.generate(CONTEXT)
    key_file.rotate()
    after = await key_file.generate(CONTEXT)
    oldest, newest = master_ids(key_file._path)

    assert (before.wrapped[1:9].hex(), after.wrapped[1:9].hex()) == (oldest, newest)
    assert await key_file.unwrap(before.wrapped, CONTEXT) == before.plain
    assert (await key_file.rewrap(before.wrapped, CONTEXT))[1:9].hex() == newest
    assert stat.S_IMODE(key_file._path.stat().st_mode) == 0o600
    assert [file.name for file in key_file._path.parent.iterdir()] == ["keys.json"]


async def test_another_process_finds_the_new_key_by_itself(key_file: KeyFile) -> None:
    key_file.ready()
    other = KeyFile(key_file._path)
    other.ready()
    key_file.rotate()
    data_key = await key_file.generate(CONTEXT)

    assert await other.unwrap(data_key.wrapped, CONTEXT) == data_key.plain


async def test_a_rewrapped_key_outlives_the_older_master_key(key_file: KeyFile) -> None:
    data_key = await key_file.generate(CONTEXT)
    key_file.rotate()
    rewrapped = await key_file.rewrap(data_key.wrapped, CONTEXT)
    file = json.loads(key_file._path.read_text())
    key_file._path.write_text(json.dumps(file | {"keys": file["keys"][1:]}))
    later = KeyFile(key_file._path)

    assert await later.unwrap(rewrapped, CONTEXT) == data_key.plain
    with pytest.raises(CredentialCorrupt):
        await later.unwrap(data_key.wrapped, CONTEXT)


def test_a_rotation_that_was_cut_short_says_what_to_remove(key_file: KeyFile) -> None:
    key_file.ready()
    key_file._path.with_name("keys.json.new").touch()

    with pytest.raises(KeyServiceUnavailable, match=r"remove keys\.json\.new"):
        key_file.rotate()


async def test_every_flipped_bit_of_a_wrapped_key_is_corrupt(key_file: KeyFile) -> None:
    """Threat K4."""
    wrapped = (await key_file.generate(CONTEXT)).wrapped
    for bit in range(len(wrapped) * 8):
        damaged = bytearray(wrapped)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CredentialCorrupt):
            await key_file.unwrap(bytes(damaged), CONTEXT)
