"""The envelope, its primitives against Wycheproof, and every way to damage it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.crypto.binding import Binding
from shared.crypto.envelope import Envelope, decrypt, derive, encrypt, seal, unseal
from shared.crypto.keys import DataKey
from shared.errors import CredentialCorrupt

BINDING = Binding(owner="o1", config="c1", provider="openai", origin="https://api.openai.com:443", version=1)
DATA_KEY = DataKey(plain=bytes(range(100, 132)), wrapped=b"wrapped by somebody")
NONCE = bytes(range(12))
SEALED = seal(b"sk-planted", BINDING, data_key=DATA_KEY, nonce=NONCE)


def open_again(kept: bytes, binding: Binding = BINDING, data_key: bytes = DATA_KEY.plain) -> bytes:
    envelope = Envelope.read(kept)
    if envelope.wrapped != DATA_KEY.wrapped:
        raise CredentialCorrupt("as a wrapper says of what is not its own")
    return unseal(envelope, binding, data_key=data_key)


def test_what_was_sealed_opens_again() -> None:
    assert open_again(SEALED) == b"sk-planted"


def test_the_format_is_fixed_byte_for_byte() -> None:
    """Threat K4: what lies in tables today opens with every later version of this code."""
    assert SEALED.hex() == (
        "524d4c4b0101"
        "000102030405060708090a0b"
        "0013" + b"wrapped by somebody".hex() + "9de8cb86b676505dd385fe53644aa071a803207ca41f8a0d064fec7d81480554"
        "1a37d0633ad5cc34cb83ab643a8b2452922dca14712c3b316adf"
    )


@given(st.binary(), st.binary(min_size=1, max_size=700), st.binary(min_size=12, max_size=12))
def test_an_envelope_reads_as_it_was_written(plain: bytes, wrapped: bytes, nonce: bytes) -> None:
    kept = seal(plain, BINDING, data_key=DataKey(plain=DATA_KEY.plain, wrapped=wrapped), nonce=nonce)
    envelope = Envelope.read(kept)

    assert (envelope.wrapped, envelope.nonce, envelope.write()) == (wrapped, nonce, kept)
    assert unseal(envelope, BINDING, data_key=DATA_KEY.plain) == plain


def test_a_flipped_bit_is_always_the_same_error() -> None:
    """Threat K4: every bit."""
    for bit in range(len(SEALED) * 8):
        damaged = bytearray(SEALED)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CredentialCorrupt):
            open_again(bytes(damaged))


def test_a_cut_envelope_is_the_same_error() -> None:
    """Threat K4: at every byte."""
    for length in range(len(SEALED)):
        with pytest.raises(CredentialCorrupt):
            open_again(SEALED[:length])


@given(st.binary())
def test_bytes_from_anywhere_are_the_same_error(kept: bytes) -> None:
    with pytest.raises(CredentialCorrupt):
        open_again(kept)
    with pytest.raises(CredentialCorrupt):
        open_again(SEALED[:6] + kept)


@pytest.mark.parametrize(
    "binding",
    [
        Binding("o2", "c1", "openai", BINDING.origin, 1),
        Binding("o1", "c2", "openai", BINDING.origin, 1),
        Binding("o1", "c1", "groq", BINDING.origin, 1),
        Binding("o1", "c1", "openai", "https://evil.example:443", 1),
        Binding("o1", "c1", "openai", "http://api.openai.com:443", 1),
        Binding("o1", "c1", "openai", BINDING.origin, 2),
        Binding("o1", "c1", "openai", BINDING.origin, 1, purpose="other"),
    ],
)
def test_it_opens_for_no_other_binding(binding: Binding) -> None:
    """Threats K1 and K2, by the associated data alone: here the data key is the right one."""
    with pytest.raises(CredentialCorrupt):
        open_again(SEALED, binding)


def test_another_data_key_is_refused_by_the_commitment_before_anything_is_decrypted() -> None:
    """Threat K4: with the commitment of another key in place it is the tag that refuses."""
    other = seal(b"sk-other", BINDING, data_key=DataKey(bytes(32), DATA_KEY.wrapped), nonce=NONCE)
    grafted = Envelope(
        nonce=NONCE,
        wrapped=DATA_KEY.wrapped,
        commitment=Envelope.read(other).commitment,
        ciphertext=Envelope.read(SEALED).ciphertext,
    )

    with pytest.raises(CredentialCorrupt) as refused:
        open_again(SEALED, data_key=bytes(32))
    assert refused.value.__cause__ is None
    with pytest.raises(CredentialCorrupt) as tag:
        open_again(grafted.write(), data_key=bytes(32))
    assert tag.value.__cause__ is not None
    assert tag.value.message == refused.value.message


@pytest.mark.parametrize(("key", "nonce"), [(bytes(16), bytes(12)), (bytes(32), bytes(16)), (bytes(32), b"")])
def test_no_other_sizes_of_key_and_nonce_are_taken(key: bytes, nonce: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        encrypt(b"", key=key, nonce=nonce, associated=b"")


@pytest.mark.parametrize("wrapped", [b"", bytes(65_536)])
def test_a_wrapped_key_that_has_no_room_is_not_sealed_with(wrapped: bytes) -> None:
    with pytest.raises(ValueError, match="65535"):
        seal(b"", BINDING, data_key=DataKey(bytes(32), wrapped), nonce=NONCE)


@pytest.mark.vectors
def test_wycheproof_agrees_about_aes_gcm(shared_material: Path) -> None:
    """Threat K4: the 66 of Wycheproof with 256-bit key, 96-bit nonce and 128-bit tag."""
    vectors = json.loads((shared_material / "security-vectors/wycheproof/aes_gcm_test.json").read_text())
    groups = [group for group in vectors["testGroups"] if sizes(group) == (256, 96, 128)]
    tried = 0
    for case in (case for group in groups for case in group["tests"]):
        key, nonce, associated, plain = (bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "msg"))
        ciphertext = bytes.fromhex(case["ct"] + case["tag"])
        tried += 1
        if case["result"] == "valid":
            assert encrypt(plain, key=key, nonce=nonce, associated=associated) == ciphertext, case["tcId"]
            assert decrypt(ciphertext, key=key, nonce=nonce, associated=associated) == plain, case["tcId"]
        else:
            with pytest.raises(CredentialCorrupt):
                decrypt(ciphertext, key=key, nonce=nonce, associated=associated)

    assert tried == 66


def sizes(group: dict[str, int]) -> tuple[int, int, int]:
    return group["keySize"], group["ivSize"], group["tagSize"]


@pytest.mark.vectors
def test_wycheproof_agrees_about_hkdf(shared_material: Path) -> None:
    """Threat K4: the 86 of Wycheproof."""
    vectors = json.loads((shared_material / "security-vectors/wycheproof/hkdf_sha256_test.json").read_text())
    tried = 0
    for case in (case for group in vectors["testGroups"] for case in group["tests"]):
        key, salt, purpose = (bytes.fromhex(case[name]) for name in ("ikm", "salt", "info"))
        tried += 1
        if case["result"] == "valid":
            assert derive(key, salt=salt, purpose=purpose, length=case["size"]).hex() == case["okm"], case["tcId"]
        else:
            with pytest.raises(ValueError):
                derive(key, salt=salt, purpose=purpose, length=case["size"])

    assert tried == 86
