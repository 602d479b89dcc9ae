import { expect, onTestFinished } from "vitest";
import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { Contract } from "@hawser/protocol";
import { createClient } from "../src/client.ts";
import type { Client } from "../src/client.ts";
import type { ClientOptions } from "../src/options.ts";
import { FakeServer } from "./fake-server.ts";
import { SimulatedPorts } from "./simulated-ports.ts";

export interface Fixture<C extends Contract | undefined> {
  readonly ports: SimulatedPorts;
  readonly server: FakeServer;
  readonly client: Client<C>;
}

/** A client over a fake server and simulated time, which has just been created. */
export function fixture<C extends Contract | undefined = undefined>(
  options: Partial<ClientOptions<C>> = {},
): Fixture<C> {
  const ports = new SimulatedPorts();
  const server = new FakeServer(ports, options.codec === jsonCodec ? jsonCodec : protobufCodec);
  const pageLife = { listen: () => () => {} };
  const client = createClient<C>({ url: "sim://node-1", connector: server, ports, pageLife, ...options });
  onTestFinished(async () => {
    const closing = client.close();
    await ports.advance(60_000);
    await closing;
  });
  return { ports, server, client };
}

/** The same, connected. */
export async function connected<C extends Contract | undefined = undefined>(
  options: Partial<ClientOptions<C>> = {},
): Promise<Fixture<C>> {
  const made = fixture(options);
  await made.ports.advance(1);
  return made;
}

/** The error that a promise will reject with, so that it can be looked at later. */
export function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    () => expect.unreachable("it should have failed"),
    (error: unknown) => error,
  );
}
