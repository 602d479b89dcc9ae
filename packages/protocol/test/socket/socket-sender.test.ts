import { describe, expect, it } from "vitest";
import { SocketSender } from "@hawser/protocol";

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

describe("SocketSender", () => {
  it("sends no further than its credit, to the byte [SOCK-7]", () => {
    const sender = new SocketSender(100);
    sender.push(bytes(90), false, true);
    expect(sender.next(1_000)).toMatchObject({ from: 0, last: false, data: { length: 90 } });
    expect(sender.ready).toBe(false);
    expect(sender.next(1_000)).toBeUndefined();
    sender.confirm(90, 121);
    expect(sender.next(1_000)).toBeUndefined();
    sender.confirm(90, 122);
    expect(sender.next(1_000)).toMatchObject({ from: 90, last: true, data: { length: 0 } });
  });

  it("cuts a message in pieces that are no longer than it is told [SOCK-5]", () => {
    const sender = new SocketSender(1_000);
    sender.push(bytes(10), true, true);
    const pieces = [sender.next(4), sender.next(4), sender.next(4)];
    expect(pieces.map((piece) => [piece?.from, piece?.data.length, piece?.last])).toEqual([
      [0, 4, false],
      [4, 4, false],
      [8, 2, true],
    ]);
    expect(sender.next(4)).toBeUndefined();
  });

  it("gives the close once, behind everything, and again on another connection [SOCK-9]", () => {
    const sender = new SocketSender(1_000);
    sender.push(bytes(8), true, true);
    sender.close(1000, "bye");
    expect(sender.takeClose()).toBeUndefined();
    sender.next(100);
    expect(sender.takeClose()).toEqual({ from: 40, code: 1000, reason: "bye" });
    expect(sender.takeClose()).toBeUndefined();
    expect(sender.rewind(40, 1_000)).toBe(true);
    expect(sender.takeClose()).toEqual({ from: 40, code: 1000, reason: "bye" });
    expect(sender.done).toBe(false);
    expect(sender.confirm(41, 1_000)).toBe(true);
    expect(sender.done).toBe(true);
  });

  it("refuses a confirmation of more than it sent, and of a place where no piece ends [SOCK-7]", () => {
    const sender = new SocketSender(1_000);
    sender.push(bytes(8), true, true);
    expect(sender.confirm(8, 1_000)).toBe(false);
    sender.next(100);
    expect(sender.confirm(41, 1_000)).toBe(false);
    expect(sender.confirm(20, 1_000)).toBe(false);
    expect(sender.confirm(40, 1_000)).toBe(true);
  });

  it("takes a confirmation over the connection before for what it says, though it sends anew", () => {
    const sender = new SocketSender(1_000);
    sender.push(bytes(100), false, true);
    sender.next(60);
    sender.rewind(0, 1_000);
    expect(sender.next(10)).toMatchObject({ from: 0, data: { length: 10 } });
    expect(sender.confirm(60, 1_000)).toBe(true);
    expect(sender.next(1_000)).toMatchObject({ from: 60, data: { length: 40 }, last: true });
    expect(sender.unconfirmedBytes).toBe(40);
  });

  it("takes nothing behind its close", () => {
    const sender = new SocketSender(1_000);
    sender.close(0, "");
    expect(() => sender.push(bytes(1), false, true)).toThrow("invariant");
  });
});
