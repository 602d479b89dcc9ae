import { describe, expect, it } from "vitest";
import { columns, dataText, jsonLine } from "../../src/output/messages.ts";
import type { PrintedMessage } from "../../src/output/messages.ts";
import type { Style } from "../../src/output/style.ts";

const plain: Style = (_, text) => text;
const time = new Date(2026, 0, 2, 3, 4, 5).getTime();

function message(members: Partial<PrintedMessage> = {}): PrintedMessage {
  return {
    channel: "chat.general",
    data: "hello",
    position: { epoch: 7, offset: 42 },
    time,
    publisher: "ann",
    key: "",
    ...members,
  };
}

describe("columns", () => {
  it("aligns time, publisher and text", () => {
    const format = columns(plain, ["chat.general"], { date: false });
    expect(format(message())).toBe("03:04:05  ann     hello");
    expect(format(message({ publisher: "" }))).toBe("03:04:05  -       hello");
  });

  it("widens the column of publishers for those who come", () => {
    const format = columns(plain, ["chat.general"], { date: false });
    expect(format(message({ publisher: "bartholomew" }))).toBe("03:04:05  bartholomew  hello");
    expect(format(message())).toBe("03:04:05  ann          hello");
  });

  it("names the channel when there are several", () => {
    const format = columns(plain, ["chat.general", "news"], { date: false });
    expect(format(message({ channel: "news" }))).toBe("03:04:05  news          ann     hello");
  });

  it("keeps a text of several lines in its column", () => {
    const format = columns(plain, ["chat.general"], { date: true });
    expect(format(message({ data: "one\ntwo" }))).toBe(
      "2026-01-02 03:04:05  ann     one\n                             two",
    );
  });

  it("shows the key", () => {
    expect(columns(plain, ["a"], { date: false })(message({ key: "EURUSD" }))).toContain("hello  (key EURUSD)");
  });

  it("never lets a message or a name steer the terminal", () => {
    const line = columns(plain, ["a"], { date: false })(
      message({ data: "\u001b[2Jgone\u0007\u202e", publisher: "\u001b]0;x\u0007" }),
    );
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(line).toContain("\\u{1b}[2Jgone\\u{7}");
  });
});

describe("dataText", () => {
  it("shows other values as JSON, and bytes by their beginning", () => {
    expect(dataText({ a: [1, null] })).toBe('{"a":[1,null]}');
    expect(dataText(new Uint8Array([1, 255]))).toBe("(2 bytes: 01ff)");
    expect(dataText(undefined)).toBe("(a message that cannot be shown)");
  });
});

describe("jsonLine", () => {
  it("is one line of JSON with everything in it", () => {
    expect(JSON.parse(jsonLine(message({ data: { text: "a\nb" }, key: "k" })))).toEqual({
      type: "message",
      channel: "chat.general",
      position: { epoch: 7, offset: 42 },
      time,
      publisher: "ann",
      key: "k",
      data: { text: "a\nb" },
    });
    expect(jsonLine(message({ data: "a\nb" }))).not.toContain("\n");
  });

  it("writes bytes as base64", () => {
    expect(JSON.parse(jsonLine(message({ data: new Uint8Array([1, 2, 3]) })))).toMatchObject({ bytes: "AQID" });
  });
});
