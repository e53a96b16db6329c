"""Proofs of thinking on their way through callers, and to whom they go back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chat.request import ChatRequest, Message, Part, Reasoning, Text, ToolCall
from shared.dialects.signed import is_marked, mark, signed_by, signed_id, split_id


def seen(*parts: Part, by: str = "google") -> tuple[Part, ...]:
    return signed_by(ChatRequest("m", (Message("assistant", parts),)), by).messages[0].parts


@given(st.text())
def test_a_proof_comes_back_to_its_maker_byte_for_byte(proof: str) -> None:
    """Traps 48, 52."""
    assert seen(Reasoning("Hm", mark("google", proof)))[0] == Reasoning("Hm", proof or None)


@given(st.text(), st.text(min_size=1))
def test_the_proof_of_a_call_travels_in_its_id(call_id: str, proof: str) -> None:
    """Traps 41, 48."""
    seen_id = signed_id(call_id, "google", proof)

    assert split_id(seen_id) == (call_id, mark("google", proof))
    assert seen_id.removeprefix(call_id).replace("_", "").replace("-", "").isalnum()
    assert seen(ToolCall(call_id, "f", signature=mark("google", proof))) == (ToolCall(call_id, "f", signature=proof),)


def test_a_call_that_nobody_signed_has_its_own_id() -> None:
    assert signed_id("a", "google", None) == "a"


@pytest.mark.parametrize(
    "own", ["toolu_1", "a_signed_", "a_signed_x", "a_signed_gIA", "a_signed_c2ln", "_signed_by_me"]
)
def test_an_id_that_was_never_ours_stays_whole(own: str) -> None:
    """Trap 41."""
    assert split_id(own) == (own, None)


def test_nobody_gets_the_proof_of_another() -> None:
    """Traps 52, 61: visible thinking stays, without its proof; what was only a proof is gone."""
    theirs = mark("openrouter", "c2ln")

    assert seen(Reasoning("Hm", theirs), Text("Hi"), Reasoning("", theirs), Reasoning(redacted=theirs)) == (
        Reasoning("Hm"),
        Text("Hi"),
    )
    assert seen(ToolCall("a", "f", signature=theirs)) == (ToolCall("a", "f"),)


def test_one_who_goes_by_two_names_gets_both() -> None:
    request = ChatRequest("m", (Message("assistant", (Reasoning("Hm", mark("anthropic", "c2ln")),)),))

    assert signed_by(request, "claudes", "anthropic").messages[0].parts == (Reasoning("Hm", "c2ln"),)


def test_what_is_not_marked_stays_as_it_is() -> None:
    request = ChatRequest("m", (Message("assistant", (Reasoning("Hm", "c2ln"), ToolCall("a", "f", signature="x"))),))

    assert signed_by(request, "google") is request
    assert [is_marked(proof) for proof in (None, "", "c2ln", mark("google", None))] == [False, False, False, True]
