"""What is shown of a key in its place: enough to tell two keys apart, nothing to guess the key from (threat K6)."""

import hashlib
import hmac

from shared.secrets import ApiKey

_HEX_DIGITS = 12


def fingerprint(key: ApiKey, installation_secret: bytes) -> str:
    """12 hex digits of an HMAC-SHA256. The secret is this installation's own, so fingerprints of two installations never match."""
    return hmac.new(installation_secret, key.reveal().encode(), hashlib.sha256).hexdigest()[:_HEX_DIGITS]
