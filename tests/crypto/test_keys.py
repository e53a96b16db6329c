"""The contract of the KeyWrapper port, against the key file and against KMS (moto)."""

from collections.abc import Callable

import pytest

from shared.crypto.keyfile import KeyFile
from shared.crypto.keys import DataKey, KeyWrapper
from shared.errors import CredentialCorrupt, KeyServiceUnavailable

CONTEXT = {"purpose": "provider-key", "owner": "o1", "config": "c1", "version": "1"}


async def test_what_was_wrapped_under_a_context_opens_under_it(wrapper: KeyWrapper) -> None:
    data_key = await wrapper.generate(CONTEXT)

    assert len(data_key.plain) == 32
    assert await wrapper.unwrap(data_key.wrapped, CONTEXT) == data_key.plain


async def test_the_order_of_a_context_does_not_matter(wrapper: KeyWrapper) -> None:
    data_key = await wrapper.generate(CONTEXT)

    assert await wrapper.unwrap(data_key.wrapped, dict(reversed(CONTEXT.items()))) == data_key.plain


@pytest.mark.parametrize(
    "context",
    [
        {},
        CONTEXT | {"owner": "o2"},
        CONTEXT | {"owner": "O1"},
        CONTEXT | {"more": "x"},
        {name: value for name, value in CONTEXT.items() if name != "owner"},
    ],
    ids=["none", "another", "another case", "more", "less"],
)
async def test_no_other_context_opens_it(wrapper: KeyWrapper, context: dict[str, str]) -> None:
    """Threat K2."""
    data_key = await wrapper.generate(CONTEXT)

    with pytest.raises(CredentialCorrupt):
        await wrapper.unwrap(data_key.wrapped, context)
    with pytest.raises(CredentialCorrupt):
        await wrapper.rewrap(data_key.wrapped, context)


async def test_no_two_data_keys_are_alike(wrapper: KeyWrapper) -> None:
    """Threat K3."""
    made = [await wrapper.generate(CONTEXT) for _ in range(50)]

    assert len({data_key.plain for data_key in made}) == 50
    assert len({data_key.wrapped for data_key in made}) == 50


async def test_a_rewrapped_data_key_is_the_same_under_the_same_context(wrapper: KeyWrapper) -> None:
    data_key = await wrapper.generate(CONTEXT)

    rewrapped = await wrapper.rewrap(data_key.wrapped, CONTEXT)

    assert rewrapped != data_key.wrapped
    assert await wrapper.unwrap(rewrapped, CONTEXT) == data_key.plain
    with pytest.raises(CredentialCorrupt):
        await wrapper.unwrap(rewrapped, CONTEXT | {"owner": "o2"})


@pytest.mark.parametrize("wrapped", [b"", b"\x01", b"x" * 61, b"\x01" * 63])
async def test_what_is_no_wrapped_key_is_corrupt(wrapper: KeyWrapper, wrapped: bytes) -> None:
    with pytest.raises(CredentialCorrupt):
        await wrapper.unwrap(wrapped, CONTEXT)


async def test_a_cut_wrapped_key_is_corrupt(wrapper: KeyWrapper) -> None:
    """Threat K4."""
    wrapped = (await wrapper.generate(CONTEXT)).wrapped

    for damaged in (wrapped[:-1], wrapped + b"\x00", wrapped[:-1] + bytes((wrapped[-1] ^ 1,))):
        with pytest.raises(CredentialCorrupt):
            await wrapper.unwrap(damaged, CONTEXT)


async def test_another_installation_does_not_open_it(
    wrapper: KeyWrapper, another_wrapper: Callable[[], KeyWrapper]
) -> None:
    wrapped = (await wrapper.generate(CONTEXT)).wrapped
    # KMS answers IncorrectKeyException to a Decrypt that names another key, moto AccessDeniedException.
    refused = CredentialCorrupt if isinstance(wrapper, KeyFile) else KeyServiceUnavailable

    with pytest.raises(refused):
        await another_wrapper().unwrap(wrapped, CONTEXT)


def test_a_data_key_shows_nothing_of_itself() -> None:
    """Threat K8."""
    assert "plain" not in repr(DataKey(plain=b"plain secret", wrapped=b"w"))
