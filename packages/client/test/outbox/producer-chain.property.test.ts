import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProducerChain } from "../../src/outbox/producer-chain.ts";
import type { Attempt } from "../../src/outbox/producer-chain.ts";
import { ModelLog, refusal } from "./model-log.ts";
import type { Answer } from "./model-log.ts";
import { PlainQueue } from "./plain-queue.ts";

/** What can happen, beside time passing: faults are drawn as often as anything else. */
const step = fc.constantFrom(
  "publish",
  "publish",
  "send",
  "send",
  "process",
  "process",
  "answer",
  "answer",
  "cut",
  "late",
  "late",
  "forbid",
  "rate-limit",
  "log-unavailable-appended",
  "log-unavailable-lost",
  "log-unavailable-late",
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S | "forget" : never;

/** A client's chain, a log, and between them a connection that breaks, while frames of former connections still arrive. */
class World {
  readonly log = new ModelLog<number>();
  readonly outcomes = new Map<number, string>();
  published = 0;
  #drawn = 0;
  #up: Attempt<number>[] = [];
  #down: { attempt: Attempt<number>; answer: Answer }[] = [];
  /** Frames that the client gave up waiting for, each line in its order. */
  readonly #late: Attempt<number>[][] = [];
  readonly #poisoned: (item: number) => boolean;
  readonly #unsent = new PlainQueue<number>();
  readonly #chain = new ProducerChain<number>(
    this.#unsent,
    Uint8Array.of(0),
    () => Uint8Array.of((this.#drawn += 1)),
    (item, failure) => this.#end(item, failure),
  );

  constructor(poisoned: (item: number) => boolean) {
    this.#poisoned = poisoned;
  }

  run(action: Step): void {
    if (action === "publish") this.#unsent.items.push((this.published += 1));
    else if (action === "send") this.#send();
    else if (action === "answer") this.#receive();
    else if (action === "cut") this.#cut();
    else if (action === "late") this.#processLate();
    else if (action === "forget") this.log.forget();
    else this.#process(action);
  }

  /** No faults any more: everything has to come to an end. */
  heal(): void {
    for (let round = 0; round < 500 && !this.#isDone; round += 1) {
      this.#send();
      this.#process("process");
      this.#receive();
    }
    expect(this.#isDone).toBe(true);
    while (this.#late.length > 0) this.#processLate();
  }

  get #isDone(): boolean {
    return this.#chain.isEmpty && this.#unsent.ready === 0;
  }

  #send(): void {
    const attempt = this.#chain.next();
    if (attempt === undefined) return;
    expect(attempt.sequence).toBeGreaterThan(attempt.previous);
    this.#up.push(attempt);
  }

  #process(how: Step): void {
    const attempt = this.#up.shift();
    if (attempt === undefined) return;
    this.#down.push({ attempt, answer: this.#decide(attempt, how) });
  }

  #decide(attempt: Attempt<number>, how: Step): Answer {
    if (this.#poisoned(attempt.item)) return { kind: "rejected", rejection: refusal("payload-invalid") };
    if (how === "forbid") return { kind: "rejected", rejection: refusal("forbidden") };
    if (how === "rate-limit") return { kind: "rejected", rejection: refusal("rate-limited", { retry: true }) };
    if (how === "log-unavailable-appended") this.log.append(attempt);
    if (how === "log-unavailable-late") this.#late.push([attempt]);
    if (how.startsWith("log-unavailable"))
      return { kind: "rejected", rejection: refusal("log-unavailable", { retry: true }) };
    return this.log.append(attempt);
  }

  #receive(): void {
    const next = this.#down.shift();
    if (next === undefined) return;
    const { attempt, answer } = next;
    if (answer.kind === "rejected") this.#chain.reject(attempt, answer.rejection);
    else if (this.#chain.accept(attempt)) this.#end(attempt.item, "accepted");
  }

  #cut(): void {
    if (this.#up.length > 0) this.#late.push(this.#up);
    this.#up = [];
    this.#down = [];
    this.#chain.lose();
  }

  #processLate(): void {
    const line = this.#late.shift();
    const attempt = line?.shift();
    if (line === undefined || attempt === undefined) return;
    if (!this.#poisoned(attempt.item)) this.log.append(attempt);
    if (line.length > 0) this.#late.push(line);
  }

  #end(item: number, outcome: string): void {
    expect(this.outcomes.has(item)).toBe(false);
    this.outcomes.set(item, outcome);
  }
}

const runs = { numRuns: 1_500 };

describe("a producer's chain over a faulty world", () => {
  it("puts each message into the log at most once and in order, and reports nothing that is not so [PUB-1] [PUB-2] [PUB-3] [PUB-10] [PUB-11] [PUB-12]", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), fc.integer({ min: 2, max: 9 }), (steps, poison) => {
        const world = new World((item) => item % poison === 0);
        for (const action of steps) world.run(action);
        world.heal();
        const { items } = world.log;
        expect(items).toEqual([...new Set(items)].sort((one, other) => one - other));
        expect(world.outcomes.size).toBe(world.published);
        for (const [item, outcome] of world.outcomes) {
          if (outcome === "accepted") expect(items).toContain(item);
          if (outcome === "rejected") expect(items).not.toContain(item);
        }
      }),
      runs,
    );
  });

  it("reports nothing accepted that is not in the log when the log forgets producers [PUB-4]", () => {
    const forgetful = fc.oneof({ weight: 12, arbitrary: step }, { weight: 1, arbitrary: fc.constant<Step>("forget") });
    fc.assert(
      fc.property(
        fc.array(forgetful, { maxLength: 120, size: "max" }),
        fc.integer({ min: 2, max: 9 }),
        (steps, poison) => {
          const world = new World((item) => item % poison === 0);
          for (const action of steps) world.run(action);
          world.heal();
          expect(world.outcomes.size).toBe(world.published);
          for (const [item, outcome] of world.outcomes)
            if (outcome === "accepted") expect(world.log.items).toContain(item);
        },
      ),
      runs,
    );
  });
});
