import type { RandomStream } from "../random/random-stream.ts";
import type { SocketOptions } from "../sockets/socket-options.ts";
import type { WorldOptions } from "../world/options.ts";
import type { Action, ActionKind, WorkKind } from "./action.ts";

/**
 * All that is done in a seed's world, drawn before it begins: its clients, then what they do and what is done to them, by
 * time. So a run with fewer of them is a run of the same world.
 */
export function drawPlan(options: WorldOptions, root: RandomStream): readonly Action[] {
  const drawn: { readonly atMs: number; readonly kind: ActionKind }[] = [];
  for (const [kind, meanMs] of [...meansOfWork(options), ...options.faults, ...(options.sockets?.faults ?? [])]) {
    const random = root.split(`when: ${kind}`);
    if (!Number.isFinite(meanMs)) continue;
    for (let at = random.exponential(meanMs); at < options.workMs; at += random.exponential(meanMs))
      drawn.push({ atMs: at, kind });
  }
  drawn.sort((one, other) => one.atMs - other.atMs);
  const starts = options.clients.map(() => ({ atMs: 0, kind: "client starts" as const }));
  return [...starts, ...drawn].map((action, index) => ({ number: index + 1, ...action }));
}

function meansOfSockets(
  { openEveryMs, sayEveryMs }: SocketOptions,
  clients: number,
): readonly (readonly [WorkKind, number])[] {
  return [
    ["open a socket", openEveryMs / clients],
    ["say on a socket", sayEveryMs / clients],
    ["stop reading a socket", (4 * openEveryMs) / clients],
    ["close a socket", (2 * openEveryMs) / clients],
  ];
}

/** Mean times between two actions of a kind. */
function meansOfWork(options: WorldOptions): readonly (readonly [WorkKind, number])[] {
  const clients = options.clients.length;
  return [
    ["publish", options.publishEveryMs / clients],
    ["churn", options.churnEveryMs / clients],
    ["save", 2_000],
    ["send to inbox", 3_000],
    ["read history", 6_000],
    ["pry", 6_000],
    ["call", 1_500],
    // A right that comes back is asked for again.
    ["subscribe", 1_500],
    ...(options.sockets === undefined ? [] : meansOfSockets(options.sockets, clients)),
  ];
}
