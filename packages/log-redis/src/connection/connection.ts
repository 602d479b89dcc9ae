import { createClient, RESP_TYPES } from "@redis/client";
import type { RedisClientOptions } from "@redis/client";

/** What one command takes. */
export type Arguments = (string | Buffer)[];

/** One connection to a Redis server. Commands go out, and are answered, in their order; once broken it stays so. */
export interface Connection {
  /** Answers with buffers, numbers and arrays of them. Rejects with what the server says, or when the connection breaks. */
  send(command: Arguments): Promise<unknown>;
  /** Resolves when the connection is gone, with why. */
  readonly gone: Promise<Error>;
  destroy(): void;
}

/** Reconnecting is not the client's business: what it was asked before would be answered by another server. */
const once = { RESP: 2, disableOfflineQueue: true, maintNotifications: "disabled", disableClientInfo: true } as const;

/** What ends connections, also those that are not made yet. */
export type Ends = (() => void)[];

/**
 * Connects by `@redis/client`. Rejects when that does not work.
 *
 * @param ends takes what ends the connection, which may hang before there is one.
 */
export async function connect(options: RedisClientOptions, ends: Ends): Promise<Connection> {
  const client = createClient({
    ...(options as object),
    ...once,
    socket: { ...(options.socket as object), reconnectStrategy: false },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  let tell: (error: Error) => void = () => {};
  const gone = new Promise<Error>((resolve) => (tell = resolve));
  client.on("error", (error: Error) => tell(error));
  client.on("end", () => tell(new Error("the connection was closed")));
  const destroy = (): void => {
    tell(new Error("the connection was closed"));
    if (client.isOpen) client.destroy();
  };
  ends.push(destroy);
  try {
    await client.connect();
  } catch (error) {
    destroy();
    throw error;
  }
  return { send: (command) => client.sendCommand(command), gone, destroy };
}
