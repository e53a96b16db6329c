"""Parameters, in the words of whoever wrote them."""

import pytest

from shared.dialects.caller import load_caller, respell
from shared.errors import InvalidRequest, Unauthenticated, UnsupportedParameter


@pytest.mark.parametrize(
    ("caller", "parameter", "own"),
    [
        ("openai", "options.topLogprobs", "top_logprobs"),
        ("openai", "messages[0].content[1]", "messages[0].content[1]"),
        ("anthropic", "options.stop", "stop_sequences"),
        ("anthropic", "messages[0].content[1]", "messages[0].content[1]"),
        ("responses", "options.verbosity", "text.verbosity"),
        ("responses", "messages[0].content[1]", "input"),
        ("responses", "messages", "input"),
        ("responses", "input[0].content[1].type", "input[0].content[1].type"),
    ],
)
def test_a_parameter_is_named_as_the_caller_wrote_it(caller: str, parameter: str, own: str) -> None:
    """Trap 81."""
    error = respell(UnsupportedParameter(f"no `{parameter}` here", parameter=parameter), load_caller(caller).names)

    assert isinstance(error, UnsupportedParameter)
    assert (error.parameter, error.details["parameter"]) == (own, own)
    assert error.message == f"no `{own}` here"


def test_what_names_no_parameter_is_left_alone() -> None:
    for error in (InvalidRequest("no"), Unauthenticated("no")):
        assert respell(error, load_caller("responses").names) is error
