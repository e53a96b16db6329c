"""Where everything lies: the only file that spells a pk or a sk.

A part (an id, an e-mail) is escaped before it is joined, so that none can climb into another key: distinct parts give distinct keys.
"""

import re
from dataclasses import dataclass
from datetime import date

from shared.errors import InvalidRequest
from shared.storage.table import Key

ALL_COUNTRIES = "COUNTRIES#"
"""What the pk of everybody's countries begins with."""
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


def listed_configs_of(owner: str) -> Listing:
    """The entries of one owner's configs in that list."""
    return Listing("CONFIGS", f"{_part(owner)}#")


def route(owner: str, name: str) -> Key:
    """One owner's named route."""
    return Key(_owner(owner), f"ROUTE#{_part(name)}")


def routes(owner: str) -> Listing:
    """All of an owner's named routes."""
    return Listing(_owner(owner), "ROUTE#")


def circuit(place: str) -> Key:
    """Whether a place is asked at present."""
    return Key(f"BREAKER#{_part(place)}", "STATE")


def circuit_window(place: str, epoch: int, window: int) -> Key:
    """What was counted there in one window of time, since the circuit was last opened."""
    return Key(f"BREAKER#{_part(place)}", f"WINDOW#{epoch}#{window}")


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


def tombstone(owner: str) -> Key:
    """That an account was deleted, for whoever erases what is written in its name after that."""
    return Key("ERASED", _part(owner))


def tombstones() -> Listing:
    """Those of all accounts that were deleted lately."""
    return Listing("ERASED", "")


def first_admin() -> Key:
    """Who became admin by being the first."""
    return Key("INSTALLATION", "FIRST_ADMIN")


def fingerprint_secret() -> Key:
    """What fingerprints of keys are keyed with."""
    return Key("INSTALLATION", "FINGERPRINT")


def request(owner: str, request_id: str) -> Key:
    """The ledger's row of a request. Ids are ULIDs, so that the newest sorts last."""
    return Key(_owner(owner), f"REQUEST#{_part(request_id)}")


def requests(owner: str) -> Listing:
    """All of an owner's rows of the ledger."""
    return Listing(_owner(owner), "REQUEST#")


def usage(owner: str, day: date, provider: str, model: str, token_id: str | None) -> Key:
    """What an owner used on a day of a provider's model, by an access token or by themselves."""
    by = _part(token_id) if token_id else ""
    return Key(_owner(owner), f"USAGE#{day.isoformat()}#{_part(provider)}#{_part(model)}#{by}")


def usage_of(owner: str) -> Listing:
    """All that an owner used, the oldest day first."""
    return Listing(_owner(owner), "USAGE#")


def before_usage(owner: str, day: date) -> Key:
    """Where the counts of that day begin; nothing lies there."""
    return Key(_owner(owner), f"USAGE#{day.isoformat()}")


def audit_entry(number: int) -> Key:
    """An entry of the audit log, by its place in it."""
    return Key("AUDIT", f"{number:012d}")


def audit_entries() -> Listing:
    """All entries of the audit log, in their order."""
    return Listing("AUDIT", "")


def audit_anchor() -> Key:
    """How far the audit log goes."""
    return Key("INSTALLATION", "AUDIT")


def roles_lock() -> Key:
    """Who is changing somebody's role."""
    return Key("INSTALLATION", "ROLES")


def provider_policy(provider: str) -> Key:
    """What an admin says of a provider."""
    return Key("POLICY", f"PROVIDER#{_part(provider)}")


def scope_limits(kind: str, name: str) -> Key:
    """The limits of a provider, a model or the organisation: so few that they are read together."""
    return Key("POLICY", f"LIMITS#{_part(kind)}#{_part(name)}")


def house_policy(what: str) -> Key:
    """Another policy of the installation."""
    return Key("POLICY", f"HOUSE#{_part(what)}")


def policies() -> Listing:
    """All policies but those of single users."""
    return Listing("POLICY", "")


def user_limits(owner: str) -> Key:
    """The limits that an admin sets for a user."""
    return Key("POLICY#USER", _part(owner))


def all_user_limits() -> Listing:
    """Those of all users that have any."""
    return Listing("POLICY#USER", "")


def limits_left(email_digest: str) -> Key:
    """The limits of somebody who left, for when the same e-mail comes back."""
    return Key("POLICY#LEFT", _part(email_digest))


def spared_scope(owner: str) -> Key:
    """That what somebody used before they left still counts, under the id of their account of then."""
    return Key("POLICY#SPARED", _part(owner))


def alert(hour: int, kind: str, subject: str) -> Key:
    """An alert: of one kind there is one an hour for each subject. Sorts by time."""
    return Key("ALERT", f"{hour:010d}#{_part(kind)}#{_part(subject)}")


def alerts() -> Listing:
    """All alerts, in their order."""
    return Listing("ALERT", "")


def waiting_alert(alert_sk: str) -> Key:
    """The entry by which whoever tells of alerts finds one that is not told yet."""
    return Key("ALERT#WAITING", alert_sk)


def waiting_alerts() -> Listing:
    """The entries of all alerts that are not told yet."""
    return Listing("ALERT#WAITING", "")


def spent(owner: str, hour: int) -> Key:
    """What an owner spent within an hour."""
    return Key(_owner(owner), f"SPENT#{hour:010d}")


def spent_hours(owner: str) -> Listing:
    """What an owner spent, hour by hour."""
    return Listing(_owner(owner), "SPENT#")


def countries(owner: str) -> Key:
    """From where an owner's credentials were used. Apart from all else of theirs, so that doors which only read may be let write this alone."""
    return Key(f"{ALL_COUNTRIES}{_part(owner)}", "COUNTRIES")


def attempts(what: str, window: int) -> Key:
    """How often something was tried within a window of time."""
    return Key(f"ATTEMPTS#{_part(what)}", f"{window}")


def cancellation(owner: str, request_id: str) -> Key:
    """The owner's word that this answer of theirs is to be stopped, for whoever is giving it."""
    return Key(_owner(owner), f"CANCEL#{_part(request_id)}")


def journal(owner: str) -> Key:
    """The wrapped data key under which an owner's conversations are sealed."""
    return Key(_owner(owner), "JOURNAL")


def conversation(owner: str, conversation_id: str) -> Key:
    """A kept conversation."""
    return Key(_owner(owner), f"CHAT#{_part(conversation_id)}")


def conversations(owner: str) -> Listing:
    """All of an owner's conversations, by when they began."""
    return Listing(_owner(owner), "CHAT#")


def kept_message(owner: str, conversation_id: str, number: int) -> Key:
    """One message of a conversation, counted from 1. Not under its conversation's own prefix, so that conversations are listed without them."""
    return Key(_owner(owner), f"SAID#{_part(conversation_id)}#{number:08}")


def kept_messages(owner: str, conversation_id: str) -> Listing:
    """All messages of a conversation, in order."""
    return Listing(_owner(owner), f"SAID#{_part(conversation_id)}#")


def all_kept_messages(owner: str) -> Listing:
    """All messages of all of an owner's conversations."""
    return Listing(_owner(owner), "SAID#")


def conversation_in(sk: str) -> str:
    """The id of the conversation whose message lies there. It is a ULID of ours, so nothing of it is escaped."""
    return sk.split("#")[1]


def replays(owner: str) -> Listing:
    """All that an owner asked for with an idempotency key."""
    return Listing(_owner(owner), "REPLAY#")


def replay_in(sk: str) -> str:
    """The name under which that answer lies: a digest in hex."""
    return sk.split("#")[1]


def replay(owner: str, name: str) -> Key:
    """Who answers what came with an idempotency key, and what was answered."""
    return Key(_owner(owner), f"REPLAY#{_part(name)}")


def replay_piece(owner: str, name: str, holder: str, number: int) -> Key:
    """A piece of that answer for which its row has no room, as the request `holder` gave it."""
    return Key(_owner(owner), f"REPLAYED#{_part(name)}#{_part(holder)}#{number:04}")


def replays_kept(owner: str, day: date) -> Key:
    """How many bytes of such answers were kept for that owner on that day."""
    return Key(_owner(owner), f"REPLAYS#{day.isoformat()}")


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


def holdings_of(kind: str, scope: str) -> Listing:
    """The entries of one scope's items."""
    return Listing("HOLDING", f"{_part(kind)}#{_part(scope)}#")


def holdings() -> Listing:
    """The entries of all of them."""
    return Listing("HOLDING", "")


def _owner(owner: str) -> str:
    return f"OWNER#{_part(owner)}"


def _part(text: str) -> str:
    """Percent-escaped where it holds what separates, escapes or controls. Raises InvalidRequest for an empty id."""
    if not text:
        raise InvalidRequest("an id is empty: name one")
    return _UNSAFE.sub(_escaped, text) if _UNSAFE.search(text) else text


def _escaped(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"
