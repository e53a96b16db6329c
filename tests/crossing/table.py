"""The table of what crosses, written by trying it: `python -m tests.crossing.table > docs/crossing.md`."""

import sys
from collections.abc import Iterator

from tests.crossing.features import FEATURES
from tests.crossing.tried import CALLERS, MODELS, Crossing, try_feature

NAMES = {
    "openai": "OpenAI and all like it",
    "responses": "OpenAI Responses",
    "anthropic": "Anthropic",
    "gemini": "Gemini",
    "bedrock": "Bedrock",
    "cohere": "Cohere",
}
_INTRODUCTION = """\
# What crosses

Three APIs towards callers, six towards providers, and every pair of them meets. This page is written by the tests that prove it
(`python -m tests.crossing.table > docs/crossing.md`): each feature is put into a plain request, and what would be sent is looked at.

- **✓** it crosses: the provider is asked for it, in its own words. Between kin (the same API on both sides) the request goes out as it came.
- **told** it cannot change the answer (a hint for caches, a label), so it is left out, and the receipt and `x-realmultillm-dropped` say so.
- **400** the provider cannot do it. The refusal names the parameter as the caller wrote it; with `x-realmultillm-drop-params: true` it is left out and told.
- an empty cell: the caller's API has no word for it.

Nothing is lost in silence: a feature that changes nothing and is not told fails the test.
Rows differ in detail within a family: whoever cannot do what OpenAI does refuses it by the same rule.
"""


def page() -> Iterator[str]:
    """Its lines."""
    yield _INTRODUCTION
    for caller, title in CALLERS.items():
        yield f"## {title}\n"
        yield "| | " + " | ".join(NAMES[dialect] for dialect in MODELS) + " |"
        yield "| --- |" + " --- |" * len(MODELS)
        for feature in FEATURES:
            found = [try_feature(feature, caller, dialect) for dialect in MODELS]
            if any(found):
                yield f"| {feature.name} | " + " | ".join(map(_cell, found)) + " |"
        yield ""


def _cell(found: Crossing | None) -> str:
    match found:
        case None:
            return ""
        case Crossing("crosses"):
            return "✓"
        case Crossing("told"):
            return "told"
        case Crossing("refused", parameter):
            return f"400 `{parameter}`"
        case _:
            return "lost"


if __name__ == "__main__":
    sys.stdout.write("\n".join(page()))
