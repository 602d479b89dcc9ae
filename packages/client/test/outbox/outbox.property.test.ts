import fc from "fast-check";
import { HawserError } from "@hawser/protocol";
import type { ClientFrame, PublishFrame, ServerFrame } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { defaultOutbox } from "../../src/outbox/options.ts";
import type { OutboxOptions, Overflow } from "../../src/outbox/options.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { outboxItem } from "../../src/outbox/outbox-item.ts";
import type { OutboxItem } from "../../src/outbox/outbox-item.ts";
import { Publication } from "../../src/outbox/publication.ts";
import type { Link } from "../../src/session/link.ts";
import { Links } from "../../src/session/links.ts";
import { RequestTable } from "../../src/session/request-table.ts";
import { welcome } from "../fake-server.ts";
import { SimulatedPorts } from "../simulated-ports.ts";
import { ModelLog } from "./model-log.ts";

interface Publish {
  readonly kind: "publish";
  readonly channel: number;
  readonly bytes: number;
  readonly overflow: Overflow;
  readonly ttlMs: number | undefined;
  readonly key: string;
  readonly supersede: boolean;
  /** With a schema that takes its time. */
  readonly held: boolean;
}

/** What happens on one of two connections. `avoid`: it is slow, and streams go elsewhere if they can. */
const events = ["connect", "cut", "avoid", "recover", "process", "answer", "refuse"] as const;
type Event = (typeof events)[number];

type Step =
  | Publish
  | { readonly kind: Event; readonly line: 0 | 1 }
  | { readonly kind: "late" }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "cancel" | "validate" | "invalidate"; readonly which: number };

const publish: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("publish" as const),
  channel: fc.nat(1),
  bytes: fc.integer({ min: 2, max: 9 }),
  overflow: fc.constantFrom<Overflow>("reject", "wait", "wait", "drop-oldest", "drop-oldest"),
  ttlMs: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  key: fc.constantFrom("ann", "bob"),
  supersede: fc.boolean(),
  held: fc.nat(4).map((one) => one === 0),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: publish },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom<Event>(...events, "connect", "process", "process", "answer", "answer"),
      line: fc.constantFrom(0 as const, 1 as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "late" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 20 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("cancel" as const, "validate" as const, "invalidate" as const),
      which: fc.nat(50),
    }),
  },
);

const options: OutboxOptions = { ...defaultOutbox, maxMessages: 4, maxBytes: 20, maxWaiting: 3, maxInFlight: 3 };
/** Ends that nothing of may ever have been sent (PUB-12). */
const neverSent: ReadonlySet<string> = new Set(["expired", "cancelled", "superseded", "outbox-full"]);

const healing: readonly Event[] = ["connect", "recover", "process", "answer"];

interface Row {
  readonly item: OutboxItem;
  /** Settles the schema. */
  readonly schema: { resolve(): void; reject(error: HawserError): void } | undefined;
  /** Each state that the publication told, with the code of what ended it. */
  readonly told: string[];
}

/** One connection, with what is on its way over it. */
interface Line {
  readonly link: Link;
  readonly table: RequestTable;
  readonly up: PublishFrame[];
  readonly down: ServerFrame[];
}

/**
 * An outbox, two connections that are cut and left while frames of theirs still arrive and are answered, and a log for
 * each channel.
 */
class World {
  readonly rows: Row[] = [];
  readonly sent: number[] = [];
  readonly #ports = new SimulatedPorts();
  readonly #links = new Links();
  readonly #logs = [new ModelLog<number>(), new ModelLog<number>()];
  readonly #outbox = new Outbox(options, this.#ports, { minMs: 1, maxMs: 1 }, this.#links, () => "");
  readonly #late: PublishFrame[] = [];
  readonly #lines: (Line | undefined)[] = [undefined, undefined];
  /** What was left may be unanswered still, beside what is under way elsewhere. */
  #avoided = false;

  async run(step: Step): Promise<void> {
    if (step.kind === "publish") this.#publish(step);
    else if ("line" in step) this.#happen(step.kind, step.line);
    else if (step.kind === "late") this.#append(this.#late.shift());
    else if (step.kind === "wait") await this.#ports.advance(step.ms);
    else if ("which" in step) await this.#settle(step.kind, step.which);
    this.#checkBounds();
  }

  /** No faults any more: everything has to come to an end. */
  async heal(): Promise<void> {
    for (let which = 0; which < this.rows.length; which += 1) await this.#settle("validate", which);
    for (let round = 0; round < 200 && this.#outbox.status.since !== undefined; round += 1) {
      for (const line of [0, 1]) for (const event of healing) this.#happen(event, line);
      if (round % 10 === 0) await this.#ports.advance(2);
    }
    while (this.#late.length > 0) this.#append(this.#late.shift());
  }

  check(): void {
    expect(this.#outbox.status).toEqual({ waiting: 0, queued: 0, sent: 0, bytes: 0, since: undefined });
    const logged = new Set(this.#logs.flatMap(({ items }) => items));
    for (const [number, { told }] of this.rows.entries()) {
      const ends = told.filter((state) => state !== "sent");
      expect(ends).toHaveLength(1);
      expect(told.at(-1)).toBe(ends[0]);
      const wasSent = this.sent.includes(number);
      expect(told.length === 2).toBe(wasSent);
      if (neverSent.has(ends[0]!)) expect(wasSent).toBe(false);
      if (ends[0] === "accepted") expect(logged.has(number)).toBe(true);
      else if (ends[0] !== "outcome-unknown") expect(logged.has(number)).toBe(false);
    }
    for (const { items } of this.#logs) expect(items).toEqual([...new Set(items)].sort((one, other) => one - other));
  }

  /** No timer is left of what has ended. */
  get timers(): number {
    return this.#ports.pending;
  }

  #publish({ channel, bytes, held, ...rest }: Publish): void {
    const number = this.rows.length;
    const data = new Uint8Array(bytes);
    data.set([number >> 8, number & 0xff]);
    const publication = new Publication();
    const { ttlMs, ...others } = rest;
    const given = ttlMs === undefined ? others : { ...others, ttlMs };
    const item = outboxItem(`${channel}`, { kind: "bytes", data }, publication, given);
    let schema: Row["schema"];
    const valid = held ? new Promise<void>((resolve, reject) => (schema = { resolve, reject })) : undefined;
    const told: string[] = [];
    publication.addEventListener("state", ({ state }) => told.push(publication.error?.code ?? state));
    this.rows.push({ item, schema, told });
    valid?.catch(() => {});
    this.#outbox.add(item, valid);
  }

  #happen(event: Event, which: number): void {
    const line = this.#lines[which];
    if (line === undefined) {
      if (event === "connect") this.#connect(which);
      return;
    }
    if (event === "cut") this.#cut(line, which);
    else if (event === "process") this.#process(line, false);
    else if (event === "refuse") this.#process(line, true);
    else if (event === "answer") {
      const frame = line.down.shift();
      if (frame !== undefined) line.table.settle(frame);
    } else if (event === "avoid") {
      this.#avoided = true;
      line.link.health = "slow";
      this.#outbox.onAvoid(line.link);
    } else if (event === "recover") {
      line.link.health = "good";
      this.#outbox.onLink();
    }
  }

  #connect(which: number): void {
    const up: PublishFrame[] = [];
    const table: RequestTable = new RequestTable(0, {
      hasRoom: true,
      wake: () => table.fill(),
      send: (frame) => this.#onFrame(frame, up),
    });
    const fake: Pick<Link, "welcome" | "request" | "health" | "lane" | "streams"> & { connection: object } = {
      welcome,
      health: "good",
      lane: "",
      streams: 0,
      connection: { endpoint: `${which}`, roundTripMs: 0 },
      request: (request) => table.add(request),
    };
    const line = { link: fake as Link, table, up, down: [] };
    this.#lines[which] = line;
    this.#links.add(line.link);
    this.#outbox.onLink();
  }

  #cut({ link, table, up }: Line, which: number): void {
    this.#lines[which] = undefined;
    this.#late.push(...up);
    this.#links.delete(link);
    this.#outbox.onUnlink(link);
    table.end();
  }

  #onFrame(frame: ClientFrame, up: PublishFrame[]): number {
    if (frame.type !== "publish") return expect.unreachable();
    const number = numberOf(frame);
    const { told } = this.rows[number]!;
    expect(told.filter((state) => state !== "sent")).toEqual([]);
    if (!this.sent.includes(number)) {
      const before = this.sent.filter((other) => this.rows[other]!.item.channel === frame.channel);
      expect(number).toBeGreaterThan(Math.max(-1, ...before));
      this.sent.push(number);
    }
    up.push(frame);
    const underWay = this.#lines.reduce((sum, line) => sum + (line?.up.length ?? 0) + (line?.down.length ?? 0), 0);
    if (!this.#avoided) expect(underWay).toBeLessThanOrEqual(options.maxInFlight);
    return 1;
  }

  #append(frame: PublishFrame | undefined): ServerFrame | undefined {
    if (frame === undefined) return undefined;
    const { id, producer, sequence, previous } = frame;
    const attempt = { item: numberOf(frame), producer, sequence, previous, entry: undefined, connection: 0 };
    const answer = this.#logs[Number(frame.channel)]!.append(attempt);
    if (answer.kind === "published")
      return { type: "published", id, position: undefined, duplicate: false, following: 0 };
    const { code, retry } = answer.rejection.error;
    return { type: "rejected", id, code, message: "", retry, retryAfterMs: 0, last: answer.rejection.last };
  }

  #process({ up, down }: Line, refuse: boolean): void {
    const frame = up.shift();
    if (frame === undefined) return;
    const { id } = frame;
    if (refuse)
      down.push({ type: "rejected", id, code: "forbidden", message: "", retry: false, retryAfterMs: 0, last: 0 });
    else down.push(this.#append(frame)!);
  }

  async #settle(how: "cancel" | "validate" | "invalidate", which: number): Promise<void> {
    const row = this.rows[which];
    if (row === undefined) return;
    if (how === "cancel") this.#outbox.withdraw(row.item, "cancelled", new HawserError("cancelled", ""));
    else if (how === "validate") row.schema?.resolve();
    else row.schema?.reject(new HawserError("payload-invalid", ""));
    await this.#ports.advance(0);
  }

  #checkBounds(): void {
    const { waiting, queued, sent, bytes } = this.#outbox.status;
    expect(queued + sent).toBeLessThanOrEqual(options.maxMessages);
    expect(waiting).toBeLessThanOrEqual(options.maxWaiting);
    expect(bytes).toBeLessThanOrEqual(2 * options.maxBytes);
    const open = this.rows.filter(({ told }) => told.every((state) => state === "sent"));
    expect(waiting + queued + sent).toBe(open.length);
    expect(sent).toBe(open.filter(({ told }) => told.length > 0).length);
    expect(bytes).toBe(open.reduce((sum, { item }) => sum + item.payload.data.length, 0));
  }
}

function numberOf({ payload }: PublishFrame): number {
  return payload.data[0]! * 256 + payload.data[1]!;
}

describe("an outbox over a faulty world", () => {
  it("holds its bounds and its order, sends nothing that has ended, and ends each publish once, and never as cancelled or expired when it was sent [PUB-10] [PUB-11] [PUB-12]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 100, size: "max" }), async (steps) => {
        const world = new World();
        for (const one of steps) await world.run(one);
        await world.heal();
        world.check();
        expect(world.timers).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
