import { createConnection } from "node:net";
import type { Connector } from "../link.ts";
import { addressText, checkAddress } from "./socket-address.ts";
import type { SocketAddress } from "./socket-address.ts";
import { socketLink } from "./socket-link.ts";

/** Makes links by Node's sockets. Throws `option-invalid` for an address that cannot be one. */
export function socketConnector(address: SocketAddress): Connector {
  checkAddress(address);
  return {
    target: addressText(address),
    connect: (handlers) =>
      new Promise((resolve, reject) => {
        const socket = createConnection(
          typeof address === "string" ? { path: address } : { ...address, noDelay: true },
        );
        socket.once("error", reject);
        socket.once("connect", () => {
          socket.off("error", reject);
          resolve(socketLink(socket, () => handlers));
        });
      }),
  };
}
