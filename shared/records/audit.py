"""One line of the audit log: who did what, when, and the digest of the line before it. Threat I12."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Action = Literal[
    "account.signed_up",
    "account.signed_in",
    "account.sign_in_failed",
    "account.signed_out",
    "account.exported",
    "account.deleted",
    "token.created",
    "token.changed",
    "token.rotated",
    "token.revoked",
    "config.stored",
    "config.changed",
    "config.rotated",
    "config.forgotten",
    "key.did_not_open",
    "encryption.rewrapped",
    "encryption.master_key_rotated",
    "admin.user_changed",
    "admin.sign_up_changed",
    "admin.provider_changed",
    "admin.shared_key_stored",
    "admin.shared_key_forgotten",
    "admin.limits_changed",
    "admin.webhook_changed",
    "admin.moderation_changed",
]
"""What is written down: everything that changes who may do what, with which key, and who comes and goes."""

GENESIS: Final = "0" * 64
"""What stands in place of a digest before the first entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """`number` counts the entries of the installation from 1 without a gap; `digest` is over all else of the entry. `at` is epoch seconds.

    Whoever acted and what was acted upon are named by opaque ids; no e-mail, key or word of a chat is in it.
    """

    number: int
    id: str
    """A ULID of ours."""
    at: int
    action: Action
    actor: str | None = None
    """The owner who acted; None is a stranger, or the house itself."""
    credential: str | None = None
    """The id of the session or access token that it was done with."""
    subject: str | None = None
    """What it was done to: an id."""
    details: Mapping[str, str] = field(default_factory=dict)
    previous: str = GENESIS
    """The digest of the entry before: SHA-256 in hex."""

    @property
    def digest(self) -> str:
        """SHA-256 in hex of the canonical encoding: JSON in ASCII, names in order, no white space."""
        return hashlib.sha256(canonical(self)).hexdigest()


def canonical(entry: AuditEntry) -> bytes:
    """One encoding for one entry: what the chain is made of, so it never changes for entries that were written."""
    said = {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__}
    said["details"] = dict(entry.details)
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
