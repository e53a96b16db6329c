"""Every data key of the installation, wrapped anew by the newest master key: what sessions and alerts are signed with, provider keys, journals.

Nothing is opened for it. A call goes over so many and says where the next one begins; the first one begins with the installation's own, so that
from then on nobody wraps with an older master key. When the last one is done and nothing was unreadable, older master keys are needed no more.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from shared.crypto.journal import journal_context
from shared.errors import AddressRefused, Conflict, CredentialCorrupt, InvalidRequest
from shared.gateway.guard.webhook import rewrap_secret
from shared.gateway.targets.destination import destination
from shared.providers.find import find_provider
from shared.records.config import ProviderConfig
from shared.services import Services
from shared.storage.accounts import owners_page
from shared.storage.configs import configs_page, find_config, mark_key, save_config
from shared.storage.conversations import find_journal_key, replace_journal_key

MOST: Final = 200
"""Rows that one call goes over: each costs three questions, and a door on AWS has half a minute."""
_TRIES: Final = 4


@dataclass(slots=True)
class Tally:
    """What came of it in this call."""

    rewrapped: int = 0
    needs_reentry: int = 0
    journals: int = 0
    own: int = 0
    """Of the installation itself."""
    unreadable: int = 0
    """Journals, and what is the installation's own, that no master key here opens."""


async def rewrap_some(services: Services, after: str | None, *, most: int = MOST) -> tuple[Tally, str | None]:
    """Go over at most so many, and where to go on; None: that was all. Cut short, it is simply begun again.

    Raises:
        InvalidRequest: `after` is none that a call gave.
        KeyServiceUnavailable: what was rewrapped so far stays so.
    """
    kind, _, place = (after or "own/").partition("/")
    if kind not in _KINDS:
        raise InvalidRequest("`after` is the `next` of the call before", parameter="after")
    tally, kinds = Tally(), list(_KINDS)
    for number in range(kinds.index(kind), len(kinds)):
        done, behind = await _KINDS[kinds[number]](services, tally, place or None, most)
        most -= done
        if behind is not None:
            return tally, f"{kinds[number]}/{behind}"
        if most <= 0 and number + 1 < len(kinds):
            return tally, f"{kinds[number + 1]}/"
        place = ""
    return tally, None


type _Progress = tuple[int, str | None]
"""How many rows were gone over, and behind which to go on."""


async def _own(services: Services, tally: Tally, _after: str | None, _most: int) -> _Progress:
    """A handful at most."""
    for rewrap in (services.accounts.rewrap, lambda: rewrap_secret(services)):
        try:
            tally.own += await rewrap()
        except (AddressRefused, CredentialCorrupt, InvalidRequest):
            tally.unreadable += 1
    return 0, None


async def _configs(services: Services, tally: Tally, after: str | None, most: int) -> _Progress:
    places, behind = await configs_page(services.table, after=after, limit=most)
    for owner, provider in places:
        config = await find_config(services.table, owner, provider, consistent=True)
        if config is None or config.sealed is None:
            continue
        try:
            await _rewrap(services, config)
            tally.rewrapped += 1
        except (AddressRefused, CredentialCorrupt, InvalidRequest):
            await mark_key(services.table, config, "needs_reentry")
            tally.needs_reentry += 1
    return len(places), behind


async def _journals(services: Services, tally: Tally, after: str | None, most: int) -> _Progress:
    owners, behind = await owners_page(services.table, after=after, limit=most)
    for owner in owners:
        wrapped = await find_journal_key(services.table, owner)
        if wrapped is None:
            continue
        try:
            new = await services.key_wrapper.rewrap(wrapped, journal_context(owner))
            tally.journals += await replace_journal_key(services.table, owner, wrapped, new)
        except CredentialCorrupt:
            tally.unreadable += 1
    return len(owners), behind


_KINDS: Final[Mapping[str, Callable[[Services, Tally, str | None, int], Awaitable[_Progress]]]] = {
    "own": _own,
    "configs": _configs,
    "journals": _journals,
}


async def _rewrap(services: Services, config: ProviderConfig) -> None:
    """An owner who changes the config meanwhile goes first."""
    found: ProviderConfig | None = config
    for _ in range(_TRIES):
        if found is None or found.sealed is None:
            return
        sealed = await services.vault.rewrap(found.sealed, found.binding(_origin(services, found)))
        try:
            await save_config(services.table, replace(found, sealed=sealed))
        except Conflict:
            found = await find_config(services.table, config.owner, config.provider, consistent=True)
        else:
            return
    raise Conflict("A config is being changed again and again. Repeat this when it is quiet.")


def _origin(services: Services, config: ProviderConfig) -> str:
    """Where the key may be sent today.

    Raises:
        CredentialCorrupt: nowhere, its provider is gone.
        AddressRefused, InvalidRequest: nowhere, its URL is not allowed any more.
    """
    provider = find_provider(config.provider)
    if provider is None:
        raise CredentialCorrupt("The provider of this key is not offered any more.")
    return destination(provider, config.base_url, services.settings).origin
