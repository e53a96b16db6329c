"""Lists of models are kept an hour, for one owner's config as it is."""

import pytest

from shared.dialects.listed import ListedModel
from shared.errors import ProviderFailed
from shared.providers.models import KEPT, LONGEST, ModelLists
from tests.fakes.services import FixedClock


class Provider:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self) -> list[ListedModel]:
        self.asked += 1
        return [ListedModel(f"model-{self.asked}")]


async def test_a_list_is_asked_for_once_an_hour() -> None:
    clock, provider = FixedClock(), Provider()
    lists, place = ModelLists(clock), ("o", "c", 1)

    first = await lists.get(place, provider.ask)
    clock.pass_by(KEPT - 1)
    second = await lists.get(place, provider.ask)
    clock.pass_by(2)
    third = await lists.get(place, provider.ask)

    assert [model.id for (model,) in (first, second, third)] == ["model-1", "model-1", "model-2"]


async def test_owners_configs_and_revisions_are_kept_apart() -> None:
    lists, provider = ModelLists(FixedClock()), Provider()
    places = [("o", "c", 1), ("o", "c", 2), ("o", "d", 1), ("p", "c", 1)]

    assert len({await lists.get(place, provider.ask) for place in places}) == 4


async def test_a_failure_is_not_kept() -> None:
    lists, provider = ModelLists(FixedClock()), Provider()

    async def fail() -> list[ListedModel]:
        raise ProviderFailed("no")

    with pytest.raises(ProviderFailed):
        await lists.get(("o", "c", 1), fail)
    assert await lists.get(("o", "c", 1), provider.ask) == (ListedModel("model-1"),)


async def test_the_cache_stays_small() -> None:
    lists, provider = ModelLists(FixedClock()), Provider()

    for number in range(1001):
        await lists.get(("o", str(number), 1), provider.ask)
    await lists.get(("o", "1", 1), provider.ask)
    asked = provider.asked
    await lists.get(("o", "0", 1), provider.ask)

    assert (asked, provider.asked) == (1001, 1002)


async def test_an_endless_list_is_cut() -> None:
    async def ask() -> list[ListedModel]:
        return [ListedModel(str(number)) for number in range(LONGEST + 1)]

    assert len(await ModelLists(FixedClock()).get(("o", "c", 1), ask)) == LONGEST
