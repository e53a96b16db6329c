"""Where a sealed key belongs. It opens there and nowhere else (threats K1 and K2)."""

from collections.abc import Mapping
from dataclasses import dataclass

PURPOSE = "provider-key"
WEBHOOK = "webhook-secret"
"""What alerts are signed with."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Every part is authenticated, none is secret: AWS shows them all in CloudTrail, so owner and config are opaque ids.

    `origin` is `scheme://host:port`, the one place the key may be sent to. `version` counts the keys that this config had.
    """

    owner: str
    config: str
    provider: str
    origin: str
    version: int
    purpose: str = PURPOSE

    def context(self) -> Mapping[str, str]:
        """The parts by name, all text, as whoever wraps data keys takes them."""
        return {
            "purpose": self.purpose,
            "owner": self.owner,
            "config": self.config,
            "provider": self.provider,
            "origin": self.origin,
            "version": str(self.version),
        }

    def encode(self) -> bytes:
        """One encoding for one binding: no two bindings share their bytes."""
        return encode_context(self.context())


def encode_context(context: Mapping[str, str]) -> bytes:
    """Names in order, each name and value led by its length in bytes (32 bits, big-endian)."""
    texts = (text.encode() for name in sorted(context) for text in (name, context[name]))
    return b"".join(len(text).to_bytes(4, "big") + text for text in texts)
