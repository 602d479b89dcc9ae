import { randomBytes } from "node:crypto";
import { protobufCodec } from "@hawser/protocol";
import { AcknowledgementReader } from "./acknowledgement-reader.ts";
import type { ConnectClient } from "./dialect.ts";
import { PublishWriter } from "./publish-writer.ts";

/** Ten clients publish to a channel. */
const clientsPerChannel = 10;

/** `hawser.v1`: numbered publishes, which the log de-duplicates; those of one turn travel in one message. */
export const connectHawser: ConnectClient = async (dial, client, payload, onAcknowledged) => {
  let onConnected: (() => void) | undefined;
  const connected = new Promise<void>((resolve) => (onConnected = resolve));
  const reader = new AcknowledgementReader();
  const connection = dial("/hawser", protobufCodec.subprotocol, (bytes, start, end) => {
    const number = onConnected === undefined ? reader.read(bytes, start, end) : undefined;
    if (number !== undefined) return onAcknowledged(number);
    for (const frame of protobufCodec.decodeServer(Uint8Array.prototype.slice.call(bytes, start, end))) {
      if (frame.type !== "connected") throw new Error(`${frame.type}: ${JSON.stringify(frame)}`);
      onConnected?.();
      onConnected = undefined;
    }
  });
  await connection.opened();
  connection.send("binary", protobufCodec.encode({ type: "connect", token: "", session: "", agent: "hawser-bench" }));
  await connected;
  const writer = new PublishWriter(`room.${Math.floor(client / clientsPerChannel)}`, randomBytes(16), payload);
  let sent = 0;
  return {
    publish(count) {
      connection.sendFrames(writer.write(sent + 1, sent + count));
      sent += count;
    },
  };
};
