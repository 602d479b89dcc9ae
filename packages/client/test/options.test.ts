import { describe, expect, it } from "vitest";
import { createClient } from "../src/client.ts";

describe("the options of a client", () => {
  it("are refused with the name of the one that is wrong", () => {
    const cases: [object, RegExp][] = [
      [{ url: "" }, /`url`/],
      [{ url: [] }, /`url`/],
      [{}, /`url`/],
      [{ url: "ws://x", token: 7 }, /`token`/],
      [{ url: "ws://x", windowBytes: 0 }, /`windowBytes`/],
      [{ url: "ws://x", connectTimeoutMs: -1 }, /`connectTimeoutMs`/],
      [{ url: "ws://x", outbox: { maxMessages: 1.5 } }, /`outbox.maxMessages`/],
      [{ url: "ws://x", outbox: { maxWaiting: 0 } }, /`outbox.maxWaiting`/],
      [{ url: "ws://x", outbox: { overflow: "dropOldest" } }, /`outbox.overflow` is "reject", "wait" or "drop-oldest"/],
      [{ url: "ws://x", backoff: { minMs: 10, maxMs: 5 } }, /`backoff.minMs`/],
    ];
    const connector = { name: "none", connect: () => ({ send() {}, bufferedBytes: 0, close() {} }) };
    for (const [options, text] of cases) {
      expect(() => createClient({ connector, ...options } as never)).toThrow(
        expect.objectContaining({ code: "option-invalid", message: expect.stringMatching(text) }),
      );
    }
  });

  it("need a WebSocket class where the runtime has none", () => {
    const options = { url: "ws://x" };
    if ("WebSocket" in globalThis) return;
    expect(() => createClient(options)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
