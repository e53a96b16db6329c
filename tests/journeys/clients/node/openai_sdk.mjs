// OpenAI's own client for Node.js.
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { AWKWARD, GREETING, HEARD, PICTURE, SEEN, check, has, run, same, thrown } from "./checks.mjs";

const client = (at, more = {}) => new OpenAI({ baseURL: at.openaiUrl, apiKey: at.key, maxRetries: 0, ...more });
const ask = (at, content, more = {}) => client(at).chat.completions.create({ model: at.model(), messages: [{ role: "user", content }], ...more });
const Person = z.object({ name: z.string(), age: z.number() });
const WEATHER = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } },
};

check("answers", async (at) => {
  const said = await ask(at, "Hello");
  same([said.choices[0].message.content, said.choices[0].finish_reason], [GREETING, "stop"]);
  same([said.usage.prompt_tokens, said.usage.completion_tokens, said.usage.total_tokens], [20, 8, 28]);
  if (!at.straight || at.provider === "openai") same(typeof said._request_id, "string");
});

check("streams", async (at) => {
  let text = "";
  let usage = null;
  let last;
  for await (const chunk of await ask(at, "Hello", { stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
    last = chunk;
  }
  same([text, usage.total_tokens, last.choices], [GREETING, 28, []]);
});

check("awkward_characters", async (at) => {
  // Trap 79
  same((await ask(at, "scene:unicode")).choices[0].message.content, AWKWARD);
  const stream = client(at).chat.completions.stream({ model: at.model(), messages: [{ role: "user", content: "scene:unicode" }] });
  same(await stream.finalContent(), AWKWARD);
});

check("tools_and_their_results", async (at) => {
  // Traps 82, 83
  for (const scene of ["parallel", "one-chunk", "interleaved"]) {
    const messages = [{ role: "user", content: `scene:${scene}` }];
    const stream = client(at).chat.completions.stream({ model: at.model(), messages, tools: [WEATHER] });
    const said = (await stream.finalChatCompletion()).choices[0].message;
    same(said.tool_calls.map((call) => JSON.parse(call.function.arguments).city), ["Paris", "Rome"]);
    messages.push(said);
    for (const call of said.tool_calls.toReversed()) {
      messages.push({ role: "tool", tool_call_id: call.id, content: `${JSON.parse(call.function.arguments).city} 18°` });
    }
    const heard = await client(at).chat.completions.create({ model: at.model(), messages, tools: [WEATHER] });
    has(heard.choices[0].message.content, 'get_weather({"city":"Paris"})=Paris 18°');
    has(heard.choices[0].message.content, 'get_weather({"city":"Rome"})=Rome 18°');
  }
});

check("the_tool_runner_runs", async (at) => {
  const runner = client(at).chat.completions.runTools({
    model: at.model(),
    messages: [{ role: "user", content: "scene:tool" }],
    tools: [{ type: "function", function: { ...WEATHER.function, parse: JSON.parse, function: ({ city }) => `${city} 18°` } }],
  });
  same(await runner.finalContent(), HEARD);
});

check("tool_choice_crosses", async (at) => {
  const forced = await ask(at, "Hello", { tools: [WEATHER], tool_choice: "required" });
  same(forced.choices[0].message.tool_calls[0].function.name, "get_weather");
  same((await ask(at, "scene:tool", { tools: [WEATHER], tool_choice: "none" })).choices[0].message.content, GREETING);
});

check("a_schema_is_parsed", async (at) => {
  const wish = { model: at.model(), messages: [{ role: "user", content: "Who?" }], response_format: zodResponseFormat(Person, "person") };
  const said = await client(at).chat.completions.parse(wish);
  same(said.choices[0].message.parsed, { name: "Ada", age: 36 });
  const streamed = await client(at).chat.completions.stream(wish).finalChatCompletion();
  same(streamed.choices[0].message.parsed, { name: "Ada", age: 36 });
});

check("a_picture", async (at) => {
  const parts = [{ type: "text", text: "scene:look" }, { type: "image_url", image_url: { url: PICTURE.url } }];
  same((await ask(at, parts)).choices[0].message.content, SEEN);
});

check("an_effort_crosses", async (at) => {
  const said = await ask(at, "Hello", { model: at.model("thinking"), reasoning_effort: "low" });
  same(said.choices[0].message.content, GREETING);
});

check("responses", async (at) => {
  const said = await client(at).responses.create({ model: at.model(), input: "Hello" });
  same([said.output_text, said.usage.total_tokens], [GREETING, 28]);
  const kinds = [];
  let text = "";
  for await (const event of await client(at).responses.create({ model: at.model(), input: "Hello", stream: true })) {
    kinds.push(event.type);
    if (event.type === "response.output_text.delta") text += event.delta;
  }
  same([kinds[0], kinds.at(-1), text], ["response.created", "response.completed", GREETING]);
});

check("responses_parsed", async (at) => {
  const said = await client(at).responses.parse({ model: at.model(), input: "Who?", text: { format: zodTextFormat(Person, "person") } });
  same(said.output_parsed, { name: "Ada", age: 36 });
});

check("responses_with_tools", async (at) => {
  const tools = [{ type: "function", strict: false, ...WEATHER.function }];
  const stream = client(at).responses.stream({ model: at.model(), input: "scene:tool", tools });
  const said = await stream.finalResponse();
  const call = said.output.find((item) => item.type === "function_call");
  const input = [{ role: "user", content: "scene:tool" }, ...said.output, { type: "function_call_output", call_id: call.call_id, output: "Paris 18°" }];
  same((await client(at).responses.create({ model: at.model(), input, tools })).output_text, HEARD);
});

check("vectors", async (at) => {
  if (at.provider === "anthropic") return;
  const said = await client(at).embeddings.create({ model: at.model("embedding"), input: ["one", "two"] });
  same(said.data.map((each) => each.embedding.length), [12, 12]);
  const plain = await client(at).embeddings.create({ model: at.model("embedding"), input: "one", encoding_format: "float" });
  same(plain.data[0].embedding, said.data[0].embedding);
});

check("models_are_listed", async (at) => {
  const names = [];
  for await (const model of client(at).models.list()) names.push(model.id);
  has(names, at.model());
});

check("failures", async (at) => {
  for (const [scene, kind, status] of [
    ["error-400", OpenAI.BadRequestError, 400],
    ["error-401", OpenAI.APIError, at.straight ? 401 : 424],
    ["error-403", OpenAI.APIError, at.straight ? 403 : 424],
    ["error-429", OpenAI.RateLimitError, 429],
    ["error-500", OpenAI.InternalServerError, at.straight ? 500 : 502],
  ]) {
    for (const stream of [false, true]) {
      const error = await thrown(kind, () => ask(at, `scene:${scene}`, { stream }));
      same(error.status, status);
      if (status === 429) same(error.headers.get("retry-after"), "7");
    }
  }
  same((await thrown(OpenAI.BadRequestError, () => ask(at, "scene:error-context"))).code, "context_length_exceeded");
});

check("an_unknown_model", async (at) => {
  const model = at.straight ? "no-such-model" : `${at.provider}/no-such-model`;
  same((await thrown(OpenAI.NotFoundError, () => ask(at, "Hello", { model }))).code, "model_not_found");
});

check("an_error_inside_a_stream", async (at) => {
  const error = await thrown(OpenAI.APIError, async () => {
    for await (const chunk of await ask(at, "scene:error-stream", { stream: true })) same(chunk.object, "chat.completion.chunk");
  });
  has(error.message, "on the way");
});

check("a_stream_may_be_left", async (at) => {
  const stream = await ask(at, "scene:long", { stream: true });
  for await (const chunk of stream) {
    same(chunk.object, "chat.completion.chunk");
    break;
  }
  stream.controller.abort();
  same((await ask(at, "Hello")).choices[0].message.content, GREETING);
});

check("a_slow_answer_runs_out_of_time", async (at) => {
  const hasty = client(at, { timeout: 400 });
  const wish = { model: at.model(), messages: [{ role: "user", content: "scene:slow" }] };
  await thrown(OpenAI.APIConnectionTimeoutError, () => hasty.chat.completions.create(wish));
});

check("raw_headers", async (at) => {
  const { data, response } = await ask(at, "Hello").withResponse();
  same(data.choices[0].message.content, GREETING);
  if (!at.straight) same(response.headers.get("x-realmultillm-provider"), at.provider);
});

await run();
