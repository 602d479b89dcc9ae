import { performance } from "node:perf_hooks";
import { numberAt, payloadOf } from "./dialect.ts";
import type { Dial, Dialect } from "./dialect.ts";
import { clientFrame } from "./frame-reader.ts";
import type { RawConnection } from "./raw-connection.ts";

const path = "/socket.io/?EIO=4&transport=websocket";
const messagePrefix = `42["message","`;

/**
 * Engine.IO protocol 4 and Socket.IO protocol 5 over WebSocket alone: `0` open, `2` ping, `3` pong, `40` connect to
 * the namespace, `42` event, `420` event that asks for acknowledgement 0, `430` that acknowledgement.
 */
export function socketIoDialect(payloadBytes: number): Dialect {
  return {
    async subscribe(dial, subscriber, meter) {
      const { connection, reached } = join(dial, (bytes, start) => {
        meter.deliver(subscriber, numberAt(bytes, start + messagePrefix.length), performance.now());
      });
      await reached("40");
      connection.send("text", Buffer.from(`420["join"]`));
      await reached("430");
    },
    async publisher(dial) {
      const { connection, reached } = join(dial, () => {});
      await reached("40");
      return {
        publish(numbers) {
          const frames = numbers.map((number) =>
            clientFrame("text", Buffer.from(`42["publish","${payloadOf(number, payloadBytes)}"]`)),
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

function join(dial: Dial, onEvent: (bytes: Buffer, start: number) => void): Joined {
  const waiting = new Map<string, () => void>();
  const connection = dial(path, "", (bytes, start, end) => {
    if (bytes[start] === 52 && bytes[start + 1] === 50) {
      onEvent(bytes, start);
      return;
    }
    const packet = bytes.toString("latin1", start, end);
    if (packet === "2") connection.send("text", Buffer.from("3"));
    else if (packet.startsWith("0")) connection.send("text", Buffer.from("40"));
    else for (const [prefix, resolve] of waiting) if (packet.startsWith(prefix)) resolve();
  });
  return {
    connection,
    reached: (prefix) => new Promise((resolve) => waiting.set(prefix, resolve)),
  };
}
