"""The key never comes back: whatever a provider sends is searched for the very secret that it was sent. Threat K9."""

from shared.secrets import ApiKey

MASKED = b"[redacted]"
SHORTEST = 8
"""Bytes. A shorter secret (a placeholder for a local model) would turn ordinary words into masks."""


class Mask:
    """Masks one secret in bytes that come in pieces, also when it lies across their edges."""

    __slots__ = ("_held", "_secret")

    def __init__(self, key: ApiKey | None) -> None:
        secret = key.reveal().encode() if key else b""
        self._secret = secret if len(secret) >= SHORTEST else b""
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be said for sure; a tail that could be the secret's beginning is held back until the next piece."""
        secret = self._secret
        if not secret:
            return piece
        data = self._held + piece if self._held else piece
        if secret in data:
            data = data.replace(secret, MASKED)
        keep = self._beginning(data)
        self._held = data[len(data) - keep :] if keep else b""
        return data[: len(data) - keep] if keep else data

    def close(self) -> bytes:
        """What was held back: it was not the secret after all."""
        held, self._held = self._held, b""
        return held

    def whole(self, data: bytes) -> bytes:
        """A body that came whole."""
        return data.replace(self._secret, MASKED) if self._secret else data

    def text(self, text: str) -> str:
        """A message."""
        return text.replace(self._secret.decode(), MASKED.decode()) if self._secret else text

    def _beginning(self, data: bytes) -> int:
        """How many of the last bytes are a beginning of the secret."""
        at = data.find(self._secret[:1], max(0, len(data) - len(self._secret) + 1))
        while at != -1:
            if self._secret.startswith(data[at:]):
                return len(data) - at
            at = data.find(self._secret[:1], at + 1)
        return 0
