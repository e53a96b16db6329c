"""What an owner said, sealed for its place alone."""

import pytest

from shared.crypto.journal import PURPOSE, Journal, journal_context
from shared.crypto.keys import KeyWrapper
from shared.errors import CredentialCorrupt

KEY = bytes(range(7, 39))
TEXT = "Grüße, 你好".encode()


def test_what_is_sealed_opens_again() -> None:
    journal = Journal(KEY, "alice")

    assert journal.open(journal.seal(TEXT, "c1", "1"), "c1", "1") == TEXT


def test_the_same_text_never_looks_the_same_and_its_words_are_not_to_be_seen() -> None:
    """Threat K3."""
    journal = Journal(KEY, "alice")
    sealed = {journal.seal(TEXT, "c1", "1") for _ in range(50)}

    assert len(sealed) == 50
    assert not [each for each in sealed if b"Gr" in each or TEXT[-3:] in each]


@pytest.mark.parametrize(
    ("owner", "conversation", "place", "key"),
    [
        ("bob", "c1", "1", KEY),
        ("alice", "c2", "1", KEY),
        ("alice", "c1", "2", KEY),
        ("alice", "c1", "title", KEY),
        ("alice", "c1", "1", bytes(range(8, 40))),
    ],
    ids=["owner", "conversation", "number", "title", "key"],
)
def test_a_text_that_was_moved_does_not_open(owner: str, conversation: str, place: str, key: bytes) -> None:
    """Threat K1, for what was said: the row of another owner, conversation or number."""
    sealed = Journal(KEY, "alice").seal(TEXT, "c1", "1")

    with pytest.raises(CredentialCorrupt, match="does not open where it lies"):
        Journal(key, owner).open(sealed, conversation, place)


def test_no_byte_of_it_can_be_changed_or_cut() -> None:
    journal = Journal(KEY, "alice")
    sealed = journal.seal(TEXT, "c1", "1")
    changed = [sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :] for at in range(len(sealed))]

    for wrong in [*changed, *(sealed[:end] for end in range(len(sealed)))]:
        with pytest.raises(CredentialCorrupt):
            journal.open(wrong, "c1", "1")


async def test_its_data_key_opens_for_this_owner_and_purpose_alone(wrapper: KeyWrapper) -> None:
    """Threat K2, in both homes."""
    made = await wrapper.generate(journal_context("alice"))
    others = [journal_context("bob"), {**journal_context("alice"), "purpose": "provider-key"}]

    assert await wrapper.unwrap(made.wrapped, journal_context("alice")) == made.plain
    assert journal_context("alice")["purpose"] == PURPOSE
    for context in others:
        with pytest.raises(CredentialCorrupt):
            await wrapper.unwrap(made.wrapped, context)


def test_a_fingerprint_is_the_same_for_the_same_text_and_key_alone() -> None:
    """Threat I7: nobody without the key tries words until one fits."""
    ours = Journal(KEY, "alice").fingerprint(TEXT)

    assert ours == Journal(KEY, "alice").fingerprint(TEXT)
    assert (
        len({ours, Journal(KEY, "alice").fingerprint(TEXT + b"!"), Journal(KEY[::-1], "alice").fingerprint(TEXT)}) == 3
    )
