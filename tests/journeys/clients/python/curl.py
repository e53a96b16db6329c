"""curl, and the bytes themselves: what other languages' clients see."""

import base64
import json
import shutil
import subprocess
from typing import Any

from tests.fakes.upstreams.files import PNG
from tests.journeys.clients.python.checks import AWKWARD, GREETING, At, Checks, has, same

check = Checks()
CURL = shutil.which("curl") or "curl"


def curl(at: At, path: str, body: Any = None, *options: str, key: str | None = None) -> tuple[int, dict[str, str], str]:
    """Status, headers and body."""
    sent = ["-d", json.dumps(body), "-H", "content-type: application/json"] if body is not None else []
    said = subprocess.run(
        [CURL, "-sSN", "-D", "-", f"{at.origin}{path}", "-H", f"authorization: Bearer {key or at.key}", *sent, *options],
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    head, _, rest = said.stdout.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split(" ")[1]), headers, rest.decode()


def chat(at: At, said: Any, *options: str, **more: Any) -> tuple[int, dict[str, str], str]:
    body = {"model": at.model(), "messages": [{"role": "user", "content": said}], **more}
    return curl(at, "/v1/chat/completions", body, *options)


def messages(at: At, said: Any, *options: str, **more: Any) -> tuple[int, dict[str, str], str]:
    body = {"model": at.model(), "max_tokens": 100, "messages": [{"role": "user", "content": said}], **more}
    return curl(at, "/v1/messages", body, "-H", "anthropic-version: 2023-06-01", *options)


@check
def a_chat(at: At) -> None:
    status, headers, body = chat(at, "Hello")
    same((status, headers["content-type"].partition(";")[0]), (200, "application/json"))
    same(json.loads(body)["choices"][0]["message"]["content"], GREETING)


@check
def a_stream(at: At) -> None:
    status, headers, body = chat(at, "Hello", stream=True)
    same((status, headers["content-type"].partition(";")[0]), (200, "text/event-stream"))
    events = [event for event in body.split("\n\n") if event]
    assert all(event.startswith(("data: ", ":")) for event in events), events[:3]
    same(events[-1], "data: [DONE]")
    chunks = [json.loads(event[6:]) for event in events[:-1] if event.startswith("data: ")]
    assert all("finish_reason" in choice and "delta" in choice for chunk in chunks for choice in chunk["choices"])
    same("".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]), GREETING)


@check
def awkward_characters(at: At) -> None:
    """Trap 79."""
    same(json.loads(chat(at, "scene:unicode")[2])["choices"][0]["message"]["content"], AWKWARD)
    chunks = [
        json.loads(event[6:])
        for event in chat(at, "scene:unicode", stream=True)[2].split("\n\n")
        if event.startswith("data: {")
    ]
    same("".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]), AWKWARD)


@check
def a_failed_stream_has_its_status(at: At) -> None:
    """Trap 86."""
    status, headers, body = chat(at, "scene:error-429", stream=True)
    same(
        (status, headers.get("retry-after"), headers["content-type"].partition(";")[0]), (429, "7", "application/json")
    )
    assert json.loads(body)["error"].keys() >= {"message", "type", "param", "code"}


@check
def an_error_on_the_way_ends_without_done(at: At) -> None:
    """Traps 12, 33."""
    events = [event for event in chat(at, "scene:error-stream", stream=True)[2].split("\n\n") if event]
    if not at.straight:
        has(events[-1], '"error"')
        assert "[DONE]" not in "".join(events)


@check
def a_cut_stream_says_so(at: At) -> None:
    """Trap 12."""
    if not at.straight:
        events = [event for event in chat(at, "scene:cut", stream=True)[2].split("\n\n") if event]
        has(events[-1], '"error"')
        assert "[DONE]" not in "".join(events)


@check
def a_message(at: At) -> None:
    if not at.straight:
        status, headers, body = messages(at, "Hello", "-H", f"x-api-key: {at.key}", "-H", "authorization:")
        same((status, json.loads(body)["content"][0]["text"]), (200, GREETING))
        assert headers["request-id"]


@check
def a_stream_of_messages(at: At) -> None:
    """Trap 29."""
    if at.straight:
        return
    events = [event.split("\n") for event in messages(at, "Hello", stream=True)[2].split("\n\n") if event]
    for name, data in events:
        same(name, f"event: {json.loads(data.removeprefix('data: '))['type']}")
    same((events[0][0], events[-1][0]), ("event: message_start", "event: message_stop"))


@check
def a_stream_of_messages_that_fails(at: At) -> None:
    """Trap 29."""
    if at.straight:
        return
    events = [event.split("\n") for event in messages(at, "scene:error-stream", stream=True)[2].split("\n\n") if event]
    same(events[-1][0], "event: error")
    same(json.loads(events[-1][1].removeprefix("data: "))["type"], "error")


@check
def a_stream_of_responses(at: At) -> None:
    """Trap 89."""
    body = {"model": at.model(), "input": "Hello", "stream": True}
    events = [event.split("\n") for event in curl(at, "/v1/responses", body)[2].split("\n\n") if event]
    for name, data in events:
        same(name, f"event: {json.loads(data.removeprefix('data: '))['type']}")
    same((events[0][0], events[-1][0]), ("event: response.created", "event: response.completed"))


@check
def a_wrong_token(at: At) -> None:
    status, _, body = curl(at, "/v1/chat/completions", {"model": at.model(), "messages": []}, key="sk-wrong")
    same((status, json.loads(body)["error"]["code"]), (401, "invalid_api_key"))


@check
def bodies_that_are_none(at: At) -> None:
    for sent in ("{", "[]", '"x"', '{"model": 5, "messages": []}'):
        status, _, body = curl(at, "/v1/chat/completions", None, "-d", sent, "-H", "content-type: application/json")
        same(status, 400)
        assert json.loads(body)["error"]["message"]


@check
def a_picture(at: At) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    parts = [{"type": "text", "text": "scene:look"}, {"type": "image_url", "image_url": {"url": url}}]
    same(json.loads(chat(at, parts)[2])["choices"][0]["message"]["content"], f"I see image/png {len(PNG)} bytes")


@check
def a_big_picture(at: At) -> None:
    """Trap 10."""
    url = f"data:image/png;base64,{base64.b64encode(PNG + bytes(3_000_000)).decode()}"
    parts = [{"type": "text", "text": "scene:look"}, {"type": "image_url", "image_url": {"url": url}}]
    body = json.dumps({"model": at.model(), "messages": [{"role": "user", "content": parts}]}).encode()
    said = subprocess.run(
        [CURL, "-sS", f"{at.origin}/v1/chat/completions", "-H", f"authorization: Bearer {at.key}", "-H", "content-type: application/json",
         "-H", "expect:", "--data-binary", "@-"], input=body, capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    same(json.loads(said.stdout)["choices"][0]["message"]["content"], f"I see image/png {len(PNG) + 3_000_000} bytes")


@check
def the_models(at: At) -> None:
    status, _, body = curl(at, "/v1/models")
    same((status, json.loads(body)["object"]), (200, "list"))
    assert at.model() in [model["id"] for model in json.loads(body)["data"]]


if __name__ == "__main__":
    check.run()
