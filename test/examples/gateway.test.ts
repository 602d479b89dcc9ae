import { describe, expect, it } from "vitest";
import { runExample } from "./example-process.ts";

describe("npm run example -- gateway", () => {
  it("balances, tells of a server that dies, and carries all sockets over one connection", async () => {
    const { code, out } = await runExample("gateway");
    expect(out).toBe(`A plain client, which knows nothing of Hawser:
  is balanced: hello from one
  is told when its server dies: close code 1012
  and comes back to another: hello from two
A Hawser client, with all its sockets over one connection:
  a WebSocket server: hello from two
  an HTTP back end: welcome, ann
  which answers: done: buy 100
`);
    expect(code).toBe(0);
  });
});
