"""What OpenAI's family answers whole and is no chat: passed on as it came, once it is seen to be an answer. Promise 4."""

from typing import Any

from shared.dialects.dialect import Written
from shared.dialects.exchanges import Ask
from shared.dialects.openai.explain import failure_inside
from shared.errors import BadResponse
from shared.wire.json import read_lenient


def written(path: str, ask: Ask) -> Written:
    """The caller's own body; the model by the provider's own name."""
    return Written(path, {**ask.body, "model": ask.model} if ask.model else dict(ask.body))


def read_list(body: bytes, name: str) -> dict[str, Any]:
    """The answer, which has a list of that name. Raises the error inside it, or BadResponse when it is none. Trap 13."""
    try:
        answer = read_lenient(body)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get(name), list):
        return answer
    if isinstance(answer, dict) and answer.get("error"):
        raise failure_inside(answer)
    raise BadResponse(f"the provider answered with something that has no `{name}`; check its base URL")
