/** One target of a pool, as the panel shows it. */
export interface TargetFacts {
  readonly name: string;
  readonly state: string;
  readonly open: number;
  /** Of connecting; 0: nothing was measured. */
  readonly latencyMs: number;
  readonly errors: number;
  /** The errors by why: `ECONNREFUSED 2, timeout 1`. */
  readonly failures: string;
  /** Sockets that the target ended without a close frame. */
  readonly lost: number;
  readonly ejections: number;
  /** 99 of 100 handshakes, or requests to a back end, took no longer; 0: there was none. */
  readonly p99Ms: number;
  /** Both ways, since the node began. */
  readonly bytes: number;
  readonly messages: number;
  /** Both ways, since it was asked before; `undefined`: it was not. */
  readonly rates: TargetRates | undefined;
}

export interface TargetRates {
  readonly bytesPerSecond: number;
  readonly messagesPerSecond: number;
}

/** A pool of the gateway that the page came from. */
export interface PoolFacts {
  readonly name: string;
  readonly kind: "websocket" | "http";
  /** So few targets answer their health checks that all are tried. */
  readonly panics: boolean;
  /** An HTTP back end is shown as its one target. */
  readonly targets: readonly TargetFacts[];
}

/** What a gateway answers the call `hawser.gateway` with; `undefined`: that is no such answer. */
export function poolsOf(reply: unknown): readonly PoolFacts[] | undefined {
  const pools = membersOf(reply)["pools"];
  return Array.isArray(pools) ? pools.map(poolOf) : undefined;
}

/** The same pools with the rates of their targets since `before`, which was so long ago. */
export function withRates(
  pools: readonly PoolFacts[],
  before: readonly PoolFacts[],
  elapsedMs: number,
): readonly PoolFacts[] {
  return pools.map((pool) => {
    const former = before.find(({ name }) => name === pool.name)?.targets ?? [];
    const targets = pool.targets.map((target) => {
      const known = former.find(({ name }) => name === target.name);
      return known === undefined ? target : { ...target, rates: ratesOf(target, known, elapsedMs) };
    });
    return { ...pool, targets };
  });
}

/** A node that began anew counts from 0. */
function ratesOf(target: TargetFacts, before: TargetFacts, elapsedMs: number): TargetRates | undefined {
  if (elapsedMs <= 0 || target.bytes < before.bytes) return undefined;
  return {
    bytesPerSecond: ((target.bytes - before.bytes) * 1_000) / elapsedMs,
    messagesPerSecond: ((target.messages - before.messages) * 1_000) / elapsedMs,
  };
}

function poolOf(value: unknown): PoolFacts {
  const pool = membersOf(value);
  const name = String(pool["name"]);
  if (pool["kind"] !== "http") {
    const targets: unknown = pool["targets"];
    const panics = pool["panics"] === true;
    return { name, kind: "websocket", panics, targets: Array.isArray(targets) ? targets.map(targetOf) : [] };
  }
  const { url, open, failures: errors, requests, duration } = pool;
  const failures = Object.fromEntries(
    Object.entries(membersOf(requests)).filter(([status]) => !status.startsWith("2")),
  );
  const target = { name: url, state: "up", open, errors, failures, durations: { handshake: duration } };
  return { name, kind: "http", panics: false, targets: [targetOf(target)] };
}

function targetOf(value: unknown): TargetFacts {
  const target = membersOf(value);
  const count = (name: string): number => Number(target[name] ?? 0);
  const failures = Object.entries(membersOf(target["failures"])).map(([kind, times]) => `${kind} ${String(times)}`);
  return {
    name: String(target["name"]),
    state: String(target["state"]),
    open: count("open"),
    latencyMs: count("latencyMs"),
    errors: count("errors"),
    failures: failures.join(", "),
    lost: count("lost"),
    ejections: count("ejections"),
    p99Ms: Number(membersOf(membersOf(target["durations"])["handshake"])["p99Ms"] ?? 0),
    bytes: count("bytesIn") + count("bytesOut"),
    messages: count("messagesIn") + count("messagesOut"),
    rates: undefined,
  };
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
