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

type Step =
  | Publish
  | { readonly kind: "connect" | "cut" | "process" | "answer" | "refuse" | "late" }
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
    arbitrary: fc
      .constantFrom(
        ...(["connect", "connect", "cut", "process", "process", "answer", "answer", "refuse", "late"] as const),
      )
      .map((kind) => ({ kind })),
  },
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

interface Row {
  readonly item: OutboxItem;
  /** Settles the schema. */
  readonly schema: { resolve(): void; reject(error: HawserError): void } | undefined;
  /** Each state that the publication told, with the code of what ended it. */
  readonly told: string[];
}

/** An outbox, connections that are cut while frames of theirs still arrive, and a log for each channel. */
class World {
  readonly rows: Row[] = [];
  readonly sent: number[] = [];
  readonly #ports = new SimulatedPorts();
  readonly #links = new Links();
  readonly #logs = [new ModelLog<number>(), new ModelLog<number>()];
  readonly #outbox = new Outbox(options, this.#ports, { minMs: 1, maxMs: 1 }, this.#links, () => "");
  #up: PublishFrame[] = [];
  #down: ServerFrame[] = [];
  #late: PublishFrame[] = [];
  #connection: { readonly link: Link; readonly table: RequestTable } | undefined;

  async run(step: Step): Promise<void> {
    if (step.kind === "publish") this.#publish(step);
    else if (step.kind === "connect") this.#connect();
    else if (step.kind === "cut") this.#cut();
    else if (step.kind === "process") this.#process(false);
    else if (step.kind === "refuse") this.#process(true);
    else if (step.kind === "answer") this.#answer();
    else if (step.kind === "late") this.#append(this.#late.shift());
    else if (step.kind === "wait") await this.#ports.advance(step.ms);
    else if ("which" in step) await this.#settle(step.kind, step.which);
    this.#checkBounds();
  }

  /** No faults any more: everything has to come to an end. */
  async heal(): Promise<void> {
    for (let which = 0; which < this.rows.length; which += 1) await this.#settle("validate", which);
    for (let round = 0; round < 200 && this.#outbox.status.since !== undefined; round += 1) {
      this.#connect();
      this.#process(false);
      this.#answer();
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

  #connect(): void {
    if (this.#connection !== undefined) return;
    const table = new RequestTable(0, (frame) => this.#onFrame(frame));
    const link = { welcome, request: (request) => table.add(request) } as Pick<Link, "welcome" | "request"> as Link;
    this.#connection = { link, table };
    this.#links.add(link);
    this.#outbox.onLink();
  }

  #cut(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    this.#late.push(...this.#up);
    this.#up = [];
    this.#down = [];
    this.#links.delete(connection.link);
    this.#outbox.onUnlink(connection.link);
    connection.table.end();
  }

  #onFrame(frame: ClientFrame): boolean {
    if (frame.type !== "publish") return expect.unreachable();
    const number = numberOf(frame);
    const { told } = this.rows[number]!;
    expect(told.filter((state) => state !== "sent")).toEqual([]);
    if (!this.sent.includes(number)) {
      const before = this.sent.filter((other) => this.rows[other]!.item.channel === frame.channel);
      expect(number).toBeGreaterThan(Math.max(-1, ...before));
      this.sent.push(number);
    }
    this.#up.push(frame);
    expect(this.#up.length + this.#down.length).toBeLessThanOrEqual(options.maxInFlight);
    return true;
  }

  #append(frame: PublishFrame | undefined): ServerFrame | undefined {
    if (frame === undefined) return undefined;
    const { id, producer, sequence, previous } = frame;
    const attempt = { item: numberOf(frame), producer, sequence, previous, entry: undefined, connection: 0 };
    const answer = this.#logs[Number(frame.channel)]!.append(attempt);
    if (answer.kind === "published") return { type: "published", id, position: undefined, duplicate: false };
    const { code, retry } = answer.rejection.error;
    return { type: "rejected", id, code, message: "", retry, retryAfterMs: 0, last: answer.rejection.last };
  }

  #process(refuse: boolean): void {
    const frame = this.#up.shift();
    if (frame === undefined) return;
    const { id } = frame;
    if (refuse)
      this.#down.push({ type: "rejected", id, code: "forbidden", message: "", retry: false, retryAfterMs: 0, last: 0 });
    else this.#down.push(this.#append(frame)!);
  }

  #answer(): void {
    const frame = this.#down.shift();
    if (frame !== undefined) this.#connection!.table.settle(frame);
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
