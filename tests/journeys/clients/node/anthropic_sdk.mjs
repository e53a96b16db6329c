// Anthropic's own client for Node.js.
import Anthropic from "@anthropic-ai/sdk";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { z } from "zod";
import { AWKWARD, GREETING, HEARD, PICTURE, SEEN, check, has, run, same, thrown } from "./checks.mjs";

const client = (at, more = {}) => new Anthropic({ baseURL: at.origin, apiKey: at.key, maxRetries: 0, ...more });
const wish = (at, content, more = {}) => ({ model: at.model(), max_tokens: 500, messages: [{ role: "user", content }], ...more });
const ask = (at, content, more = {}) => client(at).messages.create(wish(at, content, more));
const WEATHER = { name: "get_weather", input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } };

check("answers", async (at) => {
  const said = await ask(at, "Hello");
  same([said.content, said.stop_reason], [[{ ...said.content[0], type: "text", text: GREETING }], "end_turn"]);
  same([said.usage.input_tokens, said.usage.output_tokens], [20, 8]);
  same(typeof said._request_id, "string");
});

check("streams", async (at) => {
  const kinds = [];
  const stream = client(at).messages.stream(wish(at, "Hello"));
  for await (const event of stream) kinds.push(event.type);
  same([kinds[0], kinds.at(-1)], ["message_start", "message_stop"]);
  const done = await stream.finalMessage();
  same([done.content[0].text, done.usage.input_tokens, done.usage.output_tokens], [GREETING, 20, 8]);
});

check("awkward_characters", async (at) => {
  // Trap 79
  same((await ask(at, "scene:unicode")).content[0].text, AWKWARD);
  same(await client(at).messages.stream(wish(at, "scene:unicode")).finalText(), AWKWARD);
});

check("tools_and_their_results", async (at) => {
  // Traps 82, 83
  for (const scene of ["parallel", "one-chunk", "interleaved"]) {
    const said = await client(at).messages.stream(wish(at, `scene:${scene}`, { tools: [WEATHER] })).finalMessage();
    const calls = said.content.filter((block) => block.type === "tool_use");
    same(calls.map((call) => call.input.city), ["Paris", "Rome"]);
    const results = calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: `${call.input.city} 18°` }));
    const messages = [{ role: "user", content: `scene:${scene}` }, { role: "assistant", content: said.content }, { role: "user", content: results.reverse() }];
    const heard = (await ask(at, "", { messages, tools: [WEATHER] })).content[0].text;
    has(heard, 'get_weather({"city":"Paris"})=Paris 18°');
    has(heard, 'get_weather({"city":"Rome"})=Rome 18°');
  }
});

check("the_tool_runner_runs", async (at) => {
  // Trap 88
  const tool = betaZodTool({ name: "get_weather", description: "The weather", inputSchema: z.object({ city: z.string() }), run: ({ city }) => `${city} 18°` });
  const done = await client(at).beta.messages.toolRunner(wish(at, "scene:tool", { tools: [tool] })).runUntilDone();
  same(done.content[0].text, HEARD);
});

check("tool_choice_crosses", async (at) => {
  same((await ask(at, "Hello", { tools: [WEATHER], tool_choice: { type: "any" } })).content[0].name, "get_weather");
  same((await ask(at, "scene:tool", { tools: [WEATHER], tool_choice: { type: "none" } })).content[0].text, GREETING);
});

check("a_schema_is_parsed", async (at) => {
  const format = zodOutputFormat(z.object({ name: z.string(), age: z.number() }));
  const said = await client(at).messages.parse(wish(at, "Who?", { output_config: { format } }));
  same(said.parsed_output, { name: "Ada", age: 36 });
});

check("a_picture", async (at) => {
  const source = { type: "base64", media_type: "image/png", data: PICTURE.base64 };
  same((await ask(at, [{ type: "image", source }, { type: "text", text: "scene:look" }])).content[0].text, SEEN);
});

check("thinking_goes_back", async (at) => {
  // Trap 52
  const more = { model: at.model("thinking"), max_tokens: 4000, thinking: { type: "enabled", budget_tokens: 1024 }, tools: [WEATHER] };
  const said = await client(at).messages.stream(wish(at, "scene:tool", more)).finalMessage();
  if (at.provider !== "openai") same(said.content[0].thinking, "Let me think…");
  const call = said.content.find((block) => block.type === "tool_use");
  const messages = [
    { role: "user", content: "scene:tool" },
    { role: "assistant", content: said.content },
    { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "Paris 18°" }] },
  ];
  same((await ask(at, "", { ...more, messages })).content.at(-1).text, HEARD);
});

check("tokens_are_counted", async (at) => {
  const counted = await client(at).messages.countTokens({ model: at.model(), messages: [{ role: "user", content: "Hello" }] });
  same(counted.input_tokens > 0, true);
});

check("failures", async (at) => {
  for (const [scene, kind, status] of [
    ["error-400", Anthropic.BadRequestError, 400],
    ["error-401", Anthropic.APIError, at.straight ? 401 : 424],
    ["error-403", Anthropic.APIError, at.straight ? 403 : 424],
    ["error-429", Anthropic.RateLimitError, 429],
    ["error-500", Anthropic.InternalServerError, at.straight ? 500 : 502],
  ]) {
    for (const stream of [false, true]) {
      const error = await thrown(kind, () => ask(at, `scene:${scene}`, { stream }));
      same([error.status, error.error.type], [status, "error"]);
      if (status === 429) same(error.headers.get("retry-after"), "7");
    }
  }
  const model = at.straight ? "no-such-model" : `${at.provider}/no-such-model`;
  await thrown(Anthropic.NotFoundError, () => ask(at, "Hello", { model }));
});

check("an_error_inside_a_stream", async (at) => {
  const error = await thrown(Anthropic.APIError, () => client(at).messages.stream(wish(at, "scene:error-stream")).finalMessage());
  has(error.message, "on the way");
});

check("a_stream_may_be_left", async (at) => {
  const stream = client(at).messages.stream(wish(at, "scene:long"));
  for await (const event of stream) if (event.type === "content_block_delta") break;
  stream.abort();
  same((await ask(at, "Hello")).content[0].text, GREETING);
});

check("models_are_listed", async (at) => {
  const names = [];
  for await (const model of client(at).models.list()) names.push(model.id);
  has(names, at.model());
});

await run();
