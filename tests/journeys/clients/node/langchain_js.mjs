// LangChain for JavaScript: ChatOpenAI over chat completions and responses, and its embeddings.
import { HumanMessage, SystemMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { z } from "zod";
import { AWKWARD, GREETING, HEARD, PICTURE, SEEN, check, has, run, same, thrown } from "./checks.mjs";

const models = (at, role = "chat") =>
  [false, true].map(
    (useResponsesApi) =>
      new ChatOpenAI({ model: at.model(role), apiKey: at.key, maxRetries: 0, useResponsesApi, configuration: { baseURL: at.openaiUrl } }),
  );
const weather = tool(({ city }) => `${city} 18°`, { name: "get_weather", description: "The weather", schema: z.object({ city: z.string() }) });

async function whole(stream) {
  let total;
  for await (const chunk of await stream) total = total === undefined ? chunk : total.concat(chunk);
  return total;
}

check("invokes", async (at) => {
  for (const model of models(at)) {
    const said = await model.invoke([new SystemMessage("Be brief."), new HumanMessage("Hello")]);
    same([said.text, said.usage_metadata.input_tokens, said.usage_metadata.output_tokens], [GREETING, 20, 8]);
  }
});

check("streams", async (at) => {
  for (const model of models(at)) {
    const said = await whole(model.stream("Hello"));
    same([said.text, said.usage_metadata.output_tokens], [GREETING, 8]);
  }
});

check("awkward_characters", async (at) => {
  // Trap 79
  for (const model of models(at)) same([(await model.invoke("scene:unicode")).text, (await whole(model.stream("scene:unicode"))).text], [AWKWARD, AWKWARD]);
});

check("tools_and_their_results", async (at) => {
  // Traps 82, 83
  for (const model of models(at)) {
    const able = model.bindTools([weather]);
    for (const said of [await able.invoke("scene:parallel"), await whole(able.stream("scene:parallel"))]) {
      same(said.tool_calls.map((call) => call.args.city), ["Paris", "Rome"]);
      const results = await Promise.all(said.tool_calls.map((call) => weather.invoke(call)));
      const heard = await able.invoke([new HumanMessage("scene:parallel"), said, ...results.reverse()]);
      has(heard.text, 'get_weather({"city":"Paris"})=Paris 18°');
      has(heard.text, 'get_weather({"city":"Rome"})=Rome 18°');
    }
  }
});

check("a_tool_is_forced", async (at) => {
  for (const model of models(at)) {
    same((await model.bindTools([weather], { tool_choice: "get_weather" }).invoke("Hello")).tool_calls[0].name, "get_weather");
  }
});

check("a_signed_call_goes_back", async (at) => {
  // Trap 48
  if (at.provider !== "google") return;
  for (const model of models(at, "signed")) {
    const able = model.bindTools([weather]);
    const said = await able.invoke("scene:tool");
    const results = await Promise.all(said.tool_calls.map((call) => weather.invoke(call)));
    same((await able.invoke([new HumanMessage("scene:tool"), said, ...results])).text, HEARD);
  }
});

check("structure", async (at) => {
  for (const model of models(at)) {
    for (const method of ["jsonSchema", "functionCalling"]) {
      const able = model.withStructuredOutput(z.object({ name: z.string(), age: z.number() }), { name: "person", method });
      same(await able.invoke("Who?"), { name: "Ada", age: 36 });
    }
  }
});

check("a_picture", async (at) => {
  for (const model of models(at)) {
    const content = [{ type: "text", text: "scene:look" }, { type: "image_url", image_url: { url: PICTURE.url } }];
    same((await model.invoke([new HumanMessage({ content })])).text, SEEN);
  }
});

check("vectors", async (at) => {
  if (at.provider === "anthropic") return;
  const found = new OpenAIEmbeddings({ model: at.model("embedding"), apiKey: at.key, configuration: { baseURL: at.openaiUrl } });
  same((await found.embedDocuments(["one", "two"])).map((each) => each.length), [12, 12]);
});

check("failures", async (at) => {
  for (const model of models(at)) {
    same((await thrown(Error, () => model.invoke("scene:error-429"))).status, 429);
    await thrown(Error, () => whole(model.stream("scene:error-500")));
  }
});

await run();
