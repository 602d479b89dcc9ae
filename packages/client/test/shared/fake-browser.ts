import type { Timers } from "@hawser/protocol";
import type { MessagePortLike } from "../../src/shared/line.ts";
import type { LockManagerLike } from "../../src/shared/liveness.ts";
import type { SharedPlatform, SharedWorkerLike } from "../../src/shared/platform.ts";
import type { BroadcastChannelClass, BroadcastChannelLike } from "../../src/shared/tab-line.ts";

type Handler = ((event: never) => void) | null;

interface Waiting {
  readonly owner: FakePage;
  readonly run: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A browser with pages and a shared worker, as far as tabs find each other by it, on simulated time. */
export class FakeBrowser {
  readonly #timers: Timers;
  readonly #held = new Map<string, Waiting>();
  readonly #queues = new Map<string, Waiting[]>();
  readonly #channels = new Map<string, Set<FakeChannel>>();
  /** The worker that runs. */
  #worker: FakePage | undefined;
  /** Runs a worker's script: gives what a port of it is handed to. */
  workerScript: ((page: FakePage) => (port: MessagePortLike) => void) | undefined;
  #onConnect: ((port: MessagePortLike) => void) | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get worker(): FakePage | undefined {
    return this.#worker;
  }

  /** Who holds which lock, and who waits for it. */
  get locks(): { readonly held: readonly string[]; readonly waiting: readonly string[] } {
    return {
      held: [...this.#held.keys()],
      waiting: [...this.#queues].flatMap(([name, queue]) => queue.map(() => name)),
    };
  }

  open(): FakePage {
    return new FakePage(this);
  }

  /** Calls back in a later turn, unless the page is dead, or when it is thawed. */
  deliver(page: FakePage, callback: () => void): void {
    this.#timers.soon(() => page.run(callback));
  }

  sharedWorker(page: FakePage): SharedWorkerLike {
    const [port1, port2] = this.portPair(page);
    if (this.workerScript === undefined) {
      const worker: SharedWorkerLike = { port: port1, onerror: null };
      this.deliver(page, () => (worker.onerror as (() => void) | null)?.());
      return worker;
    }
    if (this.#worker === undefined) {
      this.#worker = this.open();
      this.#onConnect = this.workerScript(this.#worker);
    }
    const worker = this.#worker;
    port2.page = worker;
    this.deliver(worker, () => this.#onConnect?.(port2));
    return { port: port1, onerror: null };
  }

  portPair(page: FakePage): [FakePort, FakePort] {
    const [one, other] = [new FakePort(this, page), new FakePort(this, page)];
    one.other = other;
    other.other = one;
    return [one, other];
  }

  locksOf(owner: FakePage): LockManagerLike {
    return {
      request: (name, { steal = false, signal }, run) =>
        new Promise((resolve, reject) => {
          const waiting: Waiting = { owner, run, resolve, reject };
          const queue = this.#queues.get(name) ?? [];
          this.#queues.set(name, queue);
          if (steal) {
            this.#held.get(name)?.reject(new Error("AbortError: the lock was stolen"));
            this.#held.delete(name);
            queue.unshift(waiting);
          } else queue.push(waiting);
          signal?.addEventListener("abort", () => {
            const index = queue.indexOf(waiting);
            if (index >= 0) queue.splice(index, 1);
            reject(new Error("AbortError: given up"));
          });
          this.#timers.soon(() => this.#grant(name));
        }),
    };
  }

  channelsOf(page: FakePage): BroadcastChannelClass {
    return channelClass(this, page);
  }

  join(channel: FakeChannel): void {
    const channels = this.#channels.get(channel.name) ?? new Set();
    this.#channels.set(channel.name, channels.add(channel));
  }

  leave(channel: FakeChannel): void {
    this.#channels.get(channel.name)?.delete(channel);
  }

  post(from: FakeChannel, message: unknown): void {
    for (const channel of this.#channels.get(from.name) ?? []) {
      if (channel === from) continue;
      const data: unknown = structuredClone(message);
      this.deliver(channel.page, () => channel.onmessage?.({ data } as never));
    }
  }

  /** The page dies, or the worker: its locks go to whoever waits, its channels and ports are silent. */
  bury(page: FakePage): void {
    if (page === this.#worker) this.#worker = undefined;
    for (const channels of this.#channels.values()) {
      for (const channel of channels) if (channel.page === page) channels.delete(channel);
    }
    for (const [name, queue] of this.#queues) {
      this.#queues.set(
        name,
        queue.filter(({ owner }) => owner !== page),
      );
    }
    for (const [name, { owner }] of this.#held) {
      if (owner !== page) continue;
      this.#held.delete(name);
      this.#timers.soon(() => this.#grant(name));
    }
  }

  #grant(name: string): void {
    if (this.#held.has(name)) return;
    const next = this.#queues.get(name)?.shift();
    if (next === undefined) return;
    this.#held.set(name, next);
    const free = (): void => {
      if (this.#held.get(name) !== next) return;
      this.#held.delete(name);
      this.#timers.soon(() => this.#grant(name));
    };
    next.owner.run(() => {
      void next.run().then((value) => {
        free();
        next.resolve(value);
      });
    });
  }
}

/** A page, or a worker: alive, frozen, or dead. */
export class FakePage {
  readonly browser: FakeBrowser;
  readonly platform: SharedPlatform;
  readonly worker: () => SharedWorkerLike;
  #state: "alive" | "frozen" | "dead" = "alive";
  #missed: (() => void)[] = [];
  #onHidden: (() => void)[] = [];

  constructor(browser: FakeBrowser) {
    this.browser = browser;
    this.worker = () => browser.sharedWorker(this);
    this.platform = {
      locks: browser.locksOf(this),
      BroadcastChannel: browser.channelsOf(this),
      MessageChannel: messageChannelClass(browser, this),
      onHidden: (callback) => void this.#onHidden.push(callback),
    };
  }

  get dead(): boolean {
    return this.#state === "dead";
  }

  run(callback: () => void): void {
    if (this.#state === "alive") callback();
    else if (this.#state === "frozen") this.#missed.push(callback);
  }

  /** Without a word. */
  crash(): void {
    this.#state = "dead";
    this.#missed = [];
    this.browser.bury(this);
  }

  /** The page is closed, or kept by the browser for a while. */
  hide(): void {
    for (const callback of this.#onHidden) callback();
  }

  freeze(): void {
    this.#state = "frozen";
  }

  thaw(): void {
    this.#state = "alive";
    for (const callback of this.#missed.splice(0)) callback();
  }

  /** Things that happened to it and that it has not seen. */
  get missed(): number {
    return this.#missed.length;
  }
}

function channelClass(browser: FakeBrowser, page: FakePage): BroadcastChannelClass {
  return class extends FakeChannel {
    constructor(name: string) {
      super(browser, page, name);
    }
  };
}

function messageChannelClass(browser: FakeBrowser, page: FakePage): SharedPlatform["MessageChannel"] {
  return class {
    readonly port1: MessagePortLike;
    readonly port2: MessagePortLike;
    constructor() {
      [this.port1, this.port2] = browser.portPair(page);
    }
  };
}

class FakePort implements MessagePortLike {
  readonly #browser: FakeBrowser;
  page: FakePage;
  other: FakePort | undefined;
  onmessage: Handler = null;
  #open = true;

  constructor(browser: FakeBrowser, page: FakePage) {
    this.#browser = browser;
    this.page = page;
  }

  postMessage(message: unknown, transfer: ArrayBuffer[]): void {
    const { other } = this;
    if (!this.#open || other === undefined || this.page.dead) return;
    const data: unknown = structuredClone(message, { transfer });
    this.#browser.deliver(other.page, () => {
      if (other.#open) other.onmessage?.({ data } as never);
    });
  }

  close(): void {
    this.#open = false;
  }
}

class FakeChannel implements BroadcastChannelLike {
  readonly name: string;
  readonly page: FakePage;
  readonly #browser: FakeBrowser;
  onmessage: Handler = null;
  #open = true;

  constructor(browser: FakeBrowser, page: FakePage, name: string) {
    this.name = name;
    this.page = page;
    this.#browser = browser;
    browser.join(this);
  }

  postMessage(message: unknown): void {
    if (!this.#open) throw new Error("InvalidStateError: the channel is closed");
    if (!this.page.dead) this.#browser.post(this, message);
  }

  close(): void {
    this.#open = false;
    this.#browser.leave(this);
  }
}
