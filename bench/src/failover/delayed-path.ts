import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/** Bytes on their way in one direction; past it the sender is not read from. */
const maxBytesUnderWay = 4 * 1024 * 1024;

/**
 * A long way to a server: what is written at one end comes out at the other so much later, in order. The first bytes of a
 * connection take a round trip more, as they would behind the handshake of TCP, which this machine does at once.
 */
export class DelayedPath {
  readonly #server: Server;
  readonly #oneWayMs: number;
  readonly #target: number;
  /** In the order in which they came. */
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  private constructor(target: number, oneWayMs: number) {
    this.#target = target;
    this.#oneWayMs = oneWayMs;
    this.#server = createServer((client) => this.#join(client));
  }

  static async to(target: number, oneWayMs: number): Promise<DelayedPath> {
    const path = new DelayedPath(target, oneWayMs);
    await new Promise<void>((resolve) => path.#server.listen(0, "127.0.0.1", resolve));
    return path;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The connections that stand, in the order in which they came; each can be reset at both ends. */
  get connections(): readonly { readonly since: number; readonly reset: () => void }[] {
    return [...this.#pairs].map((pair) => ({
      since: openedAt.get(pair[0]) ?? 0,
      reset: () => {
        this.#pairs.delete(pair);
        for (const socket of pair) socket.resetAndDestroy();
      },
    }));
  }

  #join(client: Socket): void {
    const upstream = connect({ port: this.#target, host: "127.0.0.1" });
    const pair = [client, upstream] as const;
    openedAt.set(client, performance.now());
    this.#pairs.add(pair);
    carry(client, upstream, this.#oneWayMs, 2 * this.#oneWayMs);
    carry(upstream, client, this.#oneWayMs, 0);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => this.#pairs.delete(pair));
    }
  }
}

/** Counts on one clock for all paths of the process. */
const openedAt = new WeakMap<Socket, number>();

interface Chunk {
  readonly due: number;
  /** `undefined`: the end. */
  readonly bytes: Buffer | undefined;
}

function carry(from: Socket, to: Socket, oneWayMs: number, handshakeMs: number): void {
  const chunks: Chunk[] = [];
  const openAt = performance.now() + handshakeMs;
  let bytesUnderWay = 0;
  let timer: NodeJS.Timeout | undefined;
  const release = (): void => {
    timer = undefined;
    const now = performance.now();
    for (let chunk = chunks[0]; chunk !== undefined; chunk = chunks[0]) {
      if (chunk.due > now) {
        timer = setTimeout(release, chunk.due - now);
        return;
      }
      chunks.shift();
      if (chunk.bytes === undefined) to.end();
      else {
        bytesUnderWay -= chunk.bytes.length;
        if (!to.destroyed) to.write(chunk.bytes);
      }
      if (bytesUnderWay < maxBytesUnderWay) from.resume();
    }
  };
  const put = (bytes: Buffer | undefined): void => {
    chunks.push({ due: Math.max(performance.now(), openAt) + oneWayMs, bytes });
    timer ??= setTimeout(release, oneWayMs);
  };
  from.on("data", (bytes) => {
    bytesUnderWay += bytes.length;
    if (bytesUnderWay >= maxBytesUnderWay) from.pause();
    put(bytes);
  });
  from.on("end", () => put(undefined));
  // What was lost at one end is known at the other by the same way.
  from.on("close", (failed) => {
    if (failed) to.resetAndDestroy();
  });
}
