import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { joinSockets } from "../../src/backend/join-sockets.ts";
import type { UpstreamSocket } from "../../src/upstream/upstream-socket.ts";
import { SimulatedPorts } from "./simulated-ports.ts";

/** A client's WebSocket that says what a test has it say. */
class StandIn extends EventEmitter {
  paused = false;
  readonly closes: (readonly [number | undefined, string | undefined])[] = [];

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason]);
  }
}

/** A client and an upstream that takes nothing before it is told to. */
function joined(maxQueuedBytes: number) {
  const client = new StandIn();
  const taken: (() => void)[] = [];
  const upstream = { handlers: undefined, send: (...[, , , written]) => void taken.push(written) } as Pick<
    UpstreamSocket,
    "handlers" | "send"
  >;
  joinSockets(client as unknown as WebSocket, upstream as UpstreamSocket, {
    maxQueuedBytes,
    pingIntervalMs: 30_000,
    timers: new SimulatedPorts(),
  });
  const say = (bytes: number): boolean => client.emit("message", Buffer.alloc(bytes), true);
  return { client, taken, say, handlers: upstream.handlers! };
}

describe("a client that is joined to an upstream", () => {
  it("is not read while more than maxQueuedBytes wait, and again when half of it is left", () => {
    const { client, taken, say } = joined(1_000);
    say(900);
    expect(client.paused).toBe(false);
    say(900);
    expect(client.paused).toBe(true);
    taken.shift()!();
    expect(client.paused).toBe(true);
    taken.shift()!();
    expect(client.paused).toBe(false);
  });

  it("is not read either when it says nothing but empty messages", () => {
    const { client, say } = joined(1_000);
    for (let count = 0; count < 1_000 && !client.paused; count += 1) say(0);
    expect(client.paused).toBe(true);
  });

  it("is read once more when the upstream closes it, so that its own close is seen, and says nothing to it any more", () => {
    const { client, taken, say, handlers } = joined(1_000);
    say(2_000);
    expect(client.paused).toBe(true);
    handlers.onClose(1013, "gone");
    expect([client.closes, client.paused]).toEqual([[[1013, "gone"]], false]);
    for (let count = 0; count < 10; count += 1) say(2_000);
    expect([taken.length, client.paused]).toEqual([1, false]);
  });
});
