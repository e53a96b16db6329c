"""Provider configs at rest: one writer wins, and none is lost."""

from dataclasses import replace

import pytest

from shared.crypto.vault import SealedKey
from shared.errors import Conflict
from shared.records.config import ChatSettings, ProviderConfig
from shared.storage.configs import (
    cool_down,
    delete_config,
    every_config,
    find_config,
    list_configs,
    mark_key,
    save_config,
)
from tests.fakes.table import MemoryTable

CONFIG = ProviderConfig(
    owner="o1",
    id="c1",
    provider="openai",
    created_at=1_800_000_000,
    updated_at=1_800_000_000,
    base_url="https://proxy.example/v1",
    models=("gpt-5", "gpt-5-mini"),
    settings=ChatSettings(
        default_model="gpt-5", temperature=0.3, max_tokens=100, stop=("END",), system_prompt="Be kind."
    ),
    sealed=SealedKey(b"\x00\xffsealed"),
    key_version=1,
    fingerprint="0123456789ab",
    key_status="valid",
)


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


async def test_a_config_reads_back_as_it_was_saved(table: MemoryTable) -> None:
    saved = await save_config(table, CONFIG)

    assert saved == replace(CONFIG, revision=1)
    assert await find_config(table, "o1", "openai") == saved


async def test_a_config_without_a_key_reads_back(table: MemoryTable) -> None:
    keyless = ProviderConfig(owner="o1", id="c1", provider="ollama", created_at=1, updated_at=1)

    assert await save_config(table, keyless) == await find_config(table, "o1", "ollama")


async def test_what_another_owner_has_is_not_there(table: MemoryTable) -> None:
    """Threat I3."""
    await save_config(table, CONFIG)

    assert await find_config(table, "o2", "openai") is None
    assert await list_configs(table, "o2") == []


async def test_of_two_writers_the_second_is_told(table: MemoryTable) -> None:
    saved = await save_config(table, CONFIG)
    winner = await save_config(table, replace(saved, is_active=False))

    with pytest.raises(Conflict):
        await save_config(table, replace(saved, models=()))
    with pytest.raises(Conflict):
        await save_config(table, CONFIG)
    assert await find_config(table, "o1", "openai") == winner


async def test_all_configs_of_an_owner_are_listed_by_provider(table: MemoryTable) -> None:
    for number in range(120):
        await save_config(table, replace(CONFIG, provider=f"p{number:03}", id=f"c{number}"))

    assert [config.provider for config in await list_configs(table, "o1")] == [f"p{number:03}" for number in range(120)]


async def test_every_config_of_the_installation_is_found(table: MemoryTable) -> None:
    for number in range(120):
        await save_config(table, replace(CONFIG, owner=f"o{number}"))
    gone = await find_config(table, "o7", "openai")
    assert gone
    await delete_config(table, gone)

    assert {config.owner async for config in every_config(table)} == {f"o{n}" for n in range(120)} - {"o7"}


async def test_an_entry_without_its_config_says_nothing(table: MemoryTable) -> None:
    """A writer that died between the two."""
    await save_config(table, CONFIG)
    table.items = {key: item for key, item in table.items.items() if "sealed" not in item}

    assert [config async for config in every_config(table)] == []


async def test_a_deleted_config_leaves_nothing(table: MemoryTable) -> None:
    """Threat K10."""
    await delete_config(table, await save_config(table, CONFIG))

    assert table.items == {}


async def test_a_config_made_anew_is_not_deleted_by_an_old_wish(table: MemoryTable) -> None:
    old = await save_config(table, CONFIG)
    await delete_config(table, old)
    new = await save_config(table, replace(CONFIG, id="c2"))
    await delete_config(table, old)

    assert await find_config(table, "o1", "openai") == new


async def test_what_was_learnt_of_a_key_is_noted(table: MemoryTable) -> None:
    saved = await save_config(table, CONFIG)
    await mark_key(table, saved, "rejected")
    found = await find_config(table, "o1", "openai")

    assert found == replace(saved, key_status="rejected", revision=2)


async def test_what_was_learnt_of_an_older_key_is_not_noted(table: MemoryTable) -> None:
    saved = await save_config(table, CONFIG)
    rotated = await save_config(table, replace(saved, key_version=2))
    await mark_key(table, saved, "rejected")
    await delete_config(table, rotated)
    await mark_key(table, saved, "rejected")

    assert table.items == {}


def test_a_config_shows_nothing_of_its_key() -> None:
    """Threat K8."""
    assert "sealed'" not in repr(CONFIG)
    assert "\\xff" not in repr(CONFIG)


async def test_a_key_rests_until_the_later_time(table: MemoryTable) -> None:
    saved = await save_config(table, CONFIG)
    await cool_down(table, saved, 2_000)
    await cool_down(table, saved, 1_000)

    assert await find_config(table, "o1", "openai") == replace(saved, cooling_until=2_000)


async def test_another_key_need_not_rest(table: MemoryTable) -> None:
    saved = await save_config(table, CONFIG)
    newer = await save_config(table, replace(saved, key_version=2))
    await cool_down(table, saved, 2_000)

    assert await find_config(table, "o1", "openai") == newer


async def test_a_config_of_before_there_was_rest_reads_as_rested(table: MemoryTable) -> None:
    saved = await save_config(table, CONFIG)
    (item,) = (item for item in table.items.values() if "sealed" in item)
    del item["cooling_until"]

    assert await find_config(table, "o1", "openai") == saved
