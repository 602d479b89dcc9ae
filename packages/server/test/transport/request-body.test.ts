import { PassThrough } from "node:stream";
import type { IncomingMessage } from "node:http";
import { expect, it } from "vitest";
import { RequestBody } from "../../src/transport/request-body.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

it("the rest of a body that ends with its last frame that may be taken is read and dropped", () => {
  const request = new PassThrough();
  const ports = new SimulatedPorts();
  const body = new RequestBody({
    request: request as unknown as IncomingMessage,
    binary: false,
    maxFrameBytes: 100,
    maxBytes: 100,
    maxAhead: 1,
    timeoutMs: 1_000,
    timers: ports,
    onFrame: () => body.stop(),
    onEnd: () => {},
    onFailure: () => {},
  });
  request.emit("data", Buffer.from("{}\n{}\n"));
  expect(request.isPaused()).toBe(false);
  expect(ports.pending).toBe(0);
});
