"""Gemini's API, as https://ai.google.dev/api/generate-content has it (2026-11)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.upstreams.openai import vector
from tests.fakes.upstreams.scenes import (
    INPUT,
    OUTPUT,
    REASONING,
    SIGNATURE,
    Asked,
    Call,
    Failure,
    Reply,
    Result,
    Tool,
    reply,
)
from tests.fakes.upstreams.serve import Growing, Whole
from tests.fakes.upstreams.strict import NUMBER, Kind, Malformed, decoded, fields, kind, one_of, seen, within
from tests.fakes.upstreams.verdict import verdict

CHAT_MODELS = ("gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-pro-preview")
EMBEDDING_MODELS = ("gemini-embedding-001",)
_STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL", 503: "UNAVAILABLE", 529: "UNAVAILABLE",
}  # fmt: skip
_TOO_LONG = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."


class Upstream:
    """One project."""

    def __init__(self, key: str) -> None:
        self._key = key

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Whole | Growing:
        """As the path says. The key is in a header, never in the query: trap 50."""
        path, _, query = path.partition("?")
        if "key=" in query:
            raise Malformed("key", "does not belong into a URL")
        if headers.get("x-goog-api-key") != self._key:
            raise Failure(400, "authentication", "API key not valid. Please pass a valid API key.")
        if method == "GET" and path.startswith("/v1beta/models"):
            return _models(path.removeprefix("/v1beta/models").strip("/"))
        model, _, verb = path.removeprefix("/v1beta/models/").partition(":")
        if method == "POST" and verb in _VERBS:
            if model not in CHAT_MODELS + EMBEDDING_MODELS:
                raise Failure(
                    404,
                    "not_found",
                    f"models/{model} is not found for API version v1beta, or is not supported for {verb}.",
                )
            return _VERBS[verb](model, body, query)
        raise Failure(404, "no_route", f"no such route: {method} {path}")

    def failed(self, failure: Failure) -> Whole:
        """An error, in Google's words."""
        message = _TOO_LONG if failure.kind == "context" else str(failure)
        error: dict[str, Any] = {
            "code": failure.status,
            "message": message,
            "status": _STATUS[failure.status],
            "details": [],
        }
        if failure.kind == "authentication" and failure.status == 400:
            info = {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            }
            error["details"].append(info)
        if failure.retry_after is not None:
            error["details"].append(
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{failure.retry_after}s"}
            )
        return Whole({"error": error}, failure.status)


def _models(name: str) -> Whole:
    named = [_model(model) for model in CHAT_MODELS + EMBEDDING_MODELS]
    if not name:
        return Whole({"models": named})
    found = [model for model in named if model["name"] == f"models/{name}"]
    if not found:
        raise Failure(404, "not_found", f"models/{name} is not found")
    return Whole(found[0])


def _model(name: str) -> dict[str, Any]:
    methods = ["embedContent"] if name in EMBEDDING_MODELS else ["generateContent", "countTokens"]
    limits = {"inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536}
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        **limits,
        "supportedGenerationMethods": methods,
    }


def _generate(model: str, body: Any, query: str) -> Whole | Growing:
    verdict("google", "generateContent", body)
    asked = _read(model, body, stream=False)
    told = reply(asked)
    likely = _logprobs(body.get("generationConfig", {}), told)
    candidates = [{**_candidate(list(_parts(told)), told), "index": index, **likely} for index in range(asked.n)]
    return Whole({"candidates": candidates, **_tail(model, told)}, manner=told.manner)


def _stream(model: str, body: Any, query: str) -> Whole | Growing:
    if query != "alt=sse":
        raise Malformed("alt", "this upstream streams as server-sent events alone")
    verdict("google", "streamGenerateContent", body)
    asked = _read(model, body, stream=True)
    told = reply(asked)
    broken = {"error": {"code": 503, "message": "The model is overloaded on the way.", "status": "UNAVAILABLE"}}
    return Growing(list(_events(model, told, asked.n)), told.manner, _event(broken))


def _count(model: str, body: Any, query: str) -> Whole:
    fields(body, "", needed={}, known={"contents": list, "generateContentRequest": dict})
    asked = body.get("generateContentRequest") or body
    _read(model, {name: value for name, value in asked.items() if name != "model"}, stream=False)
    return Whole({"totalTokens": INPUT, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": INPUT}]})


_EMBED: dict[str, Kind] = {"model": str, "taskType": str, "title": str, "outputDimensionality": int}


def _embed(model: str, body: Any, query: str) -> Whole:
    verdict("google", "embeddings", body)
    return Whole({"embedding": _embedded(body, "")})


def _embed_all(model: str, body: Any, query: str) -> Whole:
    verdict("google", "embeddings", body)
    fields(body, "", needed={"requests": list}, known={})
    for index, asked in enumerate(body["requests"]):
        one_of(asked.get("model"), (f"models/{model}",), f"requests[{index}].model")
    return Whole(
        {"embeddings": [_embedded(asked, f"requests[{index}]") for index, asked in enumerate(body["requests"])]}
    )


def _embedded(asked: Any, where: str) -> dict[str, Any]:
    fields(asked, where, needed={"content": dict}, known=_EMBED)
    text = "".join(part["text"] for part in asked["content"]["parts"])
    if not text:
        raise Malformed(f"{where}.content", "contains an empty Part.")
    within(asked.get("outputDimensionality"), 1, 3072, f"{where}.outputDimensionality")
    return {"values": vector(text, asked.get("outputDimensionality", 12))}


_VERBS = {
    "generateContent": _generate, "streamGenerateContent": _stream, "countTokens": _count,
    "embedContent": _embed, "batchEmbedContents": _embed_all,
}  # fmt: skip


# The request ----------------------------------------------------------------------------------------------------------

_KNOWN: dict[str, Kind] = {
    "systemInstruction": dict, "tools": list, "toolConfig": dict, "safetySettings": list, "generationConfig": dict,
    "cachedContent": str, "labels": dict, "serviceTier": str, "store": bool,
}  # fmt: skip
_CONFIG: dict[str, Kind] = {
    "temperature": NUMBER, "topP": NUMBER, "topK": NUMBER, "candidateCount": int, "maxOutputTokens": int, "stopSequences": list,
    "presencePenalty": NUMBER, "frequencyPenalty": NUMBER, "responseMimeType": str, "responseSchema": dict, "mediaResolution": str,
    "responseJsonSchema": dict, "responseLogprobs": bool, "logprobs": int, "seed": int, "thinkingConfig": dict,
    "responseModalities": list, "speechConfig": dict, "imageConfig": dict, "enableEnhancedCivicAnswers": bool,
}  # fmt: skip
_ECHOED = {
    "temperature": "temperature", "topP": "top_p", "topK": "top_k", "seed": "seed", "maxOutputTokens": "max_tokens",
    "presencePenalty": "presence_penalty", "frequencyPenalty": "frequency_penalty", "thinkingConfig": "thinking_config",
}  # fmt: skip


def _read(model: str, body: Any, *, stream: bool) -> Asked:
    fields(body, "", needed={"contents": list}, known=_KNOWN)
    config = body.get("generationConfig", {})
    fields(config, "generationConfig", needed={}, known=_CONFIG)
    _settings(model, config)
    tools = tuple(_tools(body.get("tools", [])))
    schema = _format(config)
    if tools and config.get("responseMimeType") == "application/json" and model.startswith("gemini-2"):
        raise Malformed(
            "generationConfig", "Function calling with a response mime type: 'application/json' is unsupported"
        )
    media, results = _contents(model, body["contents"])
    thinking = config.get("thinkingConfig", {})
    return Asked(
        model=model,
        said=_said(body["contents"]),
        stream=stream,
        system="\n".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", [])),
        tools=tools,
        choice=_choice(body, tools),
        results=results,
        media=media,
        schema=schema,
        json=config.get("responseMimeType") == "application/json",
        stop=tuple(config.get("stopSequences", [])),
        n=config.get("candidateCount", 1),
        thinking=thinking.get("includeThoughts", False),
        told={ours: config[name] for name, ours in _ECHOED.items() if name in config},
    )


def _settings(model: str, config: dict[str, Any]) -> None:
    within(config.get("temperature"), 0, 2, "generationConfig.temperature")
    within(config.get("topP"), 0, 1, "generationConfig.topP")
    within(config.get("candidateCount"), 1, 8, "generationConfig.candidateCount")
    within(config.get("maxOutputTokens"), 1, 65_536, "generationConfig.maxOutputTokens")
    within(config.get("logprobs"), 0, 20, "generationConfig.logprobs")
    if len(config.get("stopSequences", [])) > 5:
        raise Malformed("generationConfig.stopSequences", "at most 5")
    thinking = config.get("thinkingConfig", {})
    known: dict[str, Kind] = {"includeThoughts": bool, "thinkingBudget": int, "thinkingLevel": str}
    fields(thinking, "generationConfig.thinkingConfig", needed={}, known=known)
    if "thinkingLevel" in thinking and model.startswith("gemini-2"):
        raise Malformed("generationConfig.thinkingConfig", "Thinking level is not supported for this model.")
    if "thinkingLevel" in thinking and "thinkingBudget" in thinking:
        raise Malformed(
            "generationConfig.thinkingConfig", "You can only set one of thinking budget and thinking level."
        )


_SCHEMA = {
    "type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required", "minProperties",
    "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering", "default", "items", "minimum", "maximum",
}  # fmt: skip


def _schema(schema: Any, where: str) -> None:
    """Google's own Schema knows less than JSON Schema. Trap 49."""
    kind(schema, dict, where)
    for name, value in schema.items():
        if name not in _SCHEMA:
            raise Malformed(where, f'Invalid JSON payload received. Unknown name "{name}"')
        if name == "type":
            one_of(
                str(value).lower(),
                ("string", "number", "integer", "boolean", "array", "object", "null"),
                f"{where}.type",
            )
        inner = value.items() if name == "properties" else enumerate(value) if name == "anyOf" else ()
        for key, each in inner:
            _schema(each, f"{where}.{name}.{key}")
    if "items" in schema:
        _schema(schema["items"], f"{where}.items")
    if str(schema.get("type")).lower() == "array" and "items" not in schema:
        raise Malformed(f"{where}.items", "missing field.")
    if schema.get("enum") and str(schema.get("type", "string")).lower() != "string":
        raise Malformed(f"{where}.enum", "only allowed for STRING type")


def _format(config: Mapping[str, Any]) -> dict[str, Any] | None:
    schema: dict[str, Any] | None = config.get("responseJsonSchema")
    if "responseSchema" in config:
        _schema(config["responseSchema"], "generationConfig.responseSchema")
        schema = config["responseSchema"]
    if schema is not None and config.get("responseMimeType") != "application/json":
        raise Malformed("generationConfig.responseMimeType", "a schema needs application/json")
    return schema


def _tools(tools: list[Any]) -> Iterator[Tool]:
    for index, tool in enumerate(tools):
        fields(tool, f"tools[{index}]", needed={"functionDeclarations": list}, known={})
        for at, function in enumerate(tool["functionDeclarations"]):
            where = f"tools[{index}].functionDeclarations[{at}]"
            known: dict[str, Kind] = {
                "description": str,
                "parameters": dict,
                "parametersJsonSchema": dict,
                "response": dict,
            }
            fields(function, where, needed={"name": str}, known=known)
            if "parameters" in function:
                _schema(function["parameters"], f"{where}.parameters")
                if function["parameters"].get("type", "").lower() == "object" and not function["parameters"].get(
                    "properties"
                ):
                    raise Malformed(f"{where}.parameters.properties", "should be non-empty for OBJECT type")
            yield Tool(
                function["name"],
                function.get("parameters") or function.get("parametersJsonSchema") or {"type": "object"},
            )


def _choice(body: Mapping[str, Any], tools: tuple[Tool, ...]) -> str:
    config = body.get("toolConfig", {}).get("functionCallingConfig")
    if config is None:
        return "auto"
    fields(config, "toolConfig.functionCallingConfig", needed={"mode": str}, known={"allowedFunctionNames": list})
    mode = one_of(config["mode"], ("AUTO", "ANY", "NONE", "VALIDATED"), "toolConfig.functionCallingConfig.mode")
    allowed = config.get("allowedFunctionNames", [])
    for name in allowed:
        one_of(name, [tool.name for tool in tools], "toolConfig.functionCallingConfig.allowedFunctionNames")
    if allowed and mode not in ("ANY", "VALIDATED"):
        raise Malformed("toolConfig.functionCallingConfig.allowedFunctionNames", "only with mode ANY")
    return f"={allowed[0]}" if allowed else {"VALIDATED": "auto"}.get(mode, mode.lower())


def _contents(model: str, contents: list[Any]) -> tuple[tuple[str, ...], tuple[Result, ...]]:
    """What was shown, and the last results. There are as many of them as calls in the turn before, by name and id."""
    if not contents:
        raise Malformed("contents", "contents is not specified")
    media: list[str] = []
    results: list[Result] = []
    waiting: list[dict[str, Any]] = []
    for index, content in enumerate(contents):
        where = f"contents[{index}]"
        fields(content, where, needed={"parts": list}, known={"role": str})
        role = one_of(content.get("role", "user"), ("user", "model"), f"{where}.role")
        if not content["parts"]:
            raise Malformed(f"{where}.parts", "must not be empty")
        for at, part in enumerate(content["parts"]):
            media += _part(part, f"{where}.parts[{at}]", role)
        answers = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        results = _matched(waiting, answers, where)
        waiting = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        if waiting and model.startswith("gemini-3"):
            _signed(content["parts"], where)
    if waiting:
        raise Malformed(
            "contents",
            "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
        )
    return tuple(media), tuple(results)


_SKIP = ("context_engineering_is_the_way_to_go", "skip_thought_signature_validator")
"""What Google takes in place of a signature that was lost: https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11)."""


def _signed(parts: list[Any], where: str) -> None:
    """The first call of a turn carries the signature it came with. Trap 48."""
    first = next(part for part in parts if "functionCall" in part)
    if "thoughtSignature" not in first:
        raise Malformed(where, "Function call is missing a thought_signature in functionCall parts.")
    if first["thoughtSignature"] not in (SIGNATURE, *_SKIP):
        raise Malformed(where, "Corrupted thought signature.")


def _matched(waiting: list[dict[str, Any]], answers: list[dict[str, Any]], where: str) -> list[Result]:
    if len(waiting) != len(answers):
        raise Malformed(
            where,
            "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
        )
    results = []
    for at, response in enumerate(answers):
        fields(
            response,
            f"{where}.functionResponse",
            needed={"name": str, "response": dict},
            known={"id": str, "parts": list},
        )
        calls = (
            [call for call in waiting if call.get("id") == response.get("id")]
            if "id" in response
            else waiting[at : at + 1]
        )
        if not calls or calls[0]["name"] != response["name"]:
            raise Malformed(f"{where}.functionResponse.name", "does not match the name of the function call")
        results.append(Result(response["name"], calls[0].get("args", {}), _result_text(response["response"])))
    return results


def _result_text(response: dict[str, Any]) -> str:
    """However it was wrapped."""
    if len(response) == 1:
        (value,) = response.values()
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(response, ensure_ascii=False)


_SORTS = ("text", "inlineData", "fileData", "functionCall", "functionResponse")


def _part(part: Any, where: str, role: str) -> list[str]:
    known: dict[str, Kind] = {
        "text": str,
        "thought": bool,
        "thoughtSignature": str,
        "videoMetadata": dict,
        "mediaResolution": dict,
    }
    fields(part, where, needed={}, known={**known, **dict.fromkeys(_SORTS[1:], dict)})
    sorts = [name for name in _SORTS if name in part]
    if len(sorts) != 1:
        raise Malformed(where, "required oneof field 'data' must have one initialized field")
    match sorts[0]:
        case "inlineData":
            fields(part["inlineData"], where, needed={"mimeType": str, "data": str}, known={"displayName": str})
            return [seen(part["inlineData"]["mimeType"], decoded(part["inlineData"]["data"], where), where)]
        case "fileData":
            fields(part["fileData"], where, needed={"fileUri": str}, known={"mimeType": str})
            raise Malformed(where, "Cannot fetch content from the provided URL.")  # trap 51
        case "functionCall":
            one_of(role, ("model",), f"{where}.functionCall in a turn of")
            fields(part["functionCall"], where, needed={"name": str}, known={"id": str, "args": dict})
        case "functionResponse":
            one_of(role, ("user",), f"{where}.functionResponse in a turn of")
    return []


def _said(contents: list[Any]) -> str:
    for content in reversed(contents):
        texts = [part["text"] for part in content["parts"] if "text" in part]
        if content.get("role", "user") == "user" and texts:
            return "".join(texts)
    return ""


# The answer -----------------------------------------------------------------------------------------------------------

_FINISH = {"length": "MAX_TOKENS", "refusal": "SAFETY"}


def _logprobs(config: Mapping[str, Any], told: Reply) -> dict[str, Any]:
    if not config.get("responseLogprobs"):
        return {}
    chosen = [_likely(token) for token in told.text]
    top = [{"candidates": [each, _likely("other")][: config.get("logprobs", 1)]} for each in chosen]
    return {"avgLogprobs": -0.25, "logprobsResult": {"chosenCandidates": chosen, "topCandidates": top}}


def _likely(token: str) -> dict[str, Any]:
    return {"token": token, "tokenId": 7, "logProbability": -0.25}


def _candidate(parts: list[dict[str, Any]], told: Reply) -> dict[str, Any]:
    candidate: dict[str, Any] = {"finishReason": _FINISH.get(told.finish, "STOP"), "index": 0}
    if told.finish == "refusal":
        ratings = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH", "blocked": True}]
        return {**candidate, "safetyRatings": ratings}  # trap 45: no parts
    return {"content": {"parts": parts, "role": "model"}, **candidate} if parts else candidate


def _parts(told: Reply) -> Iterator[dict[str, Any]]:
    if told.thoughts:
        yield {"text": "".join(told.thoughts), "thought": True}
    if told.text:
        yield {"text": told.whole}
    for at, call in enumerate(told.calls):
        yield _called(call, first=at == 0)


def _called(call: Call, *, first: bool) -> dict[str, Any]:
    """Without an id, as this API usually has them; only the first of several is signed."""
    part = {"functionCall": {"name": call.name, "args": call.arguments}}
    return {**part, "thoughtSignature": SIGNATURE} if first else part


def _tail(model: str, told: Reply) -> dict[str, Any]:
    """What thinking took is beside what was said. Traps 20, 21, 65."""
    thought = REASONING if told.thoughts else 0
    usage = {"promptTokenCount": INPUT, "candidatesTokenCount": OUTPUT - thought, "totalTokenCount": INPUT + OUTPUT}
    usage |= {"thoughtsTokenCount": thought} if thought else {}
    usage |= {"cachedContentTokenCount": told.cached} if told.cached else {}
    return {"usageMetadata": usage, "modelVersion": model, "responseId": "upstream-response"}


def _events(model: str, told: Reply, n: int) -> Iterator[bytes]:
    """Every chunk has the usage so far; calls come whole. Traps 20, 43, 46."""
    parts = [{"text": piece, "thought": True} for piece in told.thoughts] + [{"text": piece} for piece in told.text]
    if told.finish == "refusal":
        parts = []
    calls = [_called(call, first=at == 0) for at, call in enumerate(told.calls)]
    groups = [[part] for part in parts] + ([calls] if told.manner == "one-chunk" else [[call] for call in calls])
    for group in groups:
        said = [{"content": {"parts": group, "role": "model"}, "index": index} for index in range(n)]
        yield _event({"candidates": said, **_tail(model, told)})
    ending = [] if told.finish == "refusal" else [{"text": ""}]
    yield _event({"candidates": [{**_candidate(ending, told), "index": at} for at in range(n)], **_tail(model, told)})


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\r\n\r\n"
