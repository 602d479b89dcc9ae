import { memoryLog } from "@hawser/log";
import type { FollowHandlers, Log } from "@hawser/log";
import { payloadOf, valueOf } from "@hawser/protocol";
import type { ClientFrame, ServerFrame } from "@hawser/protocol";
import { SimulatedPorts } from "../support/simulated-ports.ts";
import { startNode } from "../support/test-node.ts";
import type { TestClient, TestNodeOptions } from "../support/test-node.ts";

/** A log that several nodes open, and none closes. */
export async function sharedLog(ports: SimulatedPorts): Promise<Log> {
  const log = memoryLog();
  await log.open({
    policyOf: () => ({
      durability: "memory",
      retainCount: 1_000_000,
      retainBytes: 1_048_576 * 64,
      retainAgeMs: 300_000,
      deduplicateMs: 0,
    }),
    clock: ports,
    timers: ports,
    random: ports,
  });
  return log;
}

/** A node's own view of a log that it shares; `down` cuts it off, `stalls` lets what it appends wait for `release`. */
export class LogView implements Log {
  down = false;
  stalls = false;
  readonly #held: (() => void)[] = [];
  readonly capabilities;
  readonly #followers: [string, FollowHandlers][] = [];
  #log: Log;

  constructor(log: Log) {
    this.#log = log;
    this.capabilities = log.capabilities;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  append(...given: Parameters<Log["append"]>): ReturnType<Log["append"]> {
    if (this.stalls) {
      return new Promise((resolve) => {
        this.#held.push(() => resolve(this.#log.append(...given)));
      });
    }
    if (!this.down) return this.#log.append(...given);
    return Promise.resolve(given[0].map(() => ({ kind: "failed", code: "log-unavailable", message: "down" })));
  }

  /** Takes what waited, in its order. */
  release(): void {
    this.stalls = false;
    for (const append of this.#held.splice(0)) append();
  }

  head(...given: Parameters<Log["head"]>): ReturnType<Log["head"]> {
    return this.#log.head(...given);
  }

  read(...given: Parameters<Log["read"]>): ReturnType<Log["read"]> {
    return this.#log.read(...given);
  }

  readBackward(...given: Parameters<Log["readBackward"]>): ReturnType<Log["readBackward"]> {
    return this.#log.readBackward(...given);
  }

  /** From now on it is another log, which begins another epoch. */
  async become(log: Log): Promise<void> {
    this.#log = log;
    for (const [channel, handlers] of this.#followers) handlers.onEpoch((await log.follow(channel, handlers)).head);
  }

  follow(...given: Parameters<Log["follow"]>): ReturnType<Log["follow"]> {
    this.#followers.push(given);
    return this.#log.follow(...given);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export const presencePolicy = { graceMs: 10_000, maxMembers: 10_000, maxMembersPerUser: 100, maxStateBytes: 1_024 };

export type TestNode = Awaited<ReturnType<typeof startNode>> & { readonly view: LogView };

/** Nodes that share one log and one time. */
export async function cluster(
  count: number,
  options: TestNodeOptions = {},
): Promise<{ ports: SimulatedPorts; log: Log; nodes: TestNode[]; add: () => Promise<TestNode> }> {
  const ports = new SimulatedPorts();
  const log = await sharedLog(ports);
  let made = 0;
  const add = async (): Promise<TestNode> => {
    made += 1;
    const view = new LogView(log);
    const node = await startNode({
      ...options,
      ports,
      log: view,
      name: `node-${made}`,
      policy: { presence: presencePolicy, ...options.policy },
    });
    return { ...node, view };
  };
  const nodes: TestNode[] = [];
  for (let index = 0; index < count; index += 1) nodes.push(await add());
  return { ports, log, nodes, add };
}

export const enter = (
  id: number,
  channel: string,
  member: string,
  generation = 1,
  state: unknown = null,
): ClientFrame => ({
  type: "enter",
  id,
  channel,
  member,
  generation,
  payload: payloadOf(state),
});

export const watch = (id: number, channel: string, countOnly = false): ClientFrame => ({
  type: "watch",
  id,
  channel,
  countOnly,
});

/** What the frames of watches say, in short: `+ann/a 1`, `-ann/a`, `=2`, `anew`. */
export function said(frames: readonly ServerFrame[]): string[] {
  return frames.flatMap((frame) => {
    if (frame.type === "present") {
      const state: unknown = valueOf(frame.payload);
      return [`+${frame.user}/${frame.member}${state === null ? "" : ` ${JSON.stringify(state)}`}`];
    }
    if (frame.type === "absent") return [`-${frame.user}/${frame.member}`];
    if (frame.type === "census") return [frame.anew ? "anew" : `=${frame.count}`];
    if (frame.type === "error") return [frame.code];
    return [];
  });
}

/** A client of a node that watches a channel, and has been told who is there. */
export async function watcher(node: TestNode, channel: string, countOnly = false): Promise<TestClient> {
  const client = await node.client().connect("watcher");
  await client.ask(watch(1, channel, countOnly));
  await client.frames();
  return client;
}
