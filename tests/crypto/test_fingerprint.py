"""Fingerprints tell keys apart and tell nothing else."""

from shared.crypto.fingerprint import fingerprint
from shared.secrets import ApiKey


def test_one_key_has_one_fingerprint_in_one_installation() -> None:
    """Threat K6."""
    key = ApiKey("sk-planted")

    assert fingerprint(key, b"one" * 11) == fingerprint(ApiKey("sk-planted"), b"one" * 11)
    assert fingerprint(key, b"one" * 11) != fingerprint(key, b"two" * 11)
    assert fingerprint(key, b"one" * 11) != fingerprint(ApiKey("sk-plantee"), b"one" * 11)


def test_a_fingerprint_is_12_hex_digits() -> None:
    assert len(bytes.fromhex(fingerprint(ApiKey("sk-planted"), b"s" * 32))) == 6
