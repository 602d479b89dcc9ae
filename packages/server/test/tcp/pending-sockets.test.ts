import { Socket } from "node:net";
import { expect, it } from "vitest";
import { PendingSockets } from "../../src/tcp/pending-sockets.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

it("a socket that was reset before it was looked at is closed, and not kept", () => {
  const ports = new SimulatedPorts();
  const pending = new PendingSockets({
    limit: 1,
    timeoutMs: 1_000,
    timers: ports,
    onEvicted: () => {},
    onOverdue: () => {},
  });
  // Without a peer, as one is whose peer has reset it.
  const socket = new Socket();
  expect(pending.add(socket)).toBe(false);
  expect(socket.destroyed).toBe(true);
  expect([pending.count, ports.pending]).toEqual([0, 0]);
});
