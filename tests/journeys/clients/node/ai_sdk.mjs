// Vercel's AI SDK over each of its providers that speak to a base URL: openai (chat, responses), openai-compatible, anthropic.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, Output, embedMany, generateImage, generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { AWKWARD, GREETING, HEARD, PICTURE, SEEN, check, has, run, same, thrown } from "./checks.mjs";

// Each way in; straight, those that the upstream understands.
function models(at, role = "chat") {
  const found = [];
  if (!at.straight || at.provider === "openai") {
    const openai = createOpenAI({ baseURL: at.openaiUrl, apiKey: at.key });
    const compatible = createOpenAICompatible({ name: "ours", baseURL: at.openaiUrl, apiKey: at.key, supportsStructuredOutputs: true, includeUsage: true });
    found.push(openai.chat(at.model(role)), openai.responses(at.model(role)), compatible(at.model(role)));
  }
  if (!at.straight || at.provider === "anthropic") found.push(createAnthropic({ baseURL: at.openaiUrl, apiKey: at.key })(at.model(role)));
  return found;
}

const tools = {
  get_weather: tool({ description: "The weather", inputSchema: z.object({ city: z.string() }), execute: ({ city }) => `${city} 18°` }),
};
const quiet = { maxRetries: 0, onError: () => undefined };
const stopWhen = stepCountIs(3);

check("generates", async (at) => {
  for (const model of models(at)) {
    const said = await generateText({ model, prompt: "Hello", ...quiet });
    same([said.text, said.finishReason, said.usage.inputTokens, said.usage.outputTokens], [GREETING, "stop", 20, 8]);
  }
});

check("streams", async (at) => {
  for (const model of models(at)) {
    const said = streamText({ model, prompt: "Hello", ...quiet });
    let text = "";
    for await (const piece of said.textStream) text += piece;
    same([text, await said.finishReason, (await said.usage).outputTokens], [GREETING, "stop", 8]);
  }
});

check("awkward_characters", async (at) => {
  // Trap 79
  for (const model of models(at)) {
    same((await generateText({ model, prompt: "scene:unicode", ...quiet })).text, AWKWARD);
    same(await streamText({ model, prompt: "scene:unicode", ...quiet }).text, AWKWARD);
  }
});

check("a_system_crosses", async (at) => {
  for (const model of models(at)) {
    same((await generateText({ model, system: "Be brief.", prompt: "scene:system", ...quiet })).text, "system: Be brief.");
  }
});

check("tools_are_called", async (at) => {
  for (const model of models(at)) {
    same((await generateText({ model, tools, stopWhen, prompt: "scene:tool", ...quiet })).text, HEARD);
    has(await streamText({ model, tools, stopWhen, prompt: "scene:parallel", ...quiet }).text, 'get_weather({"city":"Rome"})=Rome 18°');
  }
});

check("a_tool_is_forced", async (at) => {
  for (const model of models(at)) {
    const said = await generateText({ model, tools, toolChoice: "required", prompt: "Hello", ...quiet });
    same(said.toolCalls.map((call) => call.input), [{ city: "Paris" }]);
  }
});

check("a_signed_call_goes_back", async (at) => {
  // Trap 48
  if (at.provider !== "google") return;
  for (const model of models(at, "signed")) {
    same(await streamText({ model, tools, stopWhen, prompt: "scene:tool", ...quiet }).text, HEARD);
  }
});

check("structure", async (at) => {
  for (const model of models(at)) {
    const said = await generateText({ model, output: Output.object({ schema: z.object({ name: z.string(), age: z.number() }) }), prompt: "Who?", ...quiet });
    same(said.output, { name: "Ada", age: 36 });
  }
});

check("objects", async (at) => {
  const schema = z.object({ name: z.string(), age: z.number() });
  for (const model of models(at)) {
    same((await generateObject({ model, schema, prompt: "Who?", ...quiet })).object, { name: "Ada", age: 36 });
    same((await generateObject({ model, output: "enum", enum: ["one", "two"], prompt: "Which?", ...quiet })).object, "one");
    const said = streamObject({ model, output: "array", schema, prompt: "Who?", ...quiet });
    let growing = [];
    for await (growing of said.partialObjectStream);
    same([growing.length, (await said.object).map((each) => each.name)], [2, ["Ada", "Alan"]]);
  }
});

check("steps_and_what_comes_after", async (at) => {
  // Traps 41, 82
  for (const model of models(at)) {
    if (at.provider === "openai" && model.provider === "openai.responses") continue; // it refers to what OpenAI stored, and the upstream stores nothing
    const said = await generateText({ model, tools, stopWhen, prompt: "scene:text-and-tool", ...quiet });
    same([said.text, said.steps.length, said.totalUsage.outputTokens], [HEARD, 2, 16]);
    const messages = [{ role: "user", content: "scene:text-and-tool" }, ...said.response.messages, { role: "user", content: "Hello" }];
    same((await generateText({ model, tools, messages, ...quiet })).text, GREETING);
  }
});

check("a_picture_is_made", async (at) => {
  if (at.provider !== "openai") return;
  const openai = createOpenAI({ baseURL: at.openaiUrl, apiKey: at.key });
  const said = await generateImage({ model: openai.image(at.straight ? "gpt-image-1" : "openai/gpt-image-1"), prompt: "A cat", maxRetries: 0 });
  same(said.image.mediaType, "image/png");
});

check("a_picture", async (at) => {
  for (const model of models(at)) {
    const content = [{ type: "text", text: "scene:look" }, { type: "image", image: PICTURE.bytes, mediaType: "image/png" }];
    same((await generateText({ model, messages: [{ role: "user", content }], ...quiet })).text, SEEN);
  }
});

check("thinks", async (at) => {
  // Trap 52
  const providerOptions = {
    openai: { reasoningEffort: "low", store: false },
    ours: { reasoningEffort: "low" },
    anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } },
  };
  for (const model of models(at, "thinking")) {
    same(await streamText({ model, tools, stopWhen, providerOptions, prompt: "scene:tool", ...quiet }).text, HEARD);
  }
});

check("vectors", async (at) => {
  if (at.provider === "anthropic") return;
  const openai = createOpenAI({ baseURL: at.openaiUrl, apiKey: at.key });
  const said = await embedMany({ model: openai.textEmbeddingModel(at.model("embedding")), values: ["one", "two"], maxRetries: 0 });
  same(said.embeddings.map((each) => each.length), [12, 12]);
});

check("failures", async (at) => {
  for (const model of models(at)) {
    for (const [scene, status] of [["error-429", 429], ["error-400", 400], ["error-500", at.straight ? 500 : 502]]) {
      const error = await thrown(APICallError, () => generateText({ model, prompt: `scene:${scene}`, ...quiet }));
      same(error.statusCode, status);
      if (status === 429) same(error.responseHeaders["retry-after"], "7");
    }
    await thrown(Error, () => streamText({ model, prompt: "scene:error-429", ...quiet }).text);
  }
});

check("an_error_inside_a_stream", async (at) => {
  for (const model of models(at)) {
    const errors = [];
    for await (const part of streamText({ model, prompt: "scene:error-stream", ...quiet }).fullStream) if (part.type === "error") errors.push(part.error);
    same(errors.length > 0, true);
  }
});

await run();
