/** Classes of urgency, the most urgent first: the lanes of a server's channel policies. Any other lane is as `normal`. */
const lanes = ["interactive", "normal", "bulk"];

/** Bytes that a flow is given for each of its turns, and that go ahead of a lane before it is owed anything. */
const quantumBytes = 16_384;

/** A lane that waits is owed this part of what goes ahead of it. */
const owedShare = 1 / 8;

/** What waits to be sent. */
export interface Scheduled {
  /** `undefined`: what belongs to no lane, such as a subscribe; it is as urgent as `interactive`. */
  readonly lane?: string;
  /** Whose turn it takes, within its lane: a channel. Items of one flow keep their order. */
  readonly flow?: string;
}

interface Flow<Item> {
  readonly items: Item[];
  /** Bytes that are left of its turn. What it sends past that it sits out. */
  leftBytes: number;
}

interface Lane<Item> {
  /** In the order of their turns. */
  readonly flows: Map<string, Flow<Item>>;
  /** Above 0 the lane goes ahead of its betters. */
  owedBytes: number;
}

/**
 * What is sent next over a connection: the most urgent lane goes first, and in a lane the flows share by deficit round
 * robin (Shreedhar and Varghese, 1995), in bytes and not in messages. A lane that waits gets an eighth of what goes ahead
 * of it, so that nothing waits for ever. The size of an item is known when it was sent: a flow may go into debt by one item.
 */
export class SendSchedule<Item extends Scheduled> implements Iterable<Item> {
  readonly #lanes: readonly Lane<Item>[] = lanes.map(() => ({ flows: new Map(), owedBytes: 0 }));

  *[Symbol.iterator](): Iterator<Item> {
    for (const { flows } of this.#lanes) for (const { items } of flows.values()) yield* items;
  }

  get isEmpty(): boolean {
    return this.#lanes.every(({ flows }) => flows.size === 0);
  }

  /** Puts an item behind the others of its flow. */
  add(item: Item): void {
    const { lane, flow = "" } = item;
    const place = lane === undefined ? 0 : lanes.indexOf(lane);
    const into = this.#lanes[place < 0 ? 1 : place]!;
    if (into.flows.size === 0) into.owedBytes = -quantumBytes;
    const known = into.flows.get(flow);
    if (known === undefined) into.flows.set(flow, { items: [item], leftBytes: quantumBytes });
    else known.items.push(item);
  }

  /**
   * Sends the item whose turn it is.
   *
   * @param send - Answers how many bytes that were. It may add items.
   * @returns whether there was one.
   */
  serve(send: (item: Item) => number): boolean {
    const waiting = this.#lanes.filter(({ flows }) => flows.size > 0);
    const lane = waiting.findLast(({ owedBytes }) => owedBytes > 0) ?? waiting[0];
    if (lane === undefined) return false;
    const [name, flow] = next(lane.flows);
    const bytes = send(flow.items.shift()!);
    flow.leftBytes -= bytes;
    if (flow.items.length === 0) lane.flows.delete(name);
    if (lane.owedBytes > 0) lane.owedBytes -= bytes;
    for (const below of waiting.slice(waiting.indexOf(lane) + 1)) below.owedBytes += bytes * owedShare;
    return true;
  }
}

/** The flow whose turn it is. One that is in debt gets its share, and goes behind the others. */
function next<Item>(flows: Map<string, Flow<Item>>): [string, Flow<Item>] {
  for (;;) {
    const [first] = flows as Iterable<[string, Flow<Item>]>;
    const [name, flow] = first!;
    if (flow.leftBytes > 0) return first!;
    // Who is alone owes nothing to anybody.
    flow.leftBytes = flows.size === 1 ? quantumBytes : flow.leftBytes + quantumBytes;
    flows.delete(name);
    flows.set(name, flow);
  }
}
