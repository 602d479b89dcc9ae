import type { Dial, Dialect, OnData } from "./dialect.ts";
import { clientFrame } from "./frame-reader.ts";
import type { TwinReader } from "./frame-reader.ts";
import type { Payloads } from "./payload.ts";
import type { RawConnection } from "./raw-connection.ts";

const path = "/socket.io/?EIO=4&transport=websocket";
const eventPrefix = "42[";

/**
 * Engine.IO protocol 4 and Socket.IO protocol 5 over WebSocket alone: `0` open, `2` ping, `3` pong, `40` connect to
 * the namespace, `42` event, `420` event that asks for acknowledgement 0, `430` that acknowledgement.
 */
export function socketIoDialect(payloads: Payloads): Dialect {
  const messagePrefix = `${eventPrefix}"message",${payloads.quote}`;
  const messageSuffix = `${payloads.quote}]`;
  return {
    async subscribe(dial, subscriber) {
      const onEvent: OnData = (bytes, start, end, frame) => {
        if (bytes.toString("latin1", start, start + messagePrefix.length) !== messagePrefix) {
          throw new Error(`not a message: ${bytes.toString("latin1", start, end)}`);
        }
        const { channel, number } = payloads.read(bytes, start + messagePrefix.length, end - messageSuffix.length);
        const arrival = { channel, first: number, last: number, from: 0, to: 0 };
        subscriber.receive(arrival, frame);
      };
      // A control packet is short, and its digits name no channel.
      const channelOf = (bytes: Buffer, start: number, end: number) =>
        payloads.channelAt(bytes, start + messagePrefix.length, end);
      const { connection, reached } = join(dial, onEvent, subscriber.twinReader(channelOf));
      await reached("40");
      connection.send("text", Buffer.from(`420${JSON.stringify(["join", subscriber.channels])}`));
      await reached("430");
    },
    async publisher(dial) {
      const { connection, reached } = join(dial, () => {});
      await reached("40");
      return {
        publish(messages) {
          const frames = messages.map((message) =>
            clientFrame(
              "text",
              Buffer.from(`42["publish",${message.channel},${payloads.quote}${payloads.of(message)}${payloads.quote}]`),
            ),
          );
          connection.sendFrames(Buffer.concat(frames));
        },
      };
    },
  };
}

interface Joined {
  readonly connection: RawConnection;
  /** Resolves when a packet that starts with `prefix` has come. */
  readonly reached: (prefix: string) => Promise<void>;
}

function join(dial: Dial, onEvent: OnData, twins?: TwinReader): Joined {
  const waiting = new Map<string, () => void>();
  const onData: OnData = (bytes, start, end, frame) => {
    const packet = bytes.toString("latin1", start, Math.min(end, start + eventPrefix.length));
    if (packet === eventPrefix) onEvent(bytes, start, end, frame);
    else if (packet === "2") connection.send("text", Buffer.from("3"));
    else if (packet.startsWith("0")) connection.send("text", Buffer.from("40"));
    else for (const [prefix, resolve] of waiting) if (packet.startsWith(prefix)) resolve();
  };
  const connection = dial(path, "", onData, twins);
  return {
    connection,
    reached: (prefix) => new Promise((resolve) => waiting.set(prefix, resolve)),
  };
}
