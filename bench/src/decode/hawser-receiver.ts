import { createClient, webSocketConnector } from "@hawser/client";
import type { Subscription } from "@hawser/client";
import { protobufCodec } from "@hawser/protocol";
import type { ClientFrame, ServerFrame } from "@hawser/protocol";
import { FakeSocket } from "./fake-socket.ts";
import { channel, sent } from "./receiver.ts";
import type { OnMessage, Receiver, Sent } from "./receiver.ts";

const epoch = 2 ** 50;
const time = 1_795_000_000_000;

/** Hawser's client, read by `message` events or by a `for await` loop. */
export async function hawserReceiver(how: "event" | "for await", onMessage: OnMessage): Promise<Receiver> {
  let socket: FakeSocket | undefined;
  FakeSocket.onMade = (made) => (socket = made);
  FakeSocket.answer = (data, to) => {
    for (const frame of protobufCodec.decodeClient(data as Uint8Array)) {
      const answer = answerTo(frame);
      if (answer !== undefined) setTimeout(() => to.receive(bytesOf(answer)), 0);
    }
  };
  const client = createClient({ url: "ws://server/hawser", connector: webSocketConnector({ WebSocket: FakeSocket }) });
  const subscription = client.channel(channel).subscribe() as Subscription<Sent>;
  const subscribed = new Promise((resolve) => subscription.addEventListener("subscribed", resolve));
  if (how === "event") subscription.addEventListener("message", ({ message }) => onMessage(message.data));
  else void read(subscription, onMessage);
  await subscribed;
  let next = 1;
  return {
    socket: socket!,
    frames(count, perMessage) {
      const frames: ArrayBuffer[] = [];
      for (const end = next + count; next < end;) {
        const messages = Array.from({ length: Math.min(perMessage, end - next) }, (_, index) => ({
          offset: next + index,
          time,
          payload: { kind: "json" as const, data: encoder.encode(JSON.stringify(sent(next + index))) },
          key: "",
          publisher: "ann",
        }));
        const [from, to] = [next - 1, next - 1 + messages.length];
        frames.push(bytesOf({ type: "batch", number: 1, generation: 1, epoch, from, to, messages, conflated: false }));
        next = to + 1;
      }
      return frames;
    },
    close: () => void client.close(),
  };
}

const encoder = new TextEncoder();

async function read(subscription: Subscription<Sent>, onMessage: OnMessage): Promise<void> {
  for await (const { data } of subscription) onMessage(data);
}

function answerTo(frame: ClientFrame): ServerFrame | undefined {
  switch (frame.type) {
    case "connect":
      return {
        type: "connected",
        session: frame.session,
        node: "bench",
        user: "ann",
        expiresInMs: 0,
        heartbeatMs: 25_000,
        maxMessageBytes: 1_048_576,
        maxSubscriptions: 100,
        maxRequests: 100,
        time,
        deduplicateMs: 3_600_000,
      };
    case "subscribe":
      return {
        type: "subscribed",
        id: frame.id,
        number: 1,
        generation: frame.generation,
        epoch,
        offset: 0,
        end: 0,
        reset: "",
        lost: undefined,
        grant: new Uint8Array(),
      };
    case "ping":
      return { type: "pong", nonce: frame.nonce };
    default:
      return undefined;
  }
}

/** A buffer of its own, as a browser gives one. */
function bytesOf(frame: ServerFrame): ArrayBuffer {
  return Uint8Array.from(protobufCodec.encode(frame)).buffer;
}
