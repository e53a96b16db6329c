"""No two things lie at one place."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.storage import layout
from shared.storage.layout import Listing
from shared.storage.table import Key

PLACES: list[tuple[Callable[..., Key], int]] = [
    (layout.provider_config, 2),
    (layout.listed_config, 2),
    (layout.access_token, 1),
    (layout.access_token_of, 2),
    (layout.account, 1),
    (layout.email, 1),
    (layout.session, 1),
    (layout.session_of, 2),
    (layout.signing_key, 1),
    (layout.person, 1),
    (layout.attempts, 1),
]
LISTINGS: list[tuple[Callable[[str], Listing], Callable[[str, str], Key]]] = [
    (layout.provider_configs, layout.provider_config),
    (layout.access_tokens, layout.access_token_of),
    (layout.sessions, layout.session_of),
]
_ids = st.text(
    st.sampled_from("aB#%2350\x00\x1f\x7f\x85\n") | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6
)


def _keys(ids: list[str]) -> Iterator[tuple[Any, Key]]:
    for place, parts in PLACES:
        for chosen in product(ids, repeat=parts):
            arguments = (*chosen, 5) if place is layout.attempts else chosen
            yield (place.__name__, chosen), place(*arguments)


@given(st.lists(_ids, min_size=2, max_size=3, unique=True))
def test_distinct_parts_give_distinct_keys(ids: list[str]) -> None:
    keys = dict(_keys(ids))

    assert len(set(keys.values())) == len(keys)


@given(_ids, _ids, _ids)
def test_a_listing_finds_its_own_and_nobody_elses(owner: str, other: str, id_: str) -> None:
    """Threat I3: the owner's id cannot be made to reach into another partition."""
    for listing_of, key_of in LISTINGS:
        listing = listing_of(owner)
        mine, theirs = key_of(owner, id_), key_of(other, id_)

        assert mine.pk == listing.pk
        assert mine.sk.startswith(listing.prefix)
        assert (theirs.pk == listing.pk) is (owner == other)


@given(_ids, _ids)
def test_a_key_has_no_controls_and_only_our_own_separators(owner: str, id_: str) -> None:
    key = layout.provider_config(owner, id_)

    assert (key.pk + key.sk).count("#") == 2
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in key.pk + key.sk)


@pytest.mark.parametrize("place", [layout.account, layout.email, layout.access_token, layout.session])
def test_nothing_lies_under_an_empty_id(place: Callable[[str], Key]) -> None:
    with pytest.raises(InvalidRequest):
        place("")


def test_plain_ids_stay_as_they_are() -> None:
    assert layout.provider_config("ada", "openai") == Key("OWNER#ada", "CONFIG#openai")
    assert layout.access_token("t1") == Key("TOKEN#t1", "TOKEN")
    assert layout.email("a#b@example.com") == Key("EMAIL#a%23b@example.com", "EMAIL")
    assert layout.signing_keys() == Listing("ISSUER", "KEY#")
    assert layout.people() == Listing("PEOPLE", "")
    assert layout.listed_configs() == Listing("CONFIGS", "")
    assert len({layout.first_admin(), layout.fingerprint_secret()}) == 2
