import { describe, expect, it } from "vitest";
import { OutgoingMessages } from "../../src/model/outgoing.ts";
import type { OutgoingState } from "../../src/model/outgoing.ts";

function outgoing(...messages: readonly (readonly [text: string, state: OutgoingState])[]): OutgoingMessages {
  const made = new OutgoingMessages();
  for (const [index, [text, state]] of messages.entries()) {
    made.add(index, text, 0);
    made.update(index, state);
  }
  return made;
}

const texts = (messages: OutgoingMessages, arrived: readonly string[] = []): string[] =>
  messages.visible(arrived).map(({ text }) => text);

describe("OutgoingMessages", () => {
  it("lets an accepted message go when the timeline has it, and not before", () => {
    const made = outgoing(["one", { kind: "accepted", offset: 7 }]);
    made.settle(() => false);
    expect(texts(made)).toEqual(["one"]);
    made.settle((offset) => offset === 7);
    expect(texts(made)).toEqual([]);
    expect(made.accepted(7)).toBe(true);
  });

  it("does not show twice what the stream brought before the answer", () => {
    const made = outgoing(["a", { kind: "sent" }], ["b", { kind: "sent" }], ["b", { kind: "sent" }]);
    expect(texts(made, ["a"])).toEqual(["b", "b"]);
    expect(texts(made, ["a", "b"])).toEqual(["b"]);
    expect(texts(made, ["a", "b", "b"])).toEqual([]);
  });

  it("shows what was not sent yet, whatever the stream brings", () => {
    expect(texts(outgoing(["a", { kind: "queued" }]), ["a"])).toEqual(["a"]);
  });

  it("keeps what failed until its writer lets it go", () => {
    const made = outgoing(["a", { kind: "rejected", reason: "no" }], ["b", { kind: "unknown", reason: "cut" }]);
    made.settle(() => true);
    expect(texts(made, ["a", "b"])).toEqual(["a", "b"]);
    expect(made.remove(0)?.text).toBe("a");
    expect(texts(made)).toEqual(["b"]);
  });

  it("counts what has no outcome", () => {
    const states: OutgoingState[] = [
      { kind: "queued" },
      { kind: "sent" },
      { kind: "accepted", offset: 1 },
      { kind: "rejected", reason: "" },
      { kind: "unknown", reason: "" },
    ];
    expect(outgoing(...states.map((state) => ["x", state] as const)).open).toBe(2);
  });
});
