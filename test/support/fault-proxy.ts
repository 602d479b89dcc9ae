import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { systemPorts } from "@hawser/protocol";

const { timers } = systemPorts();

/** Seen from the client: `up` goes to the server. */
export type Way = "up" | "down";

/** How a connection ends when its bytes are used up. */
export type End =
  /** RST to both sides. */
  | "reset"
  /** FIN to both sides, behind what was passed on. */
  | "finish"
  /** Nothing passes any more, and neither side is told, not even when the other one closes. */
  | "vanish";

/** What happens to one connection. */
export interface Fault {
  /** The connection ends behind so many bytes of either way. */
  readonly afterBytes: Readonly<Partial<Record<Way, number>>>;
  readonly end: End;
}

export interface FaultProxyOptions {
  /** Asked for each connection, which are counted from 0. Default: none has a fault. */
  readonly faultOf?: (connection: number) => Fault | undefined;
  /** The port that a connection goes to, as a balancer chooses. Default: that of the proxy. */
  readonly targetOf?: (connection: number) => number;
  /** What goes either way comes so much later. Default 0. */
  readonly delayMs?: number;
  /** The port on which it listens; 0: any that is free. Default 0. */
  readonly listen?: number;
}

/**
 * A way to a server on which connections are cut at any byte, stall in one direction, are late, lose their end or are reset.
 * It knows no frames: a cut falls wherever it falls.
 */
export class FaultProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #options: FaultProxyOptions;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #stalled = new Set<Way>();
  #count = 0;
  #cuts = 0;

  private constructor(target: number, options: FaultProxyOptions) {
    this.#target = target;
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client));
  }

  static async to(target: number, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, options);
    await new Promise<void>((resolve) => proxy.#server.listen(options.listen ?? 0, "127.0.0.1", resolve));
    return proxy;
  }

  /** The same address, on the way of the proxy. */
  urlOf(url: string): string {
    const { protocol, pathname } = new URL(url);
    const { port } = this.#server.address() as AddressInfo;
    return `${protocol}//127.0.0.1:${port}${protocol.startsWith("ws") ? pathname : ""}`;
  }

  /** Connections that were made. */
  get count(): number {
    return this.#count;
  }

  /** Connections that were ended here. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Ends all connections that there are now. False when there is none. */
  endAll(end: End): boolean {
    const all = [...this.#connections];
    for (const connection of all) connection.end(end);
    return all.length > 0;
  }

  /** Nothing passes one way, on connections that come meanwhile too; the other way is open. */
  stall(way: Way): void {
    this.#stalled.add(way);
    for (const connection of this.#connections) connection.hold(way);
  }

  flow(way: Way): void {
    this.#stalled.delete(way);
    for (const connection of this.#connections) connection.pass(way);
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const port = this.#options.targetOf?.(this.#count) ?? this.#target;
    const upstream = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const { faultOf, delayMs = 0 } = this.#options;
    const connection = new ProxiedConnection(client, upstream, {
      fault: faultOf?.(this.#count),
      delayMs,
      onEnded: () => {
        this.#cuts += 1;
      },
      onGone: () => this.#connections.delete(connection),
    });
    this.#count += 1;
    this.#connections.add(connection);
    for (const way of this.#stalled) connection.hold(way);
  }
}

interface ProxiedOptions {
  readonly fault: Fault | undefined;
  readonly delayMs: number;
  readonly onEnded: () => void;
  readonly onGone: () => void;
}

/** One connection: two sockets, and what passes from each to the other. */
class ProxiedConnection {
  readonly #sockets: Readonly<Record<Way, { readonly from: Socket; readonly to: Socket }>>;
  readonly #options: ProxiedOptions;
  readonly #left: Record<Way, number>;
  readonly #held = new Set<Way>();
  #state: "passing" | "vanished" | "over" = "passing";

  constructor(client: Socket, upstream: Socket, options: ProxiedOptions) {
    this.#options = options;
    this.#sockets = { up: { from: client, to: upstream }, down: { from: upstream, to: client } };
    const { up = Number.POSITIVE_INFINITY, down = Number.POSITIVE_INFINITY } = options.fault?.afterBytes ?? {};
    this.#left = { up, down };
    for (const way of ["up", "down"] as const) this.#carry(way);
  }

  hold(way: Way): void {
    this.#held.add(way);
    this.#sockets[way].from.pause();
  }

  pass(way: Way): void {
    this.#held.delete(way);
    if (this.#state === "passing") this.#sockets[way].from.resume();
  }

  end(end: End): void {
    if (this.#state !== "passing") return;
    this.#options.onEnded();
    const { from: client, to: upstream } = this.#sockets.up;
    if (end === "vanish") {
      // Still open on both sides, and read by nobody.
      this.#state = "vanished";
      for (const socket of [client, upstream]) socket.pause();
      return;
    }
    this.#state = "over";
    this.#options.onGone();
    for (const socket of [client, upstream]) {
      if (end === "reset") socket.resetAndDestroy();
      else {
        // What comes meanwhile is read, or its presence would make a reset of the close.
        socket.resume();
        socket.end(() => socket.destroy());
      }
    }
  }

  destroy(): void {
    this.#state = "over";
    for (const { from } of Object.values(this.#sockets)) from.destroy();
  }

  #carry(way: Way): void {
    const { from, to } = this.#sockets[way];
    from.setNoDelay(true);
    from.on("data", (chunk) => this.#later(() => this.#put(way, chunk)));
    from.on("end", () => this.#later(() => this.#passing() && to.end()));
    from.on("error", () => {});
    from.on("close", (failed) => {
      if (this.#state === "vanished") return;
      this.#options.onGone();
      this.#later(() => {
        if (!this.#passing() || to.destroyed) return;
        if (failed) to.resetAndDestroy();
        else to.end();
      });
    });
    to.on("drain", () => {
      if (this.#passing() && !this.#held.has(way)) from.resume();
    });
  }

  #put(way: Way, chunk: Buffer): void {
    const { from, to } = this.#sockets[way];
    if (!this.#passing() || to.destroyed) return;
    const passed = chunk.subarray(0, this.#left[way]);
    this.#left[way] -= passed.length;
    const { fault } = this.#options;
    if (this.#left[way] === 0 && fault !== undefined) {
      // The last bytes are to be in the kernel before the end overtakes them.
      to.write(passed, () => this.end(fault.end));
      from.pause();
    } else if (!to.write(passed)) from.pause();
  }

  #passing(): boolean {
    return this.#state === "passing";
  }

  #later(what: () => void): void {
    if (this.#options.delayMs === 0) what();
    else timers.after(this.#options.delayMs, what);
  }
}
