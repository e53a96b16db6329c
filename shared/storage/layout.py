"""Where everything lies: the only file that spells a pk or a sk.

A part (an id, an e-mail) is escaped before it is joined, so that none can climb into another key: distinct parts give distinct keys.
"""

import re
from dataclasses import dataclass

from shared.errors import InvalidRequest
from shared.storage.table import Key

_UNSAFE = re.compile(r"[#%\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Listing:
    """Items that a query finds together: `query(listing.pk, prefix=listing.prefix)`."""

    pk: str
    prefix: str


def provider_config(owner: str, provider: str) -> Key:
    """One owner's settings and sealed key for one provider."""
    return Key(_owner(owner), f"CONFIG#{_part(provider)}")


def provider_configs(owner: str) -> Listing:
    """All of an owner's provider configs."""
    return Listing(_owner(owner), "CONFIG#")


def access_token(token_id: str) -> Key:
    """An access token, found by the id that stands in it."""
    return Key(f"TOKEN#{_part(token_id)}", "TOKEN")


def access_token_of(owner: str, token_id: str) -> Key:
    """The entry by which an owner finds their access token."""
    return Key(_owner(owner), f"TOKEN#{_part(token_id)}")


def access_tokens(owner: str) -> Listing:
    """The entries of all of an owner's access tokens."""
    return Listing(_owner(owner), "TOKEN#")


def account(account_id: str) -> Key:
    """A person."""
    return Key(f"ACCOUNT#{_part(account_id)}", "ACCOUNT")


def email(address: str) -> Key:
    """Who has this e-mail address, which is unique. The address is given in its one canonical form."""
    return Key(f"EMAIL#{_part(address)}", "EMAIL")


def session(session_id: str) -> Key:
    """A sign-in: the family of refresh tokens that follow one another."""
    return Key(f"SESSION#{_part(session_id)}", "SESSION")


def session_of(owner: str, session_id: str) -> Key:
    """The entry by which an owner's sign-ins are found, to end them all."""
    return Key(_owner(owner), f"SESSION#{_part(session_id)}")


def sessions(owner: str) -> Listing:
    """The entries of all of an owner's sign-ins."""
    return Listing(_owner(owner), "SESSION#")


def signing_key(key_id: str) -> Key:
    """A key with which the local issuer signs."""
    return Key("ISSUER", f"KEY#{_part(key_id)}")


def signing_keys() -> Listing:
    """All keys of the local issuer."""
    return Listing("ISSUER", "KEY#")


def _owner(owner: str) -> str:
    return f"OWNER#{_part(owner)}"


def _part(text: str) -> str:
    """Percent-escaped where it holds what separates, escapes or controls. Raises InvalidRequest for an empty id."""
    if not text:
        raise InvalidRequest("an id is empty: name one")
    return _UNSAFE.sub(_escaped, text) if _UNSAFE.search(text) else text


def _escaped(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def config_key(owner: str, provider: str) -> Key:
    """The config of a provider with its sealed key."""
    return Key(f"OWNER#{owner}", f"{OWNED_CONFIGS}{provider}")


OWNED_CONFIGS = "CONFIG#"
"""What the sk of every config begins with, under its owner."""


def listed_config_key(owner: str, provider: str) -> Key:
    """Says that this owner has a config of this provider, for what goes over all of them."""
    return Key(ALL_CONFIGS, f"{owner}#{provider}")


ALL_CONFIGS = "CONFIGS"
"""The pk of the list of all configs of the installation."""


def fingerprint_secret_key() -> Key:
    """What fingerprints of keys are keyed with."""
    return Key("INSTALLATION", "FINGERPRINT")
