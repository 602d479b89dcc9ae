import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headerValue, textOfHeader } from "../../src/message/header-text.ts";
import { channelOfTokens, channelSubject, ownSubject, subjectTokens } from "../../src/message/subject.ts";

const anyText = fc.string({ unit: "grapheme", maxLength: 60 });

describe("a header's value", () => {
  it.each([
    ["chat.general", "chat.general"],
    ["1 2 3 0 ann", "1 2 3 0 ann"],
    ["", ""],
    ["100 %", "100 %25"],
    [" a ", "%20a%20"],
    ["a\r\nb", "a%0D%0Ab"],
    ["grün", "gr%C3%BCn"],
    ["👋", "%F0%9F%91%8B"],
  ])("of %j is %j", (text, value) => {
    expect(headerValue(text)).toBe(value);
  });

  it("is printable ASCII without a blank at its ends, and gives the text back, whatever it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const value = headerValue(text);
        expect(value).toMatch(/^(?:[!-~](?:[ -~]*[!-~])?)?$/);
        expect(textOfHeader(value)).toBe(text);
      }),
    );
  });

  it("that is damaged has no text", () => {
    expect(textOfHeader("%E4")).toBeUndefined();
    expect(textOfHeader("100%")).toBeUndefined();
  });
});

describe("the subject of a channel", () => {
  it.each([
    ["orders.42", "orders.42"],
    ["chat/room-1", "chat/room-1"],
    ["$user.ann", "$user.ann"],
    ["a b", "a%20b"],
    ["all.*", "all.%2A"],
    ["rest.>", "rest.%3E"],
    [".a..b.", "%2Ea.%2Eb%2E"],
    ["...", "%2E%2E%2E"],
    ["50%", "50%25"],
    ["grün", "gr%C3%BCn"],
  ])("has for %j the tokens %j", (channel, tokens) => {
    expect(subjectTokens(channel)).toBe(tokens);
    expect(channelOfTokens(tokens)).toBe(channel);
  });

  it("is one that NATS takes, and gives the channel back, whatever it is", () => {
    fc.assert(
      fc.property(
        anyText.filter((text) => text !== ""),
        (channel) => {
          const tokens = subjectTokens(channel);
          expect(tokens).toMatch(/^[^\s.*>]+(?:\.[^\s.*>]+)*$/);
          expect(channelOfTokens(tokens)).toBe(channel);
        },
      ),
    );
  });

  it("stands behind the stream's name and the partition, where the log's own records have nothing", () => {
    expect(channelSubject("hawser", 3, "orders.42")).toBe("hawser.3.orders.42");
    expect(ownSubject("hawser", 3)).toBe("hawser.3");
  });

  it("is not read from tokens that it does not make", () => {
    expect(channelOfTokens("a%2Eb")).toBeUndefined();
    expect(channelOfTokens("%zz")).toBeUndefined();
  });
});
