import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { findProgram, freePort, Program } from "../support/start-program.ts";

/** The server of NATS, or the one that `NATS_SERVER` names; `undefined` on a machine that has none. */
export const natsServer = process.env["NATS_SERVER"] ?? findProgram("nats-server");

/** Whether the tests are left out: in CI they fail where there is no server. */
export const withoutNats = natsServer === undefined && !process.env["CI"];

/** What the lines of a server's configuration are made of. */
export interface NatsPlace {
  /** The block that switches JetStream on, with `more` settings in it. */
  readonly jetstream: (more: string) => string;
}

/**
 * Starts a server with JetStream, which answers to its API.
 *
 * @param settings the lines of its configuration, beside the port.
 * @param login how the question whether it is ready is asked.
 */
export async function startNats(
  settings: (place: NatsPlace) => string = ({ jetstream }) => jetstream(""),
  login: NodeConnectionOptions = {},
): Promise<Program> {
  return Program.start({
    file: natsServer!,
    commandLine: ({ folder, port }) => {
      const jetstream = (more: string): string =>
        `jetstream { store_dir: "${folder}/jetstream", max_file_store: 4G, max_memory_store: 256M ${more} }`;
      const file = join(folder, "nats.conf");
      writeFileSync(file, `listen: "127.0.0.1:${port}"\n${settings({ jetstream })}\n`);
      return ["-c", file];
    },
    isReady: (port) => hasJetStream(port, login),
  });
}

/**
 * Resolves when the files of a stream that was deleted are gone: NATS 2.9 removes them a moment later, and would remove those of
 * another one of its name with them.
 */
export async function isRemoved({ folder }: Program, stream: string): Promise<void> {
  const files = join(folder, "jetstream", "jetstream", "$G", "streams", stream);
  while (existsSync(files)) await new Promise((resolve) => setImmediate(resolve));
}

/** A free port for what a server opens beside. */
export const anotherPort = freePort;

async function hasJetStream(port: number, login: NodeConnectionOptions): Promise<boolean> {
  try {
    const nats = await connect({ port, reconnect: false, timeout: 2_000, ...login });
    try {
      await (await jetstreamManager(nats)).getAccountInfo();
      return true;
    } finally {
      await nats.close();
    }
  } catch {
    return false;
  }
}
