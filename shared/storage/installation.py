"""What belongs to the installation as a whole."""

import hashlib
import hmac
import secrets
from typing import Any

from shared.storage import layout
from shared.storage.table import Absent, ConditionFailed, Item, Key, Table

_SECRET_BYTES = 32
_HEX_DIGITS = 16


async def fingerprint_secret(table: Table) -> bytes:
    """What fingerprints are keyed with: drawn at random on first use, the same ever after.

    It lies in the plain: whoever reads the table learns no key from fingerprints either way, and the door that stores keys may open none (threat K7).
    """
    key = layout.fingerprint_secret()
    item = await table.get(key, consistent=True) or await _draw(table, key)
    secret: Any = item["secret"]
    return bytes(secret)


async def digest_of_email(table: Table, address: str) -> str:
    """What stands for a normalised e-mail where none may be kept: the same for the same one, and no way back for who has not the secret."""
    secret = await fingerprint_secret(table)
    return hmac.new(secret, address.encode(), hashlib.sha256).hexdigest()[:_HEX_DIGITS]


async def _draw(table: Table, key: Key) -> Item:
    """Of several that draw at once, one is first and all take that one's."""
    drawn: Item = {"pk": key.pk, "sk": key.sk, "secret": secrets.token_bytes(_SECRET_BYTES)}
    try:
        await table.put(drawn, when=Absent("pk"))
    except ConditionFailed as first:
        return first.item or drawn
    return drawn
