"""Secrets that we mint: `<prefix><id>_<256 random bits>_<checksum>`. Threat I1.

The checksum (CRC-32 in hex) is no secret: it lets a mistyped or invented one be refused without asking the table, and lets scanners of
leaked keys recognise ours: https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
"""

import hashlib
import re
import secrets
import zlib

from shared.records.ids import mint_id

SECRET_BYTES = 32
_CHECKSUM_DIGITS = 8

_REST = re.compile(r"([0-9a-hjkmnp-tv-z]{16})_[A-Za-z0-9_-]{43}_[0-9a-f]{8}", re.ASCII)


def mint_secret(prefix: str, identity: str | None = None) -> tuple[str, str]:
    """A new one: its id (or the given one, when a secret follows another) and the whole of it."""
    identity = identity or mint_id()
    body = f"{prefix}{identity}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return identity, f"{body}_{_checksum(body)}"


def digest_of(secret: str) -> bytes:
    """What is kept of it: SHA-256, of the whole of it, so that it also names it in a cache (CVE-2026-35030). Random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def read_id(prefix: str, secret: str) -> str | None:
    """The public id in it, if its shape and checksum are right. Asks nobody."""
    match = _REST.fullmatch(secret.removeprefix(prefix)) if secret.startswith(prefix) else None
    if match is None or _checksum(secret[: -_CHECKSUM_DIGITS - 1]) != secret[-_CHECKSUM_DIGITS:]:
        return None
    return match[1]


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
