import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern, isChannelName, maxChannelNameBytes } from "@hawser/protocol";
import { codeOf } from "./support/errors.ts";

describe("isChannelName", () => {
  it.each(["a", "chat.general", "räume.日本.🚢", "$inbox", "$user.ann", "a-b_c:d/e", "a".repeat(255), "é".repeat(127)])(
    "takes %s",
    (name) => expect(isChannelName(name)).toBe(true),
  );

  it.each([
    ["nothing", ""],
    ["a dot alone", "."],
    ["an empty segment at the start", ".a"],
    ["an empty segment at the end", "a."],
    ["an empty segment inside", "a..b"],
    ["a space", "a b"],
    ["a no-break space", "a\u00a0b"],
    ["a line separator", "a\u2028b"],
    ["a line feed", "a\n"],
    ["a NUL", "a\0b"],
    ["a C1 control character", "a\u0080b"],
    ["a star", "chat.*"],
    ["a brace", "chat.{room}"],
    ["a closing brace", "a}"],
    ["a lone surrogate", "a\ud800"],
    ["256 bytes", "a".repeat(maxChannelNameBytes + 1)],
    ["256 bytes in 128 characters", "é".repeat(128)],
  ])("refuses %s", (_, name) => expect(isChannelName(name)).toBe(false));
});

describe("compilePattern", () => {
  it.each([
    ["chat.general", "chat.general", true],
    ["chat.general", "chat.generals", false],
    ["chat.general", "chat.general.x", false],
    ["chat.*", "chat.general", true],
    ["chat.*", "chat", false],
    ["chat.*", "chat.a.b", false],
    ["chat.*", "other.a", false],
    ["chat.{room}", "chat.general", true],
    ["chat.{room}", "chat.a.b", false],
    ["{game}.{room}.moves", "chess.7.moves", true],
    ["*.log", "a.log", true],
    ["chat.**", "chat.a", true],
    ["chat.**", "chat.a.b.c", true],
    ["chat.**", "chat", false],
    ["**", "a", true],
    ["**", "a.b", true],
    ["*", "a.b", false],
    ["$user.**", "$user.ann", true],
    ["chat.*", "chat.", false],
    ["chat.**", "chat.a..b", false],
    ["constructor.*", "constructor.x", true],
  ])("%s and %s: %s", (pattern, name, expected) => expect(compilePattern(pattern)(name)).toBe(expected));

  it.each([
    "",
    ".",
    "a..b",
    "a.",
    "chat.**.x",
    "**.**",
    "chat-*",
    "chat.***",
    "chat.{}",
    "chat.{a}x",
    "chat.{a.b}",
    "{a}.{a}",
    "a b",
    "{a b}",
    "a\n",
    "a{",
    "a".repeat(256),
  ])("refuses %j", (pattern) => expect(codeOf(() => compilePattern(pattern))).toBe("option-invalid"));

  it("matches every channel name by itself, if it holds no wildcard", () => {
    const segment = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" });
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const name = segments.join(".");
        fc.pre(isChannelName(name));
        expect(compilePattern(name)(name)).toBe(true);
        expect(compilePattern("**")(name)).toBe(true);
        expect(compilePattern(name.split(".").fill("*").join("."))(name)).toBe(true);
      }),
    );
  });
});
