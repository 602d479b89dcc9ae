import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pieceCost, SocketReceiver, SocketSender } from "@hawser/protocol";
import type { SocketPiece } from "@hawser/protocol";

interface Message {
  readonly text: boolean;
  readonly data: Uint8Array;
}

type Step =
  | { readonly kind: "push"; readonly message: Message; readonly cut: number }
  | { readonly kind: "send"; readonly maxBytes: number }
  | { readonly kind: "arrive" | "consume" | "tell" | "hear" }
  /** The connection is lost with what is under way, or what is under way on it still arrives. */
  | { readonly kind: "attach"; readonly lost: boolean };

const message = fc.record({
  text: fc.boolean(),
  data: fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ minLength: 100, maxLength: 700 })),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), message, cut: fc.nat(700) }),
  fc.record({ kind: fc.constant("send" as const), maxBytes: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ kind: fc.constantFrom("arrive" as const, "consume" as const, "tell" as const, "hear" as const) }),
  fc.record({ kind: fc.constant("attach" as const), lost: fc.boolean() }),
);

/** One stream with both its ends and a connection between that loses what is under way. */
class Stream {
  readonly sender: SocketSender;
  readonly receiver: SocketReceiver;
  readonly sent: Message[] = [];
  readonly got: Message[] = [];
  closedWith: number | undefined;
  #partial: number[] = [];
  #way: (SocketPiece | { readonly from: number; readonly code: number })[] = [];
  #told: { readonly received: number; readonly credit: number }[] = [];
  #unconsumed: number[] = [];

  constructor(windowBytes: number) {
    this.sender = new SocketSender(windowBytes);
    this.receiver = new SocketReceiver(windowBytes);
  }

  run(one: Step): void {
    switch (one.kind) {
      case "push":
        return this.#push(one.message, one.cut);
      case "send":
        return this.#send(one.maxBytes);
      case "arrive":
        return this.#arrive();
      case "consume":
        return this.receiver.consumed(this.#unconsumed.shift() ?? 0);
      case "tell":
        this.#told.push(this.receiver.tell());
        return;
      case "hear":
        return this.#hear();
      case "attach": {
        if (one.lost) this.#way = [];
        this.#told = [];
        const { received, credit } = this.receiver.tell();
        expect(this.sender.rewind(received, credit)).toBe(true);
      }
    }
  }

  finish(): void {
    this.sender.close(4000, "");
    this.run({ kind: "attach", lost: true });
    for (let turn = 0; turn < 10_000 && !this.sender.done; turn += 1) {
      for (const kind of ["arrive", "consume", "tell", "hear"] as const) this.run({ kind });
      this.run({ kind: "send", maxBytes: 97 });
    }
  }

  #push({ text, data }: Message, cut: number): void {
    this.sent.push({ text, data });
    const at = Math.min(cut, data.length);
    this.sender.push(data.slice(0, at), text, false);
    this.sender.push(data.slice(at), text, true);
  }

  #send(maxBytes: number): void {
    const ready = this.sender.ready;
    const next = this.sender.next(maxBytes) ?? this.sender.takeClose();
    expect(next !== undefined).toBe(ready);
    if (next !== undefined) this.#way.push(next);
  }

  #arrive(): void {
    const next = this.#way.shift();
    if (next === undefined) return;
    if (!("data" in next)) {
      if (this.receiver.takeClose(next.from) === "taken") this.closedWith = next.code;
      return;
    }
    const reception = this.receiver.take(next);
    expect(reception.kind).not.toBe("violated");
    if (reception.kind !== "taken") return;
    const { piece } = reception;
    this.#partial.push(...piece.data);
    this.#unconsumed.push(pieceCost(piece));
    if (!piece.last) return;
    this.got.push({ text: piece.text, data: Uint8Array.from(this.#partial) });
    this.#partial = [];
  }

  #hear(): void {
    const told = this.#told.shift();
    if (told !== undefined) expect(this.sender.confirm(told.received, told.credit)).toBe(true);
  }
}

describe("the two ends of a stream", () => {
  it("give every message once, whole and in order, however it is cut, lost, sent again and held back [SOCK-5] [SOCK-6] [SOCK-11]", () => {
    fc.assert(
      fc.property(fc.integer({ min: 64, max: 1_000 }), fc.array(step, { maxLength: 150 }), (windowBytes, steps) => {
        const stream = new Stream(windowBytes);
        for (const one of steps) {
          stream.run(one);
          expect(stream.receiver.unconsumed).toBeLessThanOrEqual(windowBytes);
          const kept = stream.sender.end - stream.sender.received;
          expect(stream.sender.kept).toBe(kept);
          expect(stream.sender.unconfirmedBytes).toBeLessThanOrEqual(kept);
        }
        expect(stream.sent.slice(0, stream.got.length)).toEqual(stream.got);
        stream.finish();
        expect(stream.got).toEqual(stream.sent);
        expect(stream.closedWith).toBe(4000);
        expect(stream.sender.unconfirmedBytes).toBe(0);
        expect(stream.sender.done).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});
