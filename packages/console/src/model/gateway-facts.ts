/** One target of a pool, as the panel shows it. */
export interface TargetFacts {
  readonly name: string;
  readonly state: string;
  readonly open: number;
  /** Of connecting; 0: nothing was measured. */
  readonly latencyMs: number;
  readonly errors: number;
  readonly ejections: number;
  /** Both ways, since the node began. */
  readonly bytes: number;
}

/** A pool of the gateway that the page came from. */
export interface PoolFacts {
  readonly name: string;
  readonly kind: "websocket" | "http";
  /** An HTTP back end is shown as its one target. */
  readonly targets: readonly TargetFacts[];
}

/** What a gateway answers the call `hawser.gateway` with; `undefined`: that is no such answer. */
export function poolsOf(reply: unknown): readonly PoolFacts[] | undefined {
  const pools = membersOf(reply)["pools"];
  return Array.isArray(pools) ? pools.map(poolOf) : undefined;
}

function poolOf(value: unknown): PoolFacts {
  const pool = membersOf(value);
  const name = String(pool["name"]);
  if (pool["kind"] !== "http") {
    const targets: unknown = pool["targets"];
    return { name, kind: "websocket", targets: Array.isArray(targets) ? targets.map(targetOf) : [] };
  }
  return { name, kind: "http", targets: [targetOf({ ...pool, name: String(pool["url"]), state: "up" })] };
}

function targetOf(value: unknown): TargetFacts {
  const target = membersOf(value);
  const count = (name: string): number => Number(target[name] ?? 0);
  return {
    name: String(target["name"]),
    state: String(target["state"]),
    open: count("open"),
    latencyMs: count("latencyMs"),
    errors: count("errors"),
    ejections: count("ejections"),
    bytes: count("bytesIn") + count("bytesOut"),
  };
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
