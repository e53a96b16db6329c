"""Proofs of thinking on their way through callers, and to whom they go back."""

from hypothesis import given
from hypothesis import strategies as st

from shared.chat.request import ChatRequest, Message, Part, Reasoning, Text, ToolCall
from shared.dialects.signed import SignedCall, find_signed_call, is_marked, mark, mark_call, signed_by


def seen(*parts: Part, by: str = "google") -> tuple[Part, ...]:
    return signed_by(ChatRequest("m", (Message("assistant", parts),)), by).messages[0].parts


@given(st.text())
def test_a_proof_comes_back_to_its_maker_byte_for_byte(proof: str) -> None:
    """Traps 48, 52."""
    assert seen(Reasoning("Hm", mark("google", proof)))[0] == Reasoning("Hm", proof or None)


@given(st.text(), st.text(min_size=1))
def test_the_proof_of_a_call_finds_its_call(call_id: str, proof: str) -> None:
    """Trap 48."""
    signed = find_signed_call(mark_call("google", call_id, proof))

    assert signed == SignedCall(call_id, mark("google", proof))
    assert signed is not None
    assert seen(ToolCall(call_id, "f", signature=signed.proof)) == (ToolCall(call_id, "f", signature=proof),)


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
    assert [is_marked(proof) for proof in (None, "", "c2ln", mark("google", None), mark_call("google", "a", "x"))] == [
        *[False] * 3,
        *[True] * 2,
    ]


def test_a_broken_mark_of_a_call_is_none() -> None:
    assert [find_signed_call(broken) for broken in ("c2ln", "rml1call.A", "rml1call.gIA=.google.x")] == [None] * 3
