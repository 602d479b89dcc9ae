import { describe, expect, it } from "vitest";
import { arrange, groupMs } from "../../src/model/arrangement.ts";
import type { Row } from "../../src/model/arrangement.ts";
import { Room } from "../../src/model/room.ts";

const noon = new Date(2026, 4, 10, 12).getTime();

function room(...messages: readonly (readonly [publisher: string, text: string, time: number])[]): Room {
  const made = new Room("general", undefined);
  made.timeline.add(
    messages.map(([publisher, text, time], index) => ({
      epoch: 1,
      offset: index + 1,
      time,
      publisher,
      text,
      code: false,
    })),
  );
  return made;
}

function shown(row: Row): string {
  if (row.kind === "message")
    return `${row.opens ? "<" : ""}${row.message.publisher}:${row.message.text}${row.closes ? ">" : ""}`;
  if (row.kind === "outgoing")
    return `${row.opens ? "<" : ""}mine:${row.outgoing.text}:${row.outgoing.state.kind}${row.closes ? ">" : ""}`;
  return row.kind === "new" ? "new" : `${row.kind}:${row.text}`;
}

const rows = (made: Room): string[] => arrange(made, "ann", noon).map(shown);

describe("arrange", () => {
  it("groups what one person says within five minutes", () => {
    const made = room(
      ["bob", "1", noon],
      ["bob", "2", noon + groupMs - 1],
      ["bob", "3", noon + 3 * groupMs],
      ["cem", "4", noon + 3 * groupMs],
    );
    expect(rows(made)).toEqual(["day:Today", "<bob:1", "bob:2>", "<bob:3>", "<cem:4>"]);
  });

  it("parts days, and names them as people do", () => {
    const dayMs = 86_400_000;
    expect(rows(room(["bob", "1", noon - dayMs], ["bob", "2", noon]))).toEqual([
      "day:Yesterday",
      "<bob:1>",
      "day:Today",
      "<bob:2>",
    ]);
  });

  it("marks the first message of another person above what was read", () => {
    const made = room(["bob", "1", noon], ["ann", "2", noon], ["bob", "3", noon], ["bob", "4", noon]);
    made.newAfter = 1;
    expect(rows(made)).toEqual(["day:Today", "<bob:1>", "<ann:2>", "new", "<bob:3", "bob:4>"]);
  });

  it("puts notices where the messages are missing", () => {
    const made = room(["bob", "1", noon], ["bob", "2", noon]);
    made.timeline.notice({ offset: 1, text: "gone" });
    made.timeline.notice({ offset: 2, text: "later" });
    expect(rows(made)).toEqual(["day:Today", "<bob:1>", "notice:gone", "<bob:2>", "notice:later"]);
  });

  it("puts what is being sent below everything, in the group of one's own last message", () => {
    const made = room(["ann", "1", noon]);
    made.outgoing.add(1, "2", noon);
    made.outgoing.add(2, "3", noon);
    expect(rows(made)).toEqual(["day:Today", "<ann:1", "mine:2:queued", "mine:3:queued>"]);
    expect(rows(room(["bob", "1", noon]))).toEqual(["day:Today", "<bob:1>"]);
  });

  it("shows a message once when the stream is ahead of the answer", () => {
    const made = room(["ann", "said", noon]);
    made.outgoing.add(1, "said", noon);
    made.outgoing.update(1, { kind: "sent" });
    expect(rows(made)).toEqual(["day:Today", "<ann:said>"]);
    made.outgoing.update(1, { kind: "accepted", offset: 1 });
    made.outgoing.settle((offset) => made.timeline.has(offset));
    expect(rows(made)).toEqual(["day:Today", "<ann:said>"]);
    expect(arrange(made, "ann", noon).at(-1)).toMatchObject({ accepted: true, newest: true, own: true });
  });

  it("gives each row a key of its own", () => {
    const made = room(["bob", "1", noon], ["ann", "1", noon], ["bob", "3", noon + 86_400_000]);
    made.outgoing.add(1, "1", noon);
    made.timeline.notice({ offset: 1, text: "gone" });
    const keys = arrange(made, "ann", noon).map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
