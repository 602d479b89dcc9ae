import type { Socket } from "node:net";
import type { Connector, Link, LinkHandlers, Listener } from "../link.ts";
import { socketLink } from "./socket-link.ts";

/** A listener that is handed its sockets. */
export interface PairedListener extends Listener {
  /** Takes one end of a pair; the other end is a {@link pairedConnector}'s. Before `serveLog` listens, and after, it is cut. */
  take(socket: Socket): void;
}

/**
 * Takes links over pairs of connected sockets, such as the pipe that a parent gives to the process that it starts: nobody
 * else can find them, they have no name to clean up, and they end with either process.
 */
export function pairedListener(): PairedListener {
  let accept: ((link: Link) => LinkHandlers) | undefined;
  return {
    async listen(given) {
      accept = given;
      return { socket: "paired", close: async () => void (accept = undefined) };
    },
    take(socket) {
      if (accept === undefined) socket.destroy();
      else socketLink(socket, accept);
    },
  };
}

/**
 * The other end. There is one link in its life, so that heartbeats are of no use: who holds the other end and lives is
 * only slow, and who does not closes it.
 *
 * @param onSpent the link is gone and cannot be had again: the log that uses it is lost.
 */
export function pairedConnector(socket: Socket, onSpent: () => void): Connector {
  let used = false;
  return {
    target: "the process that started this one",
    connect: async (handlers) => {
      if (used || socket.destroyed) {
        onSpent();
        throw new Error("it has gone");
      }
      used = true;
      return socketLink(socket, () => handlers);
    },
  };
}
