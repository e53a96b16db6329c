"""Policies in the table, remembered by each process for five seconds: who changes one is obeyed everywhere within those.

All policies but the limits of single users lie together and are read with one query.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from shared.crypto.vault import SealedKey
from shared.records.limits import Limits, Scope, ScopeKind
from shared.records.policy import Moderation, Policies, ProviderPolicy, Sharing, SignUp, Webhook
from shared.records.token import AccessToken
from shared.storage import layout
from shared.storage.configs import find_config
from shared.storage.table import Change, Compare, ConditionFailed, Item, Key, Present, Table

KEPT: Final = 5.0
"""Seconds."""
MOST_KEPT: Final = 10_000
"""Users whose limits one process remembers."""
ORGANISATION: Final = "organisation"
"""The id of the one organisation that an installation is."""
DEFAULT_USER: Final = "default"
"""In place of a user's id: everybody who has no limits of their own. No account's id is like it."""
SHARED_KEY: Final = "shared:"
"""Before a provider's id: the scope of all that its shared key is used for."""


class _Memory:
    """What one process knows of one table."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._policies: tuple[float, Policies] | None = None
        self._users: dict[str, tuple[float, Scope, Limits | None]] = {}

    async def policies(self, table: Table) -> Policies:
        """At most five seconds old."""
        asked_at = self._clock()
        if self._policies is not None and asked_at - self._policies[0] < KEPT:
            return self._policies[1]
        read = await _read_policies(table)
        self._policies = asked_at, read
        return read

    async def limits_of(self, table: Table, owner: str) -> tuple[Scope, Limits | None]:
        """At most five seconds old; the scope is another account's of theirs, where they left and came back. That there are none is remembered too."""
        asked_at = self._clock()
        known = self._users.get(owner)
        if known is not None and asked_at - known[0] < KEPT:
            return known[1:]
        item = await table.get(layout.user_limits(owner), consistent=True) or {}
        scope, limits = Scope("user", str(item.get("scope", owner))), _limits(item)
        read = scope, None if limits == Limits() else limits
        self._users.pop(owner, None)
        while len(self._users) >= MOST_KEPT:
            del self._users[next(iter(self._users))]
        self._users[owner] = asked_at, *read
        return read

    def forget(self) -> None:
        """Something was changed here."""
        self._policies = None
        self._users.clear()


_MEMORIES: WeakKeyDictionary[Table, _Memory] = WeakKeyDictionary()


def _memory(table: Table) -> _Memory:
    return _MEMORIES.setdefault(table, _Memory())


async def find_policies(table: Table) -> Policies:
    """What holds for everybody, as it was at most five seconds ago."""
    return await _memory(table).policies(table)


async def find_limits(
    table: Table, owner: str, token: AccessToken | None, provider: str, *models: str
) -> tuple[tuple[Scope, Limits], ...]:
    """All limits that a request of that owner, with that token (or a session), at that provider and model has to keep within. `models`: its names.

    The scope of a shared key is that of its provider with `shared:` before its id, for those who have no active key of their own.
    """
    memory = _memory(table)
    policies = await memory.policies(table)
    found: list[tuple[Scope, Limits | None]] = []
    if token is not None:
        found.append((Scope("token", token.id), limits_of_token(token)))
    scope, own = await memory.limits_of(table, owner)
    found.append((scope, own or policies.limits.get(("user", DEFAULT_USER))))
    everybodys = [Scope("organisation", ORGANISATION), Scope("provider", provider)]
    everybodys += [Scope("model", f"{provider}/{model}") for model in models]
    found.extend((scope, policies.limits.get((scope.kind, scope.id))) for scope in everybodys)
    found.append(await _shared(table, owner, policies.of(provider)))
    return tuple((scope, limits) for scope, limits in found if limits is not None and limits != Limits())


async def _shared(table: Table, owner: str, policy: ProviderPolicy) -> tuple[Scope, Limits | None]:
    scope = Scope("provider", f"{SHARED_KEY}{policy.provider}")
    if policy.sharing.to == "nobody" or policy.sharing.limits == Limits():
        return scope, None
    own = await find_config(table, owner, policy.provider)
    return scope, None if own is not None and own.is_active else policy.sharing.limits


def limits_of_token(token: AccessToken) -> Limits:
    """What the token itself says."""
    return Limits(
        requests_per_minute=token.requests_per_minute,
        tokens_per_minute=token.tokens_per_minute,
        max_concurrent=token.max_concurrent,
        budget_usd=token.budget_usd,
        budget_period=token.budget_period,
    )


async def save_provider_policy(table: Table, policy: ProviderPolicy) -> None:
    """In place of what was said of that provider before."""
    sharing = {"to": policy.sharing.to, "ids": policy.sharing.ids, "limits": _attributes(policy.sharing.limits)}
    await _put(
        table,
        layout.provider_policy(policy.provider),
        {"provider": policy.provider, "is_enabled": policy.is_enabled, "models": policy.models, "sharing": sharing},
    )


async def get_scope_limits(table: Table, kind: ScopeKind, name: str) -> Limits:
    """Those that an admin set for that scope itself, as they lie there now."""
    forget_policies(table)
    if kind == "user" and name != DEFAULT_USER:
        _, limits = await _memory(table).limits_of(table, name)
        return limits or Limits()
    return (await find_policies(table)).limits.get((kind, name), Limits())


async def counted_as(table: Table, scope: Scope) -> Scope:
    """Where is counted what the scope used: of a user who left and came back, under the account of then."""
    if scope.kind != "user":
        return scope
    counted, _ = await _memory(table).limits_of(table, scope.id)
    return counted


async def save_limits(table: Table, kind: ScopeKind, name: str, limits: Limits) -> None:
    """In place of those that the scope had; none at all are forgotten."""
    if kind == "user" and name != DEFAULT_USER:
        await _save_user_limits(table, name, limits)
        return
    key = layout.scope_limits(kind, name)
    if limits == Limits():
        await table.delete(key)
        forget_policies(table)
        return
    await _put(table, key, {"kind": kind, "id": name, **_attributes(limits)})


async def _save_user_limits(table: Table, owner: str, limits: Limits) -> None:
    """Where they are counted stays, for who left and came back."""
    key, given = layout.user_limits(owner), _attributes(limits)
    lifted = tuple(name for name in Limits.__dataclass_fields__ if name not in given)
    change = Change(set={"kind": "user", "id": owner, **given}, remove=lifted)
    try:
        await table.update(key, change, when=None if given else Present("scope"))
    except ConditionFailed:
        await table.delete(key)
    finally:  # a write that was not acknowledged may have happened
        forget_policies(table)


async def list_user_limits(
    table: Table, *, after: str | None, limit: int
) -> tuple[list[tuple[str, Limits]], str | None]:
    """A page of the users that have limits of their own, and where the next one begins."""
    page = await table.query(layout.all_user_limits().pk, after=after, limit=limit)
    found = [(str(item["id"]), _limits(item)) for item in page.items]
    return [(owner, limits) for owner, limits in found if limits != Limits()], page.after


async def save_moderation(table: Table, moderation: Moderation) -> None:
    """In place of what held before."""
    await _put(table, layout.house_policy("moderation"), asdict(moderation))


async def save_webhook(table: Table, webhook: Webhook | None) -> None:
    """In place of the one before; None: alerts are told nowhere."""
    fields = {} if webhook is None else asdict(replace(webhook, sealed=None))
    sealed = webhook.sealed.envelope if webhook and webhook.sealed else None
    await _put(table, layout.house_policy("webhook"), {"url": None, **fields, "sealed": sealed})


async def replace_webhook_secret(table: Table, before: SealedKey, after: SealedKey) -> bool:
    """The same secret, its data key wrapped anew; False when another is there by now."""
    same = Compare("sealed", "=", before.envelope)
    try:
        await table.update(layout.house_policy("webhook"), Change(set={"sealed": after.envelope}), when=same)
    except ConditionFailed:
        return False
    finally:
        forget_policies(table)
    return True


async def save_sign_up(table: Table, sign_up: SignUp) -> None:
    """In place of what held before."""
    await _put(table, layout.house_policy("sign_up"), {"sign_up": sign_up})


def forget_policies(table: Table) -> None:
    """This process reads them anew."""
    _memory(table).forget()


async def _put(table: Table, key: Key, fields: Item) -> None:
    try:
        await table.put({"pk": key.pk, "sk": key.sk, **fields})
    finally:  # a write that was not acknowledged may have happened
        forget_policies(table)


async def _read_policies(table: Table) -> Policies:
    policies = Policies()
    kinds: dict[str, Callable[[Item], None]] = {
        "PROVIDER": lambda item: policies.providers.update({str(item["provider"]): _provider(item)}),
        "LIMITS": lambda item: policies.limits.update({(str(item["kind"]), str(item["id"])): _limits(item)}),
    }
    house: dict[str, Item] = {}
    page = await table.query(layout.policies().pk)
    while True:
        for item in page.items:
            kind, _, rest = str(item["sk"]).partition("#")
            kinds.get(kind, lambda item, rest=rest: house.update({rest: item}))(item)
        if page.after is None:
            break
        page = await table.query(layout.policies().pk, after=page.after)
    return Policies(
        policies.providers, policies.limits, _moderation(house.get("moderation")), _webhook(house), _sign_up(house)
    )


def _provider(item: Item) -> ProviderPolicy:
    fields: Any = item
    sharing = fields["sharing"]
    return ProviderPolicy(
        provider=fields["provider"],
        is_enabled=fields["is_enabled"],
        models=None if fields["models"] is None else tuple(fields["models"]),
        sharing=Sharing(sharing["to"], tuple(sharing["ids"]), _limits(sharing["limits"])),
    )


def _moderation(item: Item | None) -> Moderation:
    if item is None:
        return Moderation()
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in item.items()
        if name in Moderation.__dataclass_fields__
    }
    return Moderation(**fields)


def _webhook(house: dict[str, Item]) -> Webhook | None:
    item: Any = house.get("webhook")
    if not item or not item["url"]:
        return None
    sealed = item.get("sealed")
    return Webhook(
        url=item["url"],
        sealed=SealedKey(bytes(sealed)) if sealed else None,
        version=item.get("version", 0),
        fingerprint=item.get("fingerprint"),
    )


def _sign_up(house: dict[str, Item]) -> SignUp:
    return cast("SignUp", house.get("sign_up", {}).get("sign_up", "open"))


def _attributes(limits: Limits) -> Item:
    return {name: value for name, value in asdict(limits).items() if value is not None}


def _limits(item: Item) -> Limits:
    fields: dict[str, Any] = {name: item[name] for name in Limits.__dataclass_fields__ if name in item}
    if "budget_usd" in fields:
        fields["budget_usd"] = Decimal(fields["budget_usd"])
    return Limits(**fields)
