import { clientFrame } from "../load/frame-reader.ts";
import type { ConnectClient } from "./dialect.ts";

const path = "/socket.io/?EIO=4&transport=websocket";

/**
 * Engine.IO protocol 4 and Socket.IO protocol 5 over WebSocket alone: `0` open, `2` ping, `40` connect to the namespace,
 * `42<id>[...]` an event that asks for acknowledgement `<id>`, `43<id>[]` that acknowledgement. One event is one frame.
 */
export const connectSocketIo: ConnectClient = async (dial, _client, payload, onAcknowledged) => {
  let onConnected: (() => void) | undefined;
  const connected = new Promise<void>((resolve) => (onConnected = resolve));
  let sent = 0;
  let acknowledged = 0;
  const connection = dial(path, "", (bytes, start, end) => {
    if (bytes[start] === 52 && bytes[start + 1] === 51) {
      let number = 0;
      for (let index = start + 2; bytes[index] !== 91; index += 1) number = number * 10 + bytes[index]! - 48;
      if (number !== acknowledged + 1) throw new Error(`acknowledgement ${number} where ${acknowledged + 1} was next`);
      acknowledged = number;
      onAcknowledged(number);
      return;
    }
    const packet = bytes.toString("latin1", start, end);
    if (packet === "2") connection.send("text", Buffer.from("3"));
    else if (packet.startsWith("0")) connection.send("text", Buffer.from("40"));
    else if (packet.startsWith("40")) onConnected?.();
    else throw new Error(`unexpected packet ${packet}`);
  });
  await connection.opened();
  await connected;
  const text = payload.toString("latin1");
  return {
    publish(count) {
      const frames: Buffer[] = [];
      for (let left = count; left > 0; left -= 1) {
        sent += 1;
        frames.push(clientFrame("text", Buffer.from(`42${sent}["publish","${text}"]`, "latin1")));
      }
      connection.sendFrames(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    },
  };
};
