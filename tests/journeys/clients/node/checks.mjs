// What the programs share: whom they ask, and how they tell what they found, a line of JSON for each check.
import assert from "node:assert/strict";

export const GREETING = "Bonjour, 你好!";
export const AWKWARD = 'a\u2028b\u2029c\u0085d 👩‍👧 café\n\t"quoted" \\ end';
export const HEARD = 'heard get_weather({"city":"Paris"})=Paris 18°';
const PATIENCE = 150_000;
const AT_ONCE = 8;
const MODELS = {
  openai: { chat: "gpt-4o-mini", thinking: "gpt-5-mini", embedding: "text-embedding-3-small" },
  anthropic: { chat: "claude-haiku-4-5", thinking: "claude-sonnet-4-5", embedding: "claude-haiku-4-5" },
  google: { chat: "gemini-2.5-flash", thinking: "gemini-2.5-pro", embedding: "gemini-embedding-001", signed: "gemini-3-pro-preview" },
};
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const PICTURE = { base64: PNG, bytes: Buffer.from(PNG, "base64"), url: `data:image/png;base64,${PNG}` };
export const SEEN = `I see image/png ${PICTURE.bytes.length} bytes`;

// Whom to ask: a provider through the gateway, or, to try the check itself, the upstream straight.
class At {
  constructor(place) {
    Object.assign(this, place);
    this.openaiUrl = `${place.origin}/v1`;
  }
  bare(role = "chat") {
    return MODELS[this.provider][role];
  }
  model(role = "chat") {
    return this.straight ? this.bare(role) : `${this.provider}/${this.bare(role)}`;
  }
}

const found = new Map();
export function check(name, run) {
  found.set(name, run);
}

export const same = assert.deepEqual;
export function has(text, part) {
  assert.ok(String(text).includes(part), `found: ${text}\nwanted in it: ${part}`);
}

// What this call throws, which has to be of this class.
export async function thrown(expected, call) {
  let answer;
  try {
    answer = await call();
  } catch (error) {
    assert.ok(error instanceof expected, `thrown: ${error?.constructor?.name}: ${error?.stack}`);
    return error;
  }
  assert.fail(`nothing was thrown, but said: ${JSON.stringify(answer)?.slice(0, 500)}`);
}

async function told(name, run, at) {
  let why = "";
  let timer;
  try {
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("took too long")), PATIENCE)));
    await Promise.race([run(at), late]);
  } catch (error) {
    why = String(error?.stack ?? error).slice(0, 3000) + (error?.cause ? `\ncause: ${error.cause?.stack ?? error.cause}` : "");
  } finally {
    clearTimeout(timer);
  }
  const where = at.straight ? `straight-${at.provider}` : at.provider;
  process.stdout.write(JSON.stringify({ check: name, where, why }) + "\n");
}

// All checks, at everybody.
export async function run() {
  const places = JSON.parse(process.env.JOURNEY).map((place) => new At(place));
  const waiting = places.flatMap((at) => [...found].map(([name, each]) => () => told(name, each, at)));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  process.exit(0);
}
