import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IntervalReceiver } from "../../src/channel/interval-receiver.ts";
import { batch, message } from "../fake-server.ts";

const grant = { epoch: 5, offset: 10, lost: undefined, reset: "" } as const;

/** How the feed of a receiver in epoch 5 stands: the only one, and one of two. */
const alone = { alone: true, epoch: 5 } as const;
const beside = { alone: false, epoch: 5 } as const;

function receiverAt(offset: number, epoch = 5): IntervalReceiver {
  const receiver = new IntervalReceiver(undefined);
  receiver.begin({ ...grant, epoch, offset }, alone);
  return receiver;
}

const frame = (from: number, to: number, epoch = 5) => batch(from, to, { epoch });

describe("the receiving end of a channel", () => {
  it("drops a batch that it has had [SUB-4]", () => {
    const outcome = receiverAt(10).batch(frame(8, 10));
    expect(outcome).toEqual({ kind: "dropped", duplicates: 2, cost: 67 });
  });

  it("delivers what is above its offset of a batch that overlaps [SUB-4]", () => {
    const receiver = receiverAt(10);
    const outcome = receiver.batch(frame(8, 12));
    expect(outcome).toMatchObject({ kind: "delivered", duplicates: 2, position: { epoch: 5, offset: 12 } });
    expect(outcome.kind === "delivered" && outcome.messages.map(({ offset }) => offset)).toEqual([11, 12]);
    expect(receiver.position).toEqual({ epoch: 5, offset: 12 });
  });

  it("delivers nothing of what does not join on, and names what is missing [SUB-4]", () => {
    const receiver = receiverAt(10);
    expect(receiver.batch(frame(12, 14))).toEqual({ kind: "gap", offset: 10, cost: 68 });
    expect(receiver.batch(frame(14, 16))).toMatchObject({ kind: "gap", offset: 10 });
    expect(receiver.batch(frame(10, 14)).kind).toBe("delivered");
    expect(receiver.batch(frame(20, 21))).toMatchObject({ kind: "gap", offset: 14 });
  });

  it("moves on over an interval without messages [SUB-4]", () => {
    const receiver = receiverAt(10);
    expect(receiver.batch({ ...frame(10, 10), to: 15, messages: [] })).toMatchObject({
      kind: "delivered",
      messages: [],
    });
    expect(receiver.position).toEqual({ epoch: 5, offset: 15 });
  });

  it("finds by an empty batch that something is missing, though nothing follows [SUB-7]", () => {
    expect(receiverAt(10).batch({ ...frame(11, 11), to: 15, messages: [] }).kind).toBe("gap");
  });

  it("drops a batch of another epoch, lower or higher [SUB-3]", () => {
    const receiver = receiverAt(10);
    expect(receiver.batch(frame(10, 12, 4)).kind).toBe("dropped");
    expect(receiver.batch(frame(10, 12, 6)).kind).toBe("dropped");
    expect(receiver.position).toEqual({ epoch: 5, offset: 10 });
  });

  it("refuses a grant or a reset of an epoch below its own [SUB-5]", () => {
    const receiver = receiverAt(10);
    expect(receiver.begin({ ...grant, epoch: 4 }, alone)).toBeUndefined();
    expect(receiver.begin({ ...grant, epoch: 4, reset: "unknown" }, alone)).toBeUndefined();
    expect(receiver.position).toEqual({ epoch: 5, offset: 10 });
  });

  it("starts where its first grant says, and tells nothing of it [POS-1] [POS-2]", () => {
    const receiver = new IntervalReceiver(undefined);
    expect(receiver.begin(grant, alone)).toEqual([]);
    expect(receiver.position).toEqual({ epoch: 5, offset: 10 });
  });

  it("takes the epoch of the grant when its position named none [POS-3]", () => {
    const receiver = new IntervalReceiver({ epoch: 0, offset: 10 });
    expect(receiver.begin(grant, { ...alone, epoch: 0 })).toEqual([]);
    expect(receiver.position).toEqual({ epoch: 5, offset: 10 });
  });

  it("goes on in silence where it was [POS-4]", () => {
    expect(receiverAt(10).begin(grant, alone)).toEqual([]);
  });

  it("tells what was trimmed before it could be read [POS-5]", () => {
    const receiver = receiverAt(10);
    const lost = { from: 10, to: 14 };
    expect(receiver.begin({ ...grant, offset: 14, lost, reset: "trimmed" }, alone)).toEqual([
      { kind: "lost", epoch: 5, interval: lost },
    ]);
    expect(receiver.position).toEqual({ epoch: 5, offset: 14 });
  });

  it("starts over at the floor when the log ends below it [POS-6]", () => {
    const receiver = receiverAt(10);
    expect(receiver.begin({ ...grant, offset: 2, reset: "ahead" }, alone)).toEqual([
      { kind: "reset", reason: "ahead", from: { epoch: 5, offset: 10 }, position: { epoch: 5, offset: 2 } },
    ]);
    expect(receiver.batch(frame(2, 4)).kind).toBe("delivered");
  });

  it("carries its position over into a higher epoch without a word [POS-7]", () => {
    const receiver = receiverAt(10);
    expect(receiver.begin({ ...grant, epoch: 8 }, alone)).toEqual([]);
    expect(receiver.position).toEqual({ epoch: 8, offset: 10 });
  });

  it("goes back with a log that went back, and tells so [POS-8]", () => {
    const receiver = receiverAt(10);
    expect(receiver.begin({ ...grant, epoch: 8, offset: 7, reset: "truncated" }, alone)).toEqual([
      { kind: "reset", reason: "truncated", from: { epoch: 5, offset: 10 }, position: { epoch: 8, offset: 7 } },
    ]);
    expect(receiver.batch(frame(7, 9, 8)).kind).toBe("delivered");
  });

  it("tells of a log that went back and was trimmed in one, each with its place [POS-8]", () => {
    const lost = { from: 7, to: 9 };
    expect(receiverAt(10).begin({ ...grant, epoch: 8, offset: 9, reset: "truncated", lost }, alone)).toEqual([
      { kind: "reset", reason: "truncated", from: { epoch: 5, offset: 10 }, position: { epoch: 8, offset: 7 } },
      { kind: "lost", epoch: 8, interval: lost },
    ]);
  });

  it("starts over with a log that was lost or made anew [POS-9]", () => {
    const receiver = receiverAt(10);
    expect(receiver.begin({ ...grant, epoch: 8, offset: 0, reset: "unknown" }, alone)).toMatchObject([
      { kind: "reset", reason: "unknown" },
    ]);
    expect(receiver.position).toEqual({ epoch: 8, offset: 0 });
  });

  it("asks for what a grant left out without a word [SUB-4]", () => {
    const receiver = receiverAt(10);
    expect(receiver.begin({ ...grant, offset: 13 }, alone)).toEqual([]);
    expect(receiver.batch(frame(13, 14))).toMatchObject({ kind: "gap", offset: 10 });
  });

  it("does not go back without being told why: what comes again is dropped [SUB-5]", () => {
    const receiver = receiverAt(10);
    expect(receiver.begin({ ...grant, offset: 8 }, alone)).toEqual([]);
    expect(receiver.batch(frame(8, 10))).toMatchObject({ kind: "dropped", duplicates: 2 });
  });

  describe("fed by two", () => {
    const trimmed = { ...grant, offset: 14, lost: { from: 6, to: 14 }, reset: "trimmed" } as const;

    it("takes one feed's loss for none as long as the other may bring it, and tells of it when it is alone [SUB-16]", () => {
      const receiver = receiverAt(10);
      expect(receiver.begin(trimmed, beside)).toBeUndefined();
      expect(receiver.batch(frame(10, 12)).kind).toBe("delivered");
      expect(receiver.begin(trimmed, alone)).toEqual([{ kind: "lost", epoch: 5, interval: { from: 12, to: 14 } }]);
    });

    it("takes no loss for one of what the other feed has brought", () => {
      const receiver = receiverAt(14);
      expect(receiver.begin(trimmed, alone)).toEqual([]);
      expect(receiver.position).toEqual({ epoch: 5, offset: 14 });
    });

    it("takes a node that says that the log ends lower for one that is late, unless it is alone [POS-6] [SUB-16]", () => {
      const receiver = receiverAt(10);
      expect(receiver.begin({ ...grant, offset: 0, reset: "ahead" }, beside)).toBeUndefined();
      expect(receiver.position).toEqual({ epoch: 5, offset: 10 });
      expect(receiver.begin({ ...grant, offset: 0, reset: "ahead" }, alone)).toHaveLength(1);
    });

    it("tells once of a log that went back, though both feeds do [POS-8]", () => {
      const receiver = receiverAt(10);
      const back = { ...grant, epoch: 8, offset: 7, reset: "truncated" } as const;
      expect(receiver.begin(back, beside)).toHaveLength(1);
      expect(receiver.batch(frame(7, 9, 8)).kind).toBe("delivered");
      expect(receiver.begin(back, beside)).toEqual([]);
      expect(receiver.position).toEqual({ epoch: 8, offset: 9 });
    });

    it("stays where it is when the log went back to a place that it has not reached [POS-8]", () => {
      const receiver = receiverAt(10);
      expect(receiver.begin({ ...grant, epoch: 8, offset: 12, reset: "truncated" }, beside)).toEqual([]);
      expect(receiver.position).toEqual({ epoch: 8, offset: 10 });
    });

    it("takes no word of what became of an epoch that another feed has led out of [POS-9] [SUB-16]", () => {
      const receiver = receiverAt(10, 6);
      const unknown = { ...grant, epoch: 8, offset: 0, reset: "unknown" } as const;
      expect(receiver.begin(unknown, beside)).toBeUndefined();
      expect(receiver.begin({ ...grant, epoch: 8, offset: 7, reset: "truncated" }, beside)).toBeUndefined();
      expect(receiver.position).toEqual({ epoch: 6, offset: 10 });
      expect(receiver.begin(unknown, { ...beside, epoch: 6 })).toHaveLength(1);
    });

    it("does not carry into a higher epoch what the feed that tells of it did not vouch for [POS-7] [SUB-16]", () => {
      const receiver = receiverAt(10);
      expect(receiver.begin({ ...grant, epoch: 8, offset: 9 }, beside)).toBeUndefined();
      expect(receiver.position).toEqual({ epoch: 5, offset: 10 });
      expect(receiver.begin({ ...grant, epoch: 8, offset: 10 }, beside)).toEqual([]);
      expect(receiver.position).toEqual({ epoch: 8, offset: 10 });
    });
  });

  it("delivers each message of the log once and in order, from whatever batches come, as long as seeks are obeyed [SUB-4]", () => {
    const move = fc.record({ back: fc.nat(6), length: fc.nat(5), lose: fc.boolean() });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60, size: "max" }), fc.integer({ min: 1, max: 3 }), (moves, step) => {
        const receiver = receiverAt(0, 1);
        const log = (from: number, to: number) =>
          Array.from({ length: to }, (_, index) => index + 1)
            .filter((offset) => offset > from && offset % step === 0)
            .map((offset) => message(offset));
        const delivered: number[] = [];
        let cursor = 0;
        const receive = (from: number, to: number): void => {
          const outcome = receiver.batch({ epoch: 1, from, to, messages: log(from, to) });
          if (outcome.kind === "delivered") delivered.push(...outcome.messages.map(({ offset }) => offset));
          if (outcome.kind === "gap") cursor = outcome.offset;
        };
        for (const { back, length, lose } of moves) {
          const from = Math.max(0, cursor - back);
          const to = from + length;
          cursor = Math.max(cursor, to);
          if (!lose) receive(from, to);
        }
        // The last of the idle batches of SUB-7 arrive.
        receive(cursor, cursor + 1);
        if (cursor < receiver.position!.offset) cursor = receiver.position!.offset;
        receive(cursor, cursor + 1);
        expect(delivered).toEqual(log(0, receiver.position!.offset).map(({ offset }) => offset));
      }),
    );
  });
});
