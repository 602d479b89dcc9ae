import { describe, expect, it } from "vitest";
import { SocketReceiver } from "@hawser/protocol";
import type { SocketPiece } from "@hawser/protocol";

const piece = (from: number, length: number, last = true): SocketPiece => ({
  from,
  text: false,
  last,
  data: new Uint8Array(length).fill(from),
});

describe("SocketReceiver", () => {
  it.each([
    [piece(0, 8), "old"],
    [piece(8, 8, false), "old"],
    [piece(41, 8), "gap"],
    [piece(40, 8), "taken"],
    [piece(10, 0, false), "old"],
    [piece(30, 12), "taken"],
    [piece(20, 10), "violated"],
  ] as const)("at offset 40 takes %o as %s [SOCK-6]", (one, expected) => {
    const receiver = new SocketReceiver(200);
    receiver.take(piece(0, 8));
    expect(receiver.offset).toBe(40);
    expect(receiver.take(one).kind).toBe(expected);
  });

  it("takes of a piece only what it had not [SOCK-6]", () => {
    const receiver = new SocketReceiver(200);
    receiver.take(piece(0, 6, false));
    const reception = receiver.take(piece(4, 10));
    expect(reception).toMatchObject({ kind: "taken", piece: { from: 6, last: true, data: { length: 8 } } });
    expect(receiver.offset).toBe(46);
  });

  it("takes what lies at the end of its credit, and not what lies one byte beyond [SOCK-7]", () => {
    expect(new SocketReceiver(100).take(piece(0, 68)).kind).toBe("taken");
    expect(new SocketReceiver(100).take(piece(0, 69)).kind).toBe("violated");
    expect(new SocketReceiver(100).take(piece(0, 101, false)).kind).toBe("violated");
  });

  it("gives credit for what was consumed, and says so when a quarter of the window has moved [SOCK-8]", () => {
    const receiver = new SocketReceiver(400);
    receiver.take(piece(0, 99, false));
    expect(receiver).toMatchObject({ untold: true, due: false });
    receiver.take(piece(99, 1, false));
    expect(receiver.due).toBe(true);
    expect(receiver.tell()).toEqual({ received: 100, credit: 400 });
    expect(receiver).toMatchObject({ untold: false, due: false, unconsumed: 100 });
    receiver.consumed(100);
    expect(receiver.due).toBe(true);
    expect(receiver.tell()).toEqual({ received: 100, credit: 500 });
  });

  it("takes a close where the stream ends, and nothing behind it [SOCK-9]", () => {
    const receiver = new SocketReceiver(400);
    expect(receiver.takeClose(5)).toBe("gap");
    receiver.take(piece(0, 5, false));
    expect(receiver.takeClose(4)).toBe("violated");
    expect(receiver.takeClose(5)).toBe("taken");
    expect(receiver).toMatchObject({ closed: true, due: true, offset: 6 });
    expect(receiver.takeClose(5)).toBe("old");
    expect(receiver.takeClose(6)).toBe("violated");
    expect(receiver.take(piece(6, 5)).kind).toBe("violated");
  });
});
