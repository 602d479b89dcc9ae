import type { RelayDialer, RelayLink, RelayLinkHandlers } from "@hawser/gateway/core";
import type { RandomStream } from "../random/random-stream.ts";
import type { Process } from "../time/process.ts";
import type { SimulatedTime } from "../time/simulated-time.ts";
import { OneWay } from "./one-way.ts";

type Item =
  | { readonly kind: "frames"; readonly message: Uint8Array }
  | { readonly kind: "word"; readonly word: string };

interface Listener {
  readonly process: Process;
  readonly accept: (link: RelayLink) => void;
}

/** Of one link: small, so that some fill up. */
const fullBytes = 4_096;
/** Until a node finds that the other end of a link is not there any more. */
const heartbeatMs = 4_000;
const path = { latencyMs: 1, jitterMs: 2, bytesPerMs: 1_000 };

/** One end of a link between two nodes. */
class LinkEnd implements RelayLink {
  readonly process: Process;
  readonly #way: OneWay<Item>;
  readonly #onClose: () => void;
  readonly #early: Item[] = [];
  #handlers: RelayLinkHandlers | undefined;
  #wasFull = false;
  #closed = false;

  /** @param way - to the other end. @param onClose - this end closes the link. */
  constructor(process: Process, way: OneWay<Item>, onClose: () => void) {
    this.process = process;
    this.#way = way;
    this.#onClose = onClose;
  }

  get handlers(): RelayLinkHandlers | undefined {
    return this.#handlers;
  }

  set handlers(handlers: RelayLinkHandlers | undefined) {
    this.#handlers = handlers;
    for (const item of this.#early.splice(0)) this.#tell(item);
  }

  get full(): boolean {
    this.#wasFull = this.#way.waitingBytes >= fullBytes;
    return this.#wasFull;
  }

  sendFrames(message: Uint8Array): void {
    if (!this.#closed) this.#way.send({ kind: "frames", message: Uint8Array.from(message) }, message.length, true);
  }

  sendWord(word: string): void {
    if (!this.#closed) this.#way.send({ kind: "word", word }, word.length, true);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    this.process.run(() => this.#handlers?.onClose());
  }

  /** Something has come from the other end. */
  take(item: Item): void {
    this.process.run(() => {
      if (this.#closed) return;
      if (this.#handlers === undefined) this.#early.push(item);
      else this.#tell(item);
    });
  }

  /** Something that was sent has arrived. */
  left(): void {
    if (!this.#wasFull || this.#way.waitingBytes >= fullBytes / 2) return;
    this.#wasFull = false;
    this.process.run(() => {
      if (!this.#closed) this.#handlers?.onRoom();
    });
  }

  /** The link is gone: this end hears of it. */
  lost(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.process.run(() => this.#handlers?.onClose());
  }

  #tell(item: Item): void {
    if (item.kind === "frames") this.#handlers?.onFrames(item.message);
    else this.#handlers?.onWord(item.word);
  }
}

/** A link between two nodes, as whoever disturbs it has it. */
interface Link {
  readonly ends: readonly [LinkEnd, LinkEnd];
  readonly ways: readonly [OneWay<Item>, OneWay<Item>];
}

/** The network between the nodes themselves, over which they relay virtual sockets. */
export class RelayNetwork {
  readonly #time: SimulatedTime;
  readonly #random: RandomStream;
  readonly #listeners = new Map<string, Listener>();
  readonly #links = new Set<Link>();

  constructor(time: SimulatedTime, random: RandomStream) {
    this.#time = time;
    this.#random = random;
  }

  /** A node takes links at its host's name. */
  listen(host: string, process: Process, accept: (link: RelayLink) => void): void {
    this.#listeners.set(host, { process, accept });
  }

  /** What a node opens links with. */
  dialer(process: Process): RelayDialer {
    return {
      dial: (host) =>
        new Promise((resolve, reject) => {
          this.#time.after(2 * path.latencyMs, () => {
            const listener = this.#listeners.get(host);
            if (listener?.process.alive === true) resolve(this.#open(process, listener));
            else process.run(() => reject(new Error(`No node takes links at ${host}`)));
          });
        }),
    };
  }

  /** A process is dead: the other ends of its links hear of it, now or when they find that nobody answers. */
  leave(process: Process, silent: boolean): void {
    for (const link of [...this.#links])
      if (link.ends.some((end) => end.process === process)) this.#break(link, silent ? heartbeatMs : 1);
  }

  /** Breaks a link; each end hears of it some time. @returns whether there was one. */
  cut(random: RandomStream): boolean {
    const link = this.#pick(random);
    if (link !== undefined) this.#break(link, random.pick([1, 100, heartbeatMs]));
    return link !== undefined;
  }

  /** Nothing arrives over a link for a while, one way or both. */
  stall(random: RandomStream): boolean {
    const link = this.#pick(random);
    const forMs = random.integer(50, 3_500);
    const ways = link === undefined ? [] : random.pick([link.ways, [link.ways[0]], [link.ways[1]]]);
    for (const way of ways) way.stall(forMs);
    return link !== undefined;
  }

  /** No link is disturbed any more. */
  release(): void {
    for (const { ways } of this.#links) for (const way of ways) way.release();
  }

  #open(process: Process, listener: Listener): RelayLink {
    const there: OneWay<Item> = new OneWay(this.#time, this.#random, path, (item) => {
      far.take(item);
      near.left();
    });
    const back: OneWay<Item> = new OneWay(this.#time, this.#random, path, (item) => {
      near.take(item);
      far.left();
    });
    const near: LinkEnd = new LinkEnd(process, there, () => this.#break(link, 1));
    const far: LinkEnd = new LinkEnd(listener.process, back, () => this.#break(link, 1));
    const link: Link = { ends: [near, far], ways: [there, back] };
    this.#links.add(link);
    listener.process.run(() => listener.accept(far));
    return near;
  }

  /** What is under way is lost. */
  #break(link: Link, heardAfterMs: number): void {
    if (!this.#links.delete(link)) return;
    for (const way of link.ways) way.cut();
    for (const end of link.ends) this.#time.after(this.#random.number() * heardAfterMs, () => end.lost());
  }

  #pick(random: RandomStream): Link | undefined {
    return this.#links.size === 0 ? undefined : random.pick([...this.#links]);
  }
}
