import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitLinks } from "../../src/formatting/links.ts";

const links = (text: string): string[] =>
  splitLinks(text).flatMap((piece) => (piece.kind === "link" ? [piece.url] : []));

describe("splitLinks", () => {
  it.each([
    ["see https://example.org/a, please", ["https://example.org/a"]],
    ["(https://example.org/a_(b))", ["https://example.org/a_(b)"]],
    ["https://example.org/?q=1&r=2#x.", ["https://example.org/?q=1&r=2#x"]],
    ["HTTP://EXAMPLE.ORG", ["http://example.org/"]],
    ["two: http://a.org http://b.org", ["http://a.org/", "http://b.org/"]],
    ["javascript:alert(1) data:text/html,x ftp://a.org", []],
    ["https://user:word@example.org/", []],
    ["https://", []],
    ['https://example.org/"onclick="x', ["https://example.org/"]],
  ])("finds in %j the addresses %j", (text, urls) => {
    expect(links(text)).toEqual(urls);
  });

  it("leaves no character out and adds none", () => {
    const texts = fc.array(fc.oneof(fc.string(), fc.webUrl(), fc.constantFrom("(", ").", " ", "http://")));
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join("");
        expect(
          splitLinks(text)
            .map((piece) => piece.text)
            .join(""),
        ).toBe(text);
        for (const url of links(text)) expect(url).toMatch(/^https?:\/\//);
      }),
    );
  });
});
