"""Log probabilities in the one shape that callers know, OpenAI's: https://platform.openai.com/docs/api-reference/chat/object (2026-11)."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from shared.dialects.lenient import record, records, text


def logprobs(result: Mapping[str, Any]) -> dict[str, Any]:
    """Google's `logprobsResult` (https://ai.google.dev/api/generate-content#LogprobsResult) as `{"content": [...]}`."""
    chosen, tops = records(result.get("chosenCandidates")), records(result.get("topCandidates"))
    return {
        "content": [
            {**_token(token), "top_logprobs": [_token(other) for other in records(record(top).get("candidates"))]}
            for token, top in zip_longest(chosen, tops[: len(chosen)])
        ]
    }


def _token(candidate: Mapping[str, Any]) -> dict[str, Any]:
    word = text(candidate.get("token"))
    return {"token": word, "logprob": candidate.get("logProbability"), "bytes": list(word.encode())}
