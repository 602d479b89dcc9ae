import type { ConsumeMessage } from "amqplib";
import { describe, expect, it } from "vitest";
import { appendOf } from "../../src/bridge/incoming.ts";

function append(content: string | Buffer, properties: Partial<ConsumeMessage["properties"]>) {
  return appendOf("a", "work", { content: Buffer.from(content), properties } as ConsumeMessage);
}

describe("a message of a queue", () => {
  it.each([
    ["application/json", '{"n":1}', "json"],
    ["application/cloudevents+json; charset=utf-8", "1", "json"],
    ["text/plain", "hello", "text"],
    ["image/png", "x", "bytes"],
    [undefined, "x", "bytes"],
  ])("of the type %s is %j as %s", (contentType, content, kind) => {
    expect(append(content, { contentType })).toMatchObject({ payload: { kind, data: Buffer.from(content) } });
  });

  it("that is not what it says is carried as bytes", () => {
    expect(append("{", { contentType: "application/json" }).payload.kind).toBe("bytes");
    expect(append(Buffer.from([0xff]), { contentType: "text/plain" }).payload.kind).toBe("bytes");
  });

  it("with an id is known again, and without one is not", () => {
    expect(append("x", { messageId: "7" })).toMatchObject({ producer: "work 7", sequence: 1, previous: 0 });
    expect(append("x", {})).toMatchObject({ producer: "", sequence: 0, previous: 0 });
  });
});
