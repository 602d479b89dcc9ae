import { connect } from "node:net";
import { findProgram, Program } from "../support/start-program.ts";

/** Redis or Valkey; `undefined` on a machine that has neither. */
export const redisServer = findProgram("redis-server", "valkey-server");

/** How a server is set: `always` and `everysec` write an append-only file, `memory` writes nothing. */
export type RedisPersistence = "memory" | "everysec" | "always";

/** Starts a server. It answers when it has loaded what its files hold. */
export function startRedis(persistence: RedisPersistence, more: readonly string[] = []): Promise<Program> {
  return Program.start({
    file: redisServer!,
    commandLine: ({ folder, port }) => [
      ...["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder, "--save", "", "--daemonize", "no"],
      ...["--repl-diskless-sync-delay", "0"],
      ...(persistence === "memory" ? ["--appendonly", "no"] : ["--appendonly", "yes", "--appendfsync", persistence]),
      ...more,
    ],
    isReady: async (port) => /^(\+PONG|-NOAUTH)/.test((await command(port, "PING")) ?? ""),
  });
}

/** Sends one command of words without spaces, beside any log; what is answered first, or `undefined` where nobody is. */
export function command(port: number, words: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write(`${words}\r\n`));
    const settle = (answer?: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (chunk) => settle(chunk.toString()));
    socket.once("error", () => settle());
    socket.once("close", () => settle());
  });
}
