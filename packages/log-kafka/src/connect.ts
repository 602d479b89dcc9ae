import { isIP } from "node:net";
import { Connection } from "@platformatic/kafka";
import type { ConnectionSettings } from "./connection-options.ts";

/** A connection to one broker that is ready for requests. Rejects when it cannot be made, or nobody is let in. */
export async function connect(settings: ConnectionSettings, host: string, port: number): Promise<Connection> {
  const { clientId, tls, sasl, connectTimeoutMs, requestTimeoutMs } = settings;
  const connection = new Connection(clientId, {
    connectTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    maxInflights: maxUnderWay,
    // An address is no server's name (RFC 6066, 3); the certificate is held against it all the same.
    ...(tls === undefined ? {} : { tls, tlsServerName: tls.servername ?? isIP(host) === 0 }),
    ...(sasl === undefined ? {} : { sasl }),
  });
  // An error is followed by the end; who waits for something is told by that.
  connection.on("error", () => {});
  try {
    await connection.connect(host, port);
    return connection;
  } catch (error) {
    end(connection);
    throw error;
  }
}

/** Ends it at once; requests under way reject. */
export function end(connection: Connection): void {
  // Before its first attempt it has none.
  const socket = connection.socket as Connection["socket"] | undefined;
  socket?.destroy();
}

/** Requests on one connection: Kafka takes one after the other, so that more only wait there. */
const maxUnderWay = 64;
