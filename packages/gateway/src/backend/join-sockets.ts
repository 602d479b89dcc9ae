import type { Timer, Timers } from "@hawser/protocol";
import type { WebSocket } from "ws";
import type { UpstreamSocket } from "../upstream/upstream-socket.ts";

export interface JoinOptions {
  /** Bytes that wait on either side before the other is not read any more. */
  readonly maxQueuedBytes: number;
  /** How often the client is asked whether it is still there; who has not answered by the next time is lost. */
  readonly pingIntervalMs: number;
  readonly timers: Timers;
}

/** Makes one conversation of a client's WebSocket, which the gateway itself holds, and the socket to its upstream. */
export function joinSockets(client: WebSocket, upstream: UpstreamSocket, options: JoinOptions): void {
  const toUpstream = new Held(options.maxQueuedBytes, client);
  const toClient = new Held(options.maxQueuedBytes, upstream);
  const stopPinging = ping(client, options);
  let closed = false;
  client.binaryType = "nodebuffer";
  client.on("message", (data: Buffer, binary) => {
    // Nobody is there to take it.
    if (closed) return;
    const release = toUpstream.hold(data.length);
    upstream.send(data, !binary, true, release);
  });
  client.on("error", () => {});
  client.on("close", (code, reason) => {
    stopPinging();
    if (code === 1006) upstream.terminate();
    else upstream.close(code === 1005 ? undefined : code, reason.toString());
  });
  upstream.handlers = {
    onMessage: (data, text) => client.send(data, { binary: !text }, toClient.hold(data.length)),
    onClose: (code, reason) => {
      closed = true;
      // Its answer to the close stands behind what was not read.
      client.resume();
      if (code === 1006) client.terminate();
      else if (code === 1005) client.close();
      else client.close(code, reason);
    },
  };
}

/** What can be told to wait. */
interface Pausable {
  pause(): void;
  resume(): void;
}

/** What a message costs beside its bytes: empty ones must not pile up either. */
const messageBytes = 64;

/** Bytes that one side has given and the other has not taken: above the limit the giver waits until half of it is left. */
class Held {
  readonly #limit: number;
  readonly #giver: Pausable;
  #bytes = 0;
  #paused = false;

  constructor(limit: number, giver: Pausable) {
    this.#limit = limit;
    this.#giver = giver;
  }

  /** @returns To be called when they were taken. */
  hold(dataBytes: number): () => void {
    const bytes = dataBytes + messageBytes;
    this.#bytes += bytes;
    if (!this.#paused && this.#bytes > this.#limit) {
      this.#paused = true;
      this.#giver.pause();
    }
    return () => {
      this.#bytes -= bytes;
      if (!this.#paused || this.#bytes > this.#limit / 2) return;
      this.#paused = false;
      this.#giver.resume();
    };
  }
}

/** @returns Ends it. */
function ping(client: WebSocket, { pingIntervalMs, timers }: JoinOptions): () => void {
  let heard = true;
  let timer: Timer;
  const look = (): void => {
    if (!heard) return client.terminate();
    heard = false;
    client.ping();
    timer = timers.after(pingIntervalMs, look);
  };
  const hear = (): void => void (heard = true);
  client.on("pong", hear);
  client.on("message", hear);
  timer = timers.after(pingIntervalMs, look);
  return () => timer.cancel();
}
