import { describe, expect, it } from "vitest";
import { Room } from "../../src/model/room.ts";

function room(readThrough: number | undefined): Room {
  const made = new Room("general", readThrough === undefined ? undefined : { epoch: 1, offset: readThrough });
  const publishers = ["bob", "ann", "bob", "cem"];
  made.timeline.add(
    publishers.map((publisher, index) => ({ epoch: 1, offset: index + 1, time: 0, publisher, text: "x", code: false })),
  );
  return made;
}

describe("Room", () => {
  it("counts messages of others above what was read", () => {
    expect(room(1).unread("ann")).toBe(2);
    expect(room(3).unread("ann")).toBe(1);
    expect(room(4).unread("ann")).toBe(0);
    expect(room(undefined).unread("ann")).toBe(0);
  });

  it("has everything read when it is marked, and never less than before", () => {
    const made = room(1);
    made.markRead();
    expect(made.read).toEqual({ epoch: 1, offset: 4 });
    made.timeline.truncate(2);
    made.markRead();
    expect(made.read).toEqual({ epoch: 1, offset: 4 });
  });
});
