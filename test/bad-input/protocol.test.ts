import { protobufCodec } from "@hawser/protocol";
import type { Frame } from "@hawser/protocol";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clientFrame, RawSocket } from "../../packages/server/test/raw-socket.ts";
import { openTarget } from "./target.ts";
import type { Target } from "./target.ts";

let target: Target;
beforeAll(async () => {
  target = await openTarget();
});
afterAll(() => target.close());
afterEach(() => target.bystander.roundTrip());

const hello = JSON.stringify({ type: "connect", token: "" });

/** How text messages behind `connect` are answered: the close code, and the code of the `error` frame before it. */
async function endOf(...messages: readonly (string | Uint8Array)[]): Promise<{ code: number; error: unknown }> {
  const raw = await RawSocket.upgraded(target.url, "hawser.v1.json");
  for (const message of messages) raw.write(clientFrame(message));
  return endOfRaw(raw);
}

/** The same for binary messages of `hawser.v1`. */
async function endOfBinary(...messages: readonly Uint8Array[]): Promise<{ code: number; error: unknown }> {
  const raw = await RawSocket.upgraded(target.url, "hawser.v1");
  for (const message of messages) raw.write(clientFrame(message, { opcode: 2 }));
  const { code } = await raw.closed();
  raw.destroy();
  return { code, error: undefined };
}

async function endOfRaw(raw: RawSocket): Promise<{ code: number; error: unknown }> {
  const { code, texts } = await raw.closed();
  await raw.ended();
  const frames = texts
    .flatMap((text) => text.trim().split("\n"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, error: frames.find((frame) => frame["type"] === "error" && (frame["id"] ?? 0) === 0)?.["code"] };
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const frame = (value: Frame): Uint8Array => protobufCodec.encode(value);
const connectFrame = frame({ type: "connect", token: "", session: "", agent: "" });

describe("before connect", () => {
  it.each([
    "ping",
    "pong",
    "subscribe",
    "publish",
    "history",
    "call",
    "cancel",
    "credit",
    "seek",
    "unsubscribe",
    "authenticate",
  ])("%s closes with 4500 [CON-1]", async (type) => {
    expect(
      await endOf(JSON.stringify({ type, id: 1, channel: "a", method: "m", number: 1, nonce: 1, token: "", json: 1 })),
    ).toEqual({
      code: 4500,
      error: "frame-unexpected",
    });
  });

  it.each([
    ["text that is no JSON", "hello"],
    ["HTTP", "GET / HTTP/1.1\r\n\r\n"],
    ["an empty message", ""],
    ["a number", "5"],
    ["null", "null"],
    ["a list of frames", `[${hello}]`],
    ["a frame without a type", "{}"],
    ["a type that does not exist", '{"type":"hello"}'],
    ["a type of the prototype", '{"type":"constructor"}'],
    ["a type that is a number", '{"type":1}'],
    ["a token that is a number", '{"type":"connect","token":5}'],
    ["half a frame", hello.slice(0, -1)],
    ["two frames on one line", hello + hello],
    ["a lone surrogate", '{"type":"connect","token":"\\ud800"}'],
  ])("%s closes with 4501 [WIRE-3]", async (_what, text) => {
    expect(await endOf(text)).toEqual({ code: 4501, error: "frame-malformed" });
  });

  it("binary on the text protocol, and text on the binary one, closes with 4501 [WIRE-2]", async () => {
    const text = await RawSocket.upgraded(target.url, "hawser.v1.json");
    text.write(clientFrame(connectFrame, { opcode: 2 }));
    expect((await endOfRaw(text)).code).toBe(4501);
    const binary = await RawSocket.upgraded(target.url, "hawser.v1");
    binary.write(clientFrame(hello));
    expect((await binary.closed()).code).toBe(4501);
  });

  it("nesting without end closes with 4501, not with the process", async () => {
    for (const deep of [
      "[".repeat(500_000),
      `${'{"a":'.repeat(100_000)}1`,
      `{"type":"connect","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    ]) {
      expect(await endOf(deep)).toMatchObject({ code: 4501 });
    }
  });
});

describe("behind connect", () => {
  it("a second connect closes with 4500 [CON-2]", async () => {
    expect(await endOf(hello, hello)).toEqual({ code: 4500, error: "frame-unexpected" });
    const raw = await RawSocket.upgraded(target.url);
    raw.write(clientFrame(hello));
    await raw.message();
    raw.write(clientFrame(hello));
    expect(await endOfRaw(raw)).toEqual({ code: 4500, error: "frame-unexpected" });
  });

  it.each([
    "connected",
    "authenticated",
    "subscribed",
    "unsubscribed",
    "batch",
    "reset",
    "published",
    "rejected",
    "page",
    "result",
    "error",
    "move",
  ])("%s, which only a server sends, closes with 4500 [CON-13]", async (type) => {
    expect(await endOf(hello, JSON.stringify({ type, id: 1, number: 1, generation: 1, json: 1 }))).toMatchObject({
      code: 4500,
    });
  });

  it("a request without an identifier, or with one in flight, closes with 4500 [CON-14]", async () => {
    expect(await endOf(hello, '{"type":"subscribe","channel":"a"}')).toMatchObject({ code: 4500 });
    expect(await endOf(hello, '{"type":"publish","id":0,"channel":"a","json":1}')).toMatchObject({ code: 4500 });
    const twice = '{"type":"publish","id":5,"channel":"a","json":1}';
    expect(await endOf(hello, `${twice}\n${twice}`)).toMatchObject({ code: 4500 });
  });

  it.each([
    ["an identifier that is negative", '{"type":"history","id":-1,"channel":"a"}'],
    ["an identifier above 2^53", '{"type":"history","id":9007199254740993,"channel":"a"}'],
    ["an identifier with a fraction", '{"type":"history","id":1.5,"channel":"a"}'],
    ["an identifier as text", '{"type":"history","id":"1","channel":"a"}'],
    ["an infinite identifier", '{"type":"history","id":1e999,"channel":"a"}'],
    [
      "a producer that is not 16 bytes [PUB-8]",
      '{"type":"publish","id":1,"channel":"a","producer":"AAAA","sequence":1,"json":1}',
    ],
    ["a producer that is no base64", '{"type":"publish","id":1,"channel":"a","producer":"@@@@","sequence":1,"json":1}'],
    ["a publish without a payload", '{"type":"publish","id":1,"channel":"a"}'],
    ["a channel that is a number", '{"type":"subscribe","id":1,"channel":5}'],
  ])("%s closes with 4501", async (_what, text) => {
    expect(await endOf(hello, text)).toMatchObject({ code: 4501 });
  });

  it.each(["", ".", "a..b", "a b", "a*", "{a}", "a\nb", "\u0000", "\u2028", "x".repeat(256)])(
    "the channel name %j is refused, and no more",
    async (channel) => {
      const raw = await connected();
      raw.say({ type: "subscribe", id: 1, channel });
      expect((await raw.message())[0]).toMatchObject({ type: "error", id: 1, code: "channel-invalid" });
      raw.say({ type: "publish", id: 2, channel, json: 1 });
      expect((await raw.message())[0]).toMatchObject({ id: 2, code: "channel-invalid" });
      raw.destroy();
    },
  );

  it.each(["$user.anonymous-0000000000000000", "$control", "$", "$inbox.x", "$user.ann"])(
    "the service's own name %j is forbidden [SUB-14]",
    async (channel) => {
      const raw = await connected();
      for (const request of [
        { type: "subscribe", channel },
        { type: "history", channel },
        { type: "publish", channel, json: 1 },
      ]) {
        raw.say({ ...request, id: 1 });
        const [answer] = await raw.message();
        expect(answer).toMatchObject({ id: 1 });
        expect(["forbidden", "channel-invalid"]).toContain(answer!["code"]);
      }
      raw.destroy();
    },
  );
});

async function connected(): Promise<RawSocket> {
  const raw = await RawSocket.upgraded(target.url, "hawser.v1.json");
  raw.write(clientFrame(hello));
  await raw.message();
  return raw;
}

describe("members that reach for a prototype", () => {
  it.each([
    '{"type":"connect","__proto__":{"token":"x"}}',
    '{"__proto__":{"type":"connect"},"type":"connect"}',
    '{"type":"connect","constructor":{"prototype":{"polluted":1}}}',
    '{"type":"connect","agent":"x","__proto__":{"polluted":1}}',
  ])("are skipped: %s", async (text) => {
    const raw = await RawSocket.upgraded(target.url);
    raw.write(clientFrame(text));
    expect((await raw.message())[0]).toMatchObject({ type: "connected" });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    raw.destroy();
  });

  it("travel in payloads as the text they are", async () => {
    const raw = await connected();
    raw.say({ type: "subscribe", id: 1, channel: "proto" });
    await raw.message();
    const json = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    raw.write(clientFrame(`{"type":"publish","id":2,"channel":"proto","json":${json}}`));
    const texts: string[] = [];
    while (!texts.join("").includes('"batch"')) texts.push((await raw.frame())!.payload.toString("utf8"));
    expect(texts.join("")).toContain(json);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    raw.destroy();
  });

  it("are neither channels nor methods that exist", async () => {
    const raw = await connected();
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      raw.say({ type: "call", id: 1, method: name, json: {} });
      expect((await raw.message())[0]).toMatchObject({ type: "error", id: 1, code: "method-unknown" });
      raw.say({ type: "publish", id: 1, channel: name, json: {} });
      expect((await raw.message())[0]).toMatchObject({ type: "published", id: 1 });
    }
    raw.destroy();
  });
});

describe("JSON payloads that would break out of their frame", () => {
  it.each([
    ["a line break", '{"a":\n1}'],
    ["a carriage return and a tab", '{"a":\r\n\t1}'],
    ["an escaped line break in a string", '{"a":"x\\ny"}'],
    ["a closing of the frame in a string", '{"a":"}\\n{\\"type\\":\\"error\\"}"}'],
    ["separators of lines", '{"a":"\u2028\u2029"}'],
    ["the same member twice", '{"a":1,"a":2}'],
    ["a number that no double holds", "123456789012345678901234567890.12345678901234567890e-5"],
    ["a name of a member of the frame", '{"type":"error","id":0,"offset":9}'],
  ])("such as %s reach a subscriber in one frame [WIRE-7]", async (what, json) => {
    const channel = `escape.${what.replaceAll(" ", "-")}`;
    const publisher = await RawSocket.upgraded(target.url, "hawser.v1");
    publisher.write(clientFrame(connectFrame, { opcode: 2 }));
    const subscriber = await connected();
    subscriber.say({ type: "subscribe", id: 1, channel });
    await subscriber.message();
    publisher.write(
      clientFrame(
        frame({
          type: "publish",
          id: 1,
          channel,
          producer: new Uint8Array(),
          sequence: 0,
          previous: 0,
          payload: { kind: "json", data: new TextEncoder().encode(json) },
          key: "",
        }),
        { opcode: 2 },
      ),
    );
    let batch: Record<string, unknown> | undefined;
    while (batch === undefined) batch = (await subscriber.message()).find((candidate) => candidate["type"] === "batch");
    expect(batch["messages"]).toHaveLength(1);
    expect((batch["messages"] as { json: unknown }[])[0]!.json).toEqual(JSON.parse(json));
    publisher.destroy();
    subscriber.destroy();
  });

  it.each(["{", "1 2", "", "nul", "'a'", "[1,]", "\u00a01", '{"a":1}}', "\ufeff1"])(
    "such as %j, which are no JSON, close with 4501 [WIRE-6]",
    async (json) => {
      const publish = frame({
        type: "publish",
        id: 1,
        channel: "a",
        producer: new Uint8Array(),
        sequence: 0,
        previous: 0,
        payload: { kind: "json", data: new TextEncoder().encode(json) },
        key: "",
      });
      expect((await endOfBinary(connectFrame, publish)).code).toBe(4501);
    },
  );
});

describe("binary frames", () => {
  it.each<[string, Uint8Array]>([
    ["a frame that is longer than the message", bytes(0x7f, 1, 2, 3)],
    ["a frame of 2^63 bytes", bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)],
    ["a length that does not end", bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ["a frame of nothing", bytes(0)],
    ["a field that is longer than its frame", bytes(3, 0x0a, 0x7f, 1)],
    ["a group", bytes(2, 0x0b, 0x0c)],
    ["a wire type that does not exist", bytes(2, 0x0f, 1)],
    ["the field 0", bytes(2, 0x00, 1)],
    ["a frame type that does not exist", bytes(4, 0xfa, 0x3f, 1, 0)],
    ["connect and half a frame", Uint8Array.from([...connectFrame, 5, 1])],
    ["garbage", Uint8Array.from({ length: 1_000 }, (_, index) => (index * 97 + 13) % 256)],
  ])("with %s close with 4501 [WIRE-3]", async (_what, message) => {
    expect((await endOfBinary(message)).code).toBe(4501);
  });

  it("that are connect with any byte changed are answered, and leave the server as it was", async () => {
    const whole = frame({ type: "connect", token: "t", session: "session", agent: "agent" });
    for (let at = 0; at < whole.length; at += 1) {
      for (const change of [0x01, 0x80, 0xff]) {
        const changed = whole.slice();
        changed[at]! ^= change;
        const raw = await RawSocket.upgraded(target.url, "hawser.v1");
        raw.write(clientFrame(changed, { opcode: 2 }));
        raw.write(clientFrame(whole, { opcode: 2 }));
        const { code } = await raw.closed();
        expect([4500, 4501, 4503]).toContain(code);
        raw.destroy();
      }
    }
  });
});
