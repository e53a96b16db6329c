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


def listed_config(owner: str, provider: str) -> Key:
    """The entry by which what goes over all configs of the installation finds this one."""
    return Key("CONFIGS", f"{_part(owner)}#{_part(provider)}")


def listed_configs() -> Listing:
    """The entries of all configs of the installation."""
    return Listing("CONFIGS", "")


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


def owned(owner: str) -> Listing:
    """Everything under an owner's name."""
    return Listing(_owner(owner), "")


def signing_key(key_id: str) -> Key:
    """A key with which the local issuer signs."""
    return Key("ISSUER", f"KEY#{_part(key_id)}")


def signing_keys() -> Listing:
    """All keys of the local issuer."""
    return Listing("ISSUER", "KEY#")


def person(owner: str) -> Key:
    """The entry by which admins find an account."""
    return Key("PEOPLE", _part(owner))


def people() -> Listing:
    """The entries of all accounts."""
    return Listing("PEOPLE", "")


def first_admin() -> Key:
    """Who became admin by being the first."""
    return Key("INSTALLATION", "FIRST_ADMIN")


def fingerprint_secret() -> Key:
    """What fingerprints of keys are keyed with."""
    return Key("INSTALLATION", "FINGERPRINT")


def attempts(what: str, window: int) -> Key:
    """How often something was tried within a window of time."""
    return Key(f"ATTEMPTS#{_part(what)}", f"{window}")


def admission(kind: str, scope: str, shard: int) -> Key:
    """What of a scope's limits is used, and who holds some; a part of it where the limits are large."""
    return Key(_admissions(kind, scope), f"{shard:03}")


def admissions(kind: str, scope: str) -> Listing:
    """All parts of a scope."""
    return Listing(_admissions(kind, scope), "")


def _admissions(kind: str, scope: str) -> str:
    return f"ADMIT#{_part(kind)}#{_part(scope)}"


def holding(kind: str, scope: str, shard: int) -> Key:
    """The entry by which the sweeper finds an item that may have holds."""
    return Key("HOLDING", f"{_part(kind)}#{_part(scope)}#{shard:03}")


def holdings() -> Listing:
    """The entries of all of them."""
    return Listing("HOLDING", "")


def request(owner: str, request_id: str) -> Key:
    """The ledger's row of a request. Ids are ULIDs, so that the newest sorts last."""
    return Key(_owner(owner), f"REQUEST#{_part(request_id)}")


def requests(owner: str) -> Listing:
    """All of an owner's rows of the ledger."""
    return Listing(_owner(owner), "REQUEST#")


def usage_of_day(owner: str, day: str) -> Key:
    """What an owner used on that day."""
    return Key(_owner(owner), f"USAGE#{_part(day)}")


def remembered_answer(owner: str, name: str, part: int) -> Key:
    """What was answered to a request that its caller may send again: the record of it, and the parts of the sealed answer."""
    return Key(_owner(owner), f"ANSWER#{_part(name)}#{part:03}")


def _owner(owner: str) -> str:
    return f"OWNER#{_part(owner)}"


def _part(text: str) -> str:
    """Percent-escaped where it holds what separates, escapes or controls. Raises InvalidRequest for an empty id."""
    if not text:
        raise InvalidRequest("an id is empty: name one")
    return _UNSAFE.sub(_escaped, text) if _UNSAFE.search(text) else text


def _escaped(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"
