import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanName, cleanRoom, displayName, initials, tint } from "../../src/formatting/names.ts";
import { bytesText, plural, roundTripText } from "../../src/formatting/quantities.ts";
import { dayText, durationText } from "../../src/formatting/times.ts";

describe("names", () => {
  it("are made fit for a server", () => {
    expect(cleanName("  Ann  Lee ")).toBe("Ann-Lee");
    expect(cleanName("a*{b}\u0000\u200b")).toBe("a-b");
    expect(cleanName(" \t ")).toBe("");
    expect([...cleanName("é".repeat(50))]).toHaveLength(32);
  });

  it("never hold white space or control characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (typed) => {
        expect(cleanName(typed)).not.toMatch(/[\p{Z}\p{Cc}*{}]/u);
      }),
    );
  });

  it("of rooms are one segment of a channel name", () => {
    expect(cleanRoom("#Harbour News")).toBe("harbour-news");
    expect(cleanRoom("a.b/c")).toBe("a-bc");
    expect(cleanRoom("日本語")).toBe("日本語");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (typed) => {
        expect(cleanRoom(typed)).toMatch(/^[\p{L}\p{N}\p{M}_-]*$/u);
      }),
    );
  });

  it("have initials and a colour", () => {
    expect([initials("ann"), initials("Ann-Lee"), initials("x"), initials("")]).toEqual(["AN", "AL", "X", "?"]);
    expect(tint("ann")).toBe(tint("ann"));
    expect(tint("ann")).toBeLessThan(10);
  });

  it("of guests are short", () => {
    expect(displayName("anonymous-0123456789abcdef")).toBe("Guest 0123");
    expect(displayName("ann")).toBe("ann");
    expect(displayName("")).toBe("Server");
  });
});

describe("quantities", () => {
  it("are written with the unit that fits", () => {
    expect([0, 999, 1000, 3400, 120_000_000].map(bytesText)).toEqual(["0 B", "999 B", "1.0 KB", "3.4 KB", "120 MB"]);
    expect([0.84, 23.4, 1234].map(roundTripText)).toEqual(["0.8 ms", "23 ms", "1.2 s"]);
    expect([plural(1, "message"), plural(2, "message")]).toEqual(["1 message", "2 messages"]);
  });
});

describe("times", () => {
  const now = new Date(2026, 4, 10, 12).getTime();

  it("name days as seen from now", () => {
    expect(dayText(now, now)).toBe("Today");
    expect(dayText(new Date(2026, 4, 9, 23, 59).getTime(), now)).toBe("Yesterday");
    expect(dayText(new Date(2024, 4, 9).getTime(), now)).toContain("2024");
  });

  it("say how long something lasts", () => {
    expect([0, 59_999, 60_000, 3_700_000, 200_000_000].map(durationText)).toEqual([
      "0 s",
      "59 s",
      "1 min",
      "1 h 1 min",
      "2 d",
    ]);
  });
});
