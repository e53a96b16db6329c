"""Conversations through the front door: kept, gone on with, read, renamed, forgotten; another's are as if absent."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from shared.egress.exchange import Outbound
from shared.errors import ProviderFailed, RealMultiLLMError
from tests.fakes.client import FakeAnswer, FakeClient
from tests.fakes.gateway import lines
from tests.fakes.house import HELLO, Headers, House
from tests.fakes.table import MemoryTable
from tests.journeys.conftest import answers

CHAT = {"model": "openai/hello", "messages": HELLO}
HISTORY = "/api/chat/history"
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at":"sky"}'}}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


async def begun(house: House, who: Headers, **more: Any) -> str:
    answer = await house.http.post("/api/llm/chat", json={**CHAT, "keep": True, **more}, headers=who)
    assert answer.status_code == 200, answer.text
    told: Mapping[str, Any] = answer.json()["conversation"]
    assert told["kept"]
    return str(told["id"])


async def goes_on(house: House, who: Headers, conversation: str, text: str, **more: Any) -> Any:
    said = [{"role": "user", "content": text}]
    body = {**CHAT, "messages": said, "conversationId": conversation, **more}
    return (await house.http.post("/api/llm/chat", json=body, headers=who)).json()


async def read(house: House, who: Headers, conversation: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = (await house.http.get(f"{HISTORY}/{conversation}", headers=who)).json()["messages"]
    return messages


def asked(client: FakeClient) -> list[dict[str, Any]]:
    """The messages of the last chat that the provider got."""
    messages: list[dict[str, Any]] = json.loads(client.asked[-1].body or b"{}")["messages"]
    return messages


async def test_nothing_is_kept_unless_it_is_asked_for(house: House, asker: Headers) -> None:
    answer = await house.http.post("/api/llm/chat", json=CHAT, headers=asker)

    assert "conversation" not in answer.json()
    assert (await house.http.get(HISTORY, headers=asker)).json() == {"conversations": [], "next": None}


async def test_what_was_said_before_is_the_context_of_what_is_said_now(
    house: House, client: FakeClient, asker: Headers
) -> None:
    conversation = await begun(house, asker)
    answer = await goes_on(house, asker, conversation, "and then?")

    assert [(one["role"], one["content"]) for one in asked(client)] == [
        ("user", "hello"),
        ("assistant", "Bonjour"),
        ("user", "and then?"),
    ]
    assert answer["conversation"] == {"id": conversation, "kept": True, "leftOut": 0}
    assert [one["message"]["content"] for one in await read(house, asker, conversation)] == [
        "hello",
        "Bonjour",
        "and then?",
        "Bonjour",
    ]


async def test_a_stream_names_its_conversation_first_and_says_last_that_it_is_kept(
    house: House, asker: Headers
) -> None:
    stream = await house.http.post("/api/llm/stream", json={**CHAT, "keep": True}, headers=asker)
    first, *_, last = lines(stream.text)
    kept = await read(house, asker, first["conversationId"])

    assert last["conversation"] == {"id": first["conversationId"], "kept": True, "leftOut": 0}
    assert [(one["state"], one["provider"], one["requestId"]) for one in kept] == [
        ("answered", None, first["id"]),
        ("answered", "openai", first["id"]),
    ]


async def test_it_can_be_gone_on_with_and_not_kept(house: House, asker: Headers) -> None:
    conversation = await begun(house, asker)
    answer = await goes_on(house, asker, conversation, "off the record", keep=False)

    assert answer["conversation"] == {"id": conversation, "kept": False, "leftOut": 0}
    assert len(await read(house, asker, conversation)) == 2


async def test_instructions_are_sent_first_and_are_not_kept(house: House, client: FakeClient, asker: Headers) -> None:
    conversation = await begun(house, asker, options={"systemPrompt": "Be brief."})
    said = [{"role": "system", "content": "Be long."}, {"role": "user", "content": "again"}]
    body = {**CHAT, "messages": said, "conversationId": conversation}
    await house.http.post("/api/llm/chat", json=body, headers=asker)

    assert [one["content"] for one in asked(client)] == ["Be long.", "hello", "Bonjour", "again"]
    assert {one["message"]["role"] for one in await read(house, asker, conversation)} == {"user", "assistant"}


async def test_a_tools_result_may_answer_a_call_of_the_turn_before(
    house: House, client: FakeClient, asker: Headers
) -> None:
    calling = {"role": "assistant", "content": None, "tool_calls": [CALL]}

    def calls(outbound: Outbound) -> FakeAnswer:
        body = {
            "id": "x",
            "model": "hello",
            "choices": [{"index": 0, "message": calling, "finish_reason": "tool_calls"}],
        }
        return FakeAnswer(200, body)

    client.answer = calls
    conversation = await begun(house, asker, options={"tools": [TOOL]})
    client.answer = answers
    result = [{"role": "tool", "tool_call_id": "call_1", "content": "blue"}]
    body = {**CHAT, "messages": result, "conversationId": conversation, "options": {"tools": [TOOL]}}
    answered = await house.http.post("/api/llm/chat", json=body, headers=asker)
    alone = await house.http.post(
        "/api/llm/chat", json={**body, "conversationId": await begun(house, asker)}, headers=asker
    )

    assert answered.status_code == 200, answered.text
    assert (alone.status_code, alone.json()["error"]["details"]["parameter"]) == (400, "messages[2].tool_call_id")


async def test_a_failed_answer_leaves_what_was_asked_with_its_state_and_out_of_every_context(
    house: House, client: FakeClient, asker: Headers
) -> None:
    conversation = await begun(house, asker)
    client.answer = lambda _: ProviderFailed("no")
    failed = await goes_on(house, asker, conversation, "lost?")
    client.answer = answers
    await goes_on(house, asker, conversation, "again")
    kept = await read(house, asker, conversation)

    assert failed["error"]["details"]["conversationId"] == conversation
    assert [(one["state"], one["error"], one["message"]["content"]) for one in kept[2:4]] == [
        ("failed", "upstream_error", "lost?"),
        ("answered", None, "again"),
    ]
    assert [one["content"] for one in asked(client)] == ["hello", "Bonjour", "again"]


async def test_a_stream_that_breaks_off_keeps_no_half_answer(house: House, client: FakeClient, asker: Headers) -> None:
    cut = b'data: {"choices": [{"index": 0, "delta": {"content": "Bonj"}}]}\n\n'
    client.answer = lambda _: FakeAnswer(200, cut, {"content-type": "text/event-stream"})
    stream = await house.http.post("/api/llm/stream", json={**CHAT, "keep": True}, headers=asker)
    first, *_, last = lines(stream.text)

    assert last["error"]["code"] == "stream_truncated"
    assert [(one["state"], one["error"]) for one in await read(house, asker, first["conversationId"])] == [
        ("failed", "stream_truncated")
    ]


async def test_a_table_that_fails_at_the_end_takes_nobodys_answer_away(
    house: House, client: FakeClient, asker: Headers
) -> None:
    """Promise 3. The answer was given and paid for: it says that it is not kept."""

    def breaks_the_table(outbound: Outbound) -> FakeAnswer:
        house.table.down = True
        return answers(outbound)

    client.answer = breaks_the_table
    answer = await house.http.post("/api/llm/chat", json={**CHAT, "keep": True}, headers=asker)

    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "Bonjour"
    assert answer.json()["conversation"]["kept"] is False


async def test_what_outgrows_the_window_is_left_out_by_whole_turns_and_told(
    house: House, client: FakeClient, asker: Headers
) -> None:
    """gpt-4 takes 8192 tokens; each of these turns takes some 2000."""
    model = {"model": "openai/gpt-4"}
    conversation = await begun(house, asker, **model, messages=[{"role": "user", "content": "first " + "x" * 8000}])
    for _ in range(3):
        await goes_on(house, asker, conversation, "x" * 8000, **model)
    answer = await goes_on(house, asker, conversation, "short", **model, options={"maxTokens": 1000})
    roles = [one["role"] for one in asked(client)]

    assert answer["conversation"]["leftOut"] == 2
    assert roles == ["user", "assistant"] * 3 + ["user"]
    assert "first" not in str(asked(client))


async def test_a_message_too_large_to_keep_is_refused_before_anything_is_spent(
    house: House, client: FakeClient, asker: Headers
) -> None:
    before = len(client.asked)
    said = [{"role": "system", "content": "x"}, {"role": "user", "content": "x" * 300_001}]
    answer = await house.http.post("/api/llm/chat", json={**CHAT, "messages": said, "keep": True}, headers=asker)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, "messages[1]")
    assert len(client.asked) == before


async def test_pages_of_conversations_and_of_messages_join_without_a_gap(house: House, asker: Headers) -> None:
    made = [await begun(house, asker) for _ in range(5)]
    seen = list[str]()
    after: str | None = ""
    while after is not None:
        page = (await house.http.get(f"{HISTORY}?limit=2{after and f'&after={after}'}", headers=asker)).json()
        seen += [one["id"] for one in page["conversations"]]
        after = page["next"]
    wrong = await house.http.get(f"{HISTORY}?after=nonsense", headers=asker)

    assert sorted(seen) == sorted(made)
    assert (wrong.status_code, wrong.json()["error"]["details"]["parameter"]) == (400, "after")


async def test_a_title_is_the_first_words_until_somebody_gives_another(house: House, asker: Headers) -> None:
    long = "Why \n is the sky blue? " + "And why " * 20
    conversation = await begun(house, asker, messages=[{"role": "user", "content": [{"type": "text", "text": long}]}])
    first = (await house.http.get(HISTORY, headers=asker)).json()["conversations"][0]["title"]
    renamed = await house.http.patch(f"{HISTORY}/{conversation}", json={"title": " Sky "}, headers=asker)
    refused = [
        await house.http.patch(f"{HISTORY}/{conversation}", json=body, headers=asker)
        for body in ({"title": ""}, {"title": "a\nb"}, {"title": "x" * 201}, {}, {"title": "x", "messages": 3})
    ]

    assert first.startswith("Why is the sky blue? And why")
    assert (len(first), first[-1]) == (80, "…")
    assert renamed.json()["title"] == "Sky"
    assert {answer.status_code for answer in refused} == {400}


async def test_what_is_forgotten_is_gone_from_the_table(house: House, asker: Headers) -> None:
    one, other = await begun(house, asker), await begun(house, asker)
    gone = await house.http.delete(f"{HISTORY}/{one}", headers=asker)
    again = await house.http.delete(f"{HISTORY}/{one}", headers=asker)
    left = (await house.http.get(HISTORY, headers=asker)).json()["conversations"]
    everything = await house.http.delete(HISTORY, headers=asker)
    rows = [sk for _, sk in house.table.items if sk.startswith(("CHAT", "SAID"))]

    assert (gone.status_code, again.status_code, everything.status_code) == (204, 404, 204)
    assert [each["id"] for each in left] == [other]
    assert rows == []


async def test_anothers_conversation_is_as_if_absent(house: House, client: FakeClient, asker: Headers) -> None:
    """Threat I3: the same answer to the last word, and nothing is asked of any provider."""
    alices = await begun(house, asker)
    bob = await house.signed_up("bob")
    await house.with_key(bob)
    before = len(client.asked)
    absent = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    said = {}
    for id_ in (alices, absent, "nonsense"):
        there = f"{HISTORY}/{id_}"
        chat = {**CHAT, "conversationId": id_}
        found = [
            await house.http.get(there, headers=bob),
            await house.http.patch(there, json={"title": "mine"}, headers=bob),
            await house.http.delete(there, headers=bob),
            await house.http.post("/api/llm/chat", json=chat, headers=bob),
            await house.http.post("/api/llm/stream", json=chat, headers=bob),
            await house.http.post("/api/tokens/count", json=chat, headers=bob),
        ]
        said[id_] = [(one.status_code, {**one.json()["error"], "requestId": ""}) for one in found]

    assert said[alices] == said[absent] == said["nonsense"]
    assert {status for status, _ in said[alices]} == {404}
    assert len(client.asked) == before
    assert (await house.http.get(HISTORY, headers=bob)).json()["conversations"] == []
    assert len(await read(house, asker, alices)) == 2


async def test_an_access_token_sees_what_it_began_and_its_owner_sees_all(house: House, asker: Headers) -> None:
    """Threat I9: who steals one token reads nobody else's conversations."""
    made = await house.http.post("/api/tokens", json={"name": "ci"}, headers=asker)
    program = {"authorization": f"Bearer {made.json()['token']}"}
    owners, programs = await begun(house, asker), await begun(house, program)
    listed = {
        name: {one["id"] for one in (await house.http.get(HISTORY, headers=who)).json()["conversations"]}
        for name, who in (("owner", asker), ("program", program))
    }
    stolen = [
        await house.http.get(f"{HISTORY}/{owners}", headers=program),
        await house.http.post("/api/llm/chat", json={**CHAT, "conversationId": owners}, headers=program),
    ]
    await house.http.delete(HISTORY, headers=program)

    assert listed == {"owner": {owners, programs}, "program": {programs}}
    assert [one.status_code for one in stolen] == [404, 404]
    assert [one["id"] for one in (await house.http.get(HISTORY, headers=asker)).json()["conversations"]] == [owners]


async def test_nothing_that_was_said_lies_open_in_the_table(house: House, asker: Headers) -> None:
    """Words, answer and title are sealed; a row that is moved to another owner does not open."""
    secret = "the vault is behind the painting"
    conversation = await begun(house, asker, messages=[{"role": "user", "content": secret}])
    lying = str(house.table.items)
    await house.http.patch(f"{HISTORY}/{conversation}", json={"title": "Where the vault is"}, headers=asker)
    bob = await house.signed_up("bob")
    await house.with_key(bob)
    bobs = await begun(house, bob)
    _move(house.table, conversation, bobs)
    stolen = await house.http.get(f"{HISTORY}/{bobs}", headers=bob)

    assert not [word for word in ("vault", "painting", "Bonjour") if word in lying + str(house.table.items)]
    assert (stolen.status_code, stolen.json()["error"]["code"]) == (424, "credential_corrupt")


def _move(table: MemoryTable, conversation: str, other: str) -> None:
    """The first message of one conversation over that of another."""
    rows = {sk: (pk, item) for (pk, sk), item in table.items.items() if sk.startswith("SAID")}
    _, secret = next(row for sk, row in rows.items() if conversation in sk)
    pk, sk = next((row[0], sk) for sk, row in rows.items() if other in sk)
    table.items[pk, sk] = {**table.items[pk, sk], "said": secret["said"]}


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"keep": "yes"}, "keep"),
        ({"conversationId": 7}, "conversationId"),
        ({"conversation": "x"}, "conversation"),
    ],
)
async def test_a_wrong_field_is_named(house: House, asker: Headers, body: dict[str, Any], parameter: str) -> None:
    answer = await house.http.post("/api/llm/chat", json={**CHAT, **body}, headers=asker)

    assert (answer.status_code, answer.json()["error"]["details"]["parameter"]) == (400, parameter)


async def test_a_proof_of_thinking_goes_back_to_who_made_it_and_to_nobody_else(
    house: House, client: FakeClient, asker: Headers
) -> None:
    """Trap 61."""
    await house.with_key(asker, "anthropic")
    thought = {"type": "thinking", "thinking": "hm", "signature": "PROOF"}
    content = [thought, {"type": "text", "text": "Bonjour"}]
    usage = {"input_tokens": 1, "output_tokens": 1}
    claude = {"id": "m", "type": "message", "role": "assistant", "model": "claude", "content": content}

    def both(outbound: Outbound) -> FakeAnswer | RealMultiLLMError:
        if "anthropic" in outbound.url:
            return FakeAnswer(200, {**claude, "stop_reason": "end_turn", "usage": usage})
        return answers(outbound)

    client.answer = both
    conversation = await begun(house, asker, model="anthropic/claude-sonnet-4-5")
    await goes_on(house, asker, conversation, "and you?")
    strangers = str(asked(client))
    await goes_on(house, asker, conversation, "again", model="anthropic/claude-sonnet-4-5")

    assert "PROOF" not in strangers
    assert thought in asked(client)[1]["content"]
