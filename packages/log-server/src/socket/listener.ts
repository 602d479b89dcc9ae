import { chmod, lstat, unlink } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import type { Server } from "node:net";
import { isMainThread } from "node:worker_threads";
import { HawserError } from "@hawser/protocol";
import type { Listener, Listening } from "../link.ts";
import { addressText, checkAddress } from "./socket-address.ts";
import type { SocketAddress } from "./socket-address.ts";
import { socketLink } from "./socket-link.ts";

/** What the socket's file allows to others than its owner: nothing. */
const othersMask = 0o177;

/**
 * Takes links by Node's sockets. A Unix domain socket is its owner's alone (0600); the file that a killed server left is
 * replaced, one that somebody listens on is not.
 */
export function socketListener(address: SocketAddress): Listener {
  checkAddress(address);
  return {
    async listen(accept) {
      const server = createServer({ noDelay: true }, (socket) => void socketLink(socket, accept));
      try {
        await listenOn(server, address);
      } catch (error) {
        if (!isInUse(error)) throw errorOf(error, address);
        await removeStale(address);
        await listenOn(server, address).catch((again: unknown) => {
          throw errorOf(again, address);
        });
      }
      return listening(server, address);
    },
  };
}

async function listenOn(server: Server, address: SocketAddress): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    if (typeof address !== "string") {
      server.listen({ ...address, exclusive: true });
      return;
    }
    // The file is made within this call. A thread may not set the mask of its process: there `chmod` must do.
    const mask = isMainThread ? process.umask(othersMask) : undefined;
    try {
      server.listen({ path: address, exclusive: true });
    } finally {
      if (mask !== undefined) process.umask(mask);
    }
  });
  if (typeof address === "string") await chmod(address, 0o600);
}

/** Removes the file of a socket that nobody listens on any more. */
async function removeStale(address: SocketAddress): Promise<void> {
  if (typeof address !== "string") throw locked(address);
  const isSocket = await lstat(address).then(
    (stats) => stats.isSocket(),
    () => true,
  );
  if (!isSocket) {
    throw new HawserError("option-invalid", `${address} is there and is no socket: name another path, or remove it`);
  }
  if (await answers(address)) throw locked(address);
  await unlink(address).catch(() => {});
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    socket.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"),
    );
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function listening(server: Server, address: SocketAddress): Listening {
  const bound = server.address();
  const isPort = typeof address !== "string" && typeof bound === "object" && bound !== null;
  return {
    socket: isPort ? { host: address.host, port: bound.port } : address,
    // It would wait for the links that there are.
    close: async () => void server.close(),
  };
}

function isInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}

function errorOf(error: unknown, address: SocketAddress): HawserError {
  if (isInUse(error)) return locked(address);
  const { message } = error as Error;
  return new HawserError("option-invalid", `cannot listen on ${addressText(address)}: ${message}`, { cause: error });
}

function locked(address: SocketAddress): HawserError {
  return new HawserError("log-locked", `somebody else listens on ${addressText(address)}`);
}
