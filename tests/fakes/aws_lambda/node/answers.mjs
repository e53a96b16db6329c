// Handlers as AWS documents them for Node.js, which our fake of Lambda is held against: test_aws_clients.py asks each.
// https://docs.aws.amazon.com/lambda/latest/dg/response-streaming-tutorial.html (2026-11)

export const streamed = awslambda.streamifyResponse(async (event, stream) => {
  const head = { statusCode: 201, headers: { "x-path": event.rawPath }, cookies: ["c=1"] };
  const out = awslambda.HttpResponseStream.from(stream, head);
  out.write("first, ");
  out.write("second");
  out.end();
});

export const raw = awslambda.streamifyResponse(async (_event, stream) => {
  stream.setContentType("text/plain");
  stream.write("no prelude");
  stream.end();
});

export const broken = awslambda.streamifyResponse(async (_event, stream) => {
  const out = awslambda.HttpResponseStream.from(stream, { statusCode: 200 });
  out.write("first, ");
  await new Promise((resolve) => setImmediate(resolve));
  throw new RangeError("the second was lost");
});

export const whole = async (event) => ({ statusCode: 202, body: JSON.stringify({ path: event.rawPath }) });

export const failing = async () => {
  throw new RangeError("no answer");
};
