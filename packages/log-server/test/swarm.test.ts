import { describe, expect, it } from "vitest";
import type { Entry, Head, Log } from "@hawser/log";
import { SharedWorld, Told } from "./support/shared-world.ts";
import { ScriptedLog } from "./support/scripted-log.ts";

const seeds = 80;
const steps = 120;

/** What a follower was told, held against what the log was in that epoch. */
class Checked extends Told {
  readonly #log: ScriptedLog;
  #epoch = 0;

  constructor(log: ScriptedLog) {
    super();
    this.#log = log;
  }

  begin(head: Head): void {
    this.#epoch = head.epoch;
    this.at = head.end;
  }

  override onEntries(entries: readonly Entry[], interval: { from: number; to: number }): void {
    super.onEntries(entries, interval);
    const truth = this.#log.history.get(this.#epoch) ?? [];
    const wanted = truth.filter(({ offset }) => offset > interval.from && offset <= interval.to);
    if (serials(entries) !== serials(wanted)) {
      this.faults.push(
        `epoch ${this.#epoch}, ${interval.from} to ${interval.to}: ${serials(entries)}, not ${serials(wanted)}`,
      );
    }
  }

  override onEpoch(head: Head): void {
    super.onEpoch(head);
    if (head.epoch < this.#epoch) this.faults.push(`epoch ${head.epoch} behind ${this.#epoch}`);
    if (head.floor > head.end || head.lineage.at(-1)?.epoch !== head.epoch)
      this.faults.push(`head ${JSON.stringify(head)}`);
    if (head.lineage.some(({ start }) => start > head.end)) this.faults.push(`an epoch starts above the end`);
    this.#epoch = head.epoch;
  }
}

describe("whatever happens to the log, the server and the connections", () => {
  it(
    `every follower is told exactly what each epoch held, and comes to the end, with ${seeds} seeds`,
    { timeout: 60_000 },
    async () => {
      const happened = { entries: 0, epochs: 0, cuts: 0, stalls: 0 };
      for (let seed = 1; seed <= seeds; seed += 1) await run(seed, happened);
      expect(happened.entries).toBeGreaterThan(seeds * 50);
      expect(Math.min(happened.epochs, happened.cuts, happened.stalls)).toBeGreaterThan(seeds);
    },
  );
});

async function run(seed: number, happened: Record<"entries" | "epochs" | "cuts" | "stalls", number>): Promise<void> {
  const log = new ScriptedLog();
  const world = await SharedWorld.open(log, { maxUnsentBytes: 65_536, maxInFlight: 3 }, {}, seed);
  const waits = seed % 3;
  if (waits > 0) {
    log.delay = () => new Promise((resolve) => world.time.timers.after(below(10 * waits), resolve));
  }
  const below = (limit: number): number => Math.floor(world.time.random.number() * limit);
  const remotes = [await world.connect({ heartbeatMs: 500 }), await world.connect()];
  const told: Checked[] = [];
  const join = (remote: Log): void => {
    const checked = new Checked(log);
    remote.follow("a", checked).then(
      (follower) => {
        checked.follower = follower;
        checked.begin(follower.head);
        told.push(checked);
      },
      () => {},
    );
  };
  for (const remote of remotes) join(remote);
  await world.time.advance(20);
  expect(told.length).toBe(2);
  let epoch = 1;
  for (let step = 0; step < steps; step += 1) {
    const { end, floor } = log.headNow;
    switch (below(16)) {
      case 0:
        happened.cuts += 1;
        world.network.cut();
        break;
      case 1:
        happened.cuts += 1;
        await world.kill();
        if (below(2) === 0) log.renew((epoch += 1 + below(3)), end - below(Math.min(8, end - floor + 1)));
        log.add(below(20));
        await world.serve();
        break;
      case 2:
        log.renew((epoch += 1 + below(3)), below(2) === 0 ? end : end - below(Math.min(8, end - floor + 1)));
        break;
      case 3:
        if (below(4) === 0) log.replace((epoch += 1));
        break;
      case 4:
        log.trim(floor + below(end - floor + 1));
        break;
      case 5:
        happened.stalls += 1;
        world.network.stall(below(2));
        break;
      case 6:
        world.network.unstall();
        break;
      case 7:
        log.silent = below(2) === 0;
        break;
      case 8:
        if (told.length < 8) join(remotes[below(2)]!);
        break;
      case 9:
        log.add(below(30), below(3) === 0 ? 9_000 : 1);
        log.trim(Math.max(floor, log.headNow.end - below(3)));
        break;
      default:
        log.add(below(30), below(6) === 0 ? 9_000 : 1);
    }
    if (below(3) > 0) await world.time.advance(below(60));
  }
  log.silent = false;
  world.network.unstall();
  log.add(1);
  await world.time.advance(5_000);
  log.add(1);
  const { end } = log.headNow;
  await world.until(() => told.every(({ at }) => at === end));
  for (const each of told) {
    expect({ seed, faults: each.faults }).toEqual({ seed, faults: [] });
    expect(each.available.at(-1) ?? true).toBe(true);
    happened.entries += each.entries.length;
    happened.epochs += each.heads.length;
  }
  for (const remote of remotes) await world.time.drive(remote.close());
}

function serials(entries: readonly Entry[]): string {
  const numbers = entries.map(({ payload }) =>
    payload === undefined ? 0 : new DataView(payload.data.buffer, payload.data.byteOffset).getUint32(0),
  );
  return numbers.join(" ");
}
