"""Facts of models: what was told, what was told to be missing, and what nobody told."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from shared.dialects.listed import UNKNOWN, Ability, Facts, Modalities

MODALITIES = st.builds(Modalities.find, st.just(["image", "text"]), st.sampled_from([["text"], ["image"]]))
FACTS = st.builds(
    Facts.told,
    st.dictionaries(st.sampled_from(get_args(Ability)), st.booleans()),
    context_window=st.none() | st.integers(1, 9),
    largest_output=st.none() | st.integers(1, 9),
    modalities=st.none() | MODALITIES,
)


def test_what_is_said_of_an_ability_is_yes_no_or_nothing() -> None:
    facts = Facts.told({"tools": True, "reasoning": False}, context_window=0, largest_output=5)

    assert facts.abilities == {"tools"}
    assert facts.lacks == {"reasoning"}
    assert (facts.context_window, facts.largest_output) == (None, 5)


def test_what_a_model_takes_is_what_it_can_do() -> None:
    facts = Facts.told({"chat": False}, modalities=Modalities.find(["text", "image", "smell"], ["text"]))

    assert facts.modalities == Modalities(("text", "image"), ("text",))
    assert facts.abilities == {"vision"}
    assert facts.lacks == {"files", "audio", "video", "chat"}


def test_a_side_without_a_word_that_we_know_is_not_told() -> None:
    assert Modalities.find(["text"], ["rerank"]) is None
    assert Modalities.find([], ["text"]) is None


@given(FACTS, FACTS)
def test_the_first_word_is_right_and_the_second_fills_its_gaps(own: Facts, ours: Facts) -> None:
    both = own.over(ours)

    assert both.over(ours) == own.over(both) == both
    assert own.abilities <= both.abilities
    assert own.lacks <= both.lacks
    assert not both.abilities & both.lacks
    assert both.abilities | both.lacks == own.abilities | own.lacks | ours.abilities | ours.lacks
    assert both.context_window == (own.context_window or ours.context_window)


@given(FACTS)
def test_nothing_changes_nothing(facts: Facts) -> None:
    assert facts.over(UNKNOWN) == UNKNOWN.over(facts) == facts
