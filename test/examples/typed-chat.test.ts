import { describe, expect, it } from "vitest";
import { runExample } from "./example-process.ts";

describe("npm run example -- typed-chat", () => {
  it("shows talk, a call, an inbox, refusals, a cut in the middle and a revoked right, and ends", async () => {
    const { code, out } = await runExample("typed-chat");
    expect(out).toContain("A chat on Express, at http://127.0.0.1:");
    expect(readBy("bob", out)).toEqual([
      "ann: Is anybody here?",
      "bob: I am.",
      "ann whispers: The good cups are on the left.",
      "ann: cup 1",
      "ann: cup 2",
      "ann: cup 3",
      "ann: cup 4",
      "ann: cup 5",
      "ann: cup 6",
      "bob: I write this without a connection.",
      "ann: Nice roses.",
    ]);
    expect(out).toContain("ann's call  delivered: true");
    expect(out).toContain("bob says nothing at all: payload-invalid");
    expect(out).toContain("bob bans ann: app-not-a-moderator");
    expect(out).toContain("bob has 6 of 6 cups, each once, in order");
    expect(out).toContain("bob's subscription ended: forbidden");
    expect(out).toContain("bob says something: forbidden");
    expect(code).toBe(0);
  });
});

function readBy(name: string, out: string): string[] {
  return [...out.matchAll(new RegExp(`^ {2}${name} reads +(.+)$`, "gm"))].map((match) => match[1] ?? "");
}
