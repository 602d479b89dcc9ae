import { describe, expect, it } from "vitest";
import { answerOf } from "../../src/backend/answer.ts";
import { backendSettings, defaultBackendLimits } from "../../src/backend/backend-options.ts";
import { secret } from "./support.ts";

const limits = { ...defaultBackendLimits, maxAnswerMessages: 3, maxStateBytes: 20 };
const read = (type: string, body: string): unknown => answerOf(type, Buffer.from(body), limits);

describe("an answer of a back end", () => {
  it("may be an object, a list, lines, or a message", () => {
    const messages = {
      replies: [
        { kind: "message", data: Uint8Array.of(104, 105), text: true },
        { kind: "message", data: Uint8Array.of(1), text: false },
        { kind: "close", code: 1000, reason: "" },
      ],
    };
    const list = '[{"text":"hi"},{"binary":"AQ=="},{"close":{}}]';
    expect(read("application/json", list)).toMatchObject(messages);
    expect(read("application/json; charset=utf-8", `{"messages":${list},"state":null}`)).toMatchObject({
      ...messages,
      state: null,
    });
    expect(read("application/x-ndjson", '{"text":"hi"}\n\n{"binary":"AQ=="}\r\n{"close":{}}')).toMatchObject(messages);
    expect(read("text/plain", "hi")).toMatchObject({ replies: [{ text: true }] });
    expect(read("application/octet-stream", "hi")).toMatchObject({ replies: [{ text: false }] });
    expect(read("text/html", "")).toMatchObject({ replies: [] });
  });

  it.each([
    ["text/html", "<p>", /not "text\/html"/],
    ["", "x", /An answer is application\/json/],
    ["application/json", "{", /not JSON/],
    ["application/json", "1", /object or list/],
    ["application/json", '{"message":[]}', /member "message"/],
    ["application/json", '[{"text":"a","binary":""}]', /answer\[0\] must have exactly one/],
    ["application/json", '[{"binary":"A"}]', /answer\[0\]/],
    ["application/json", '[{"close":{}},{"text":"a"}]', /follows a close/],
    ["application/json", '[{"close":{"code":1005}}]', /answer\[0\]\.close\.code/],
    ["application/json", '[{"close":{"code":2000}}]', /answer\[0\]\.close\.code/],
    ["application/json", `[{"close":{"reason":"${"é".repeat(62)}"}}]`, /at most 123 bytes/],
    ["application/json", '[{"close":{"why":1}}]', /takes code and reason/],
    ["application/json", '[{"text":""},{"text":""},{"text":""},{"text":""}]', /at most 3/],
    ["application/json", '{"state":"0123456789012345678"}', /at most 20 bytes/],
    ["application/x-ndjson", '{"text":"a"}\nno', /Line 2 is not JSON/],
    ["text/plain", "\u{fffd}", undefined],
  ])("%s %s is read, or says what is wrong with it", (type, body, error) => {
    if (error === undefined) expect(() => read(type, body)).not.toThrow();
    else expect(() => read(type, body)).toThrow(error);
  });

  it("has as much state and as many messages as it may", () => {
    expect(() => read("application/json", '{"state":"012345678901234567"}')).not.toThrow();
    expect(() => read("application/json", '[{"text":""},{"text":""},{"text":""}]')).not.toThrow();
  });

  it("is not text that is not UTF-8", () => {
    expect(() => answerOf("text/plain", Uint8Array.of(255), limits)).toThrow(/not UTF-8/);
  });
});

describe("the options of a back end", () => {
  const misspelt: object = { maxSocket: 1 };
  const good = { url: "https://app.test/", secret };

  it.each([
    [{ url: "ws://app.test" }, "pools.app.url"],
    [{ url: "https://user:word@app.test" }, "pools.app.url"],
    [{ secret: "whsec_c2hvcnQ=" }, "pools.app.secret"],
    [{ secret: [] }, "pools.app.secret"],
    [{ format: "xml" as "raw" }, "pools.app.format"],
    [{ headers: { "a b": "c" } }, "pools.app.headers"],
    [{ limits: { maxSockets: 0 } }, "pools.app.limits.maxSockets"],
    [{ limits: misspelt }, "pools.app.limits.maxSocket"],
    [{ limits: { requestTimeoutMs: 2 ** 31 } }, "pools.app.limits.requestTimeoutMs"],
  ])("refuses %o and names %s, without the secret", (options, at) => {
    const make = (): unknown => backendSettings({ ...good, ...options }, "pools.app");
    expect(make).toThrow(
      expect.objectContaining({ code: "option-invalid", message: expect.stringContaining(`${at} `) }),
    );
    expect(make).not.toThrow(/c2hvcnQ/);
  });
});
