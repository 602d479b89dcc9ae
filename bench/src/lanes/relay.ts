// The path between server and client: takes their packets as datagrams, and lets them through as a slow link would.
import { createSocket } from "node:dgram";
import { answer } from "../processes/child.ts";
import { Bottleneck } from "./bottleneck.ts";
import { monotonicMs } from "./messages.ts";
import type { RelayCommand, RelayReply } from "./messages.ts";
import { completeChecksum, packetBytes } from "./packet.ts";
import { addresses, vxlanPort } from "./packet-network.ts";

interface Packet {
  readonly due: number;
  readonly bytes: Buffer;
}

const socket = createSocket("udp4");
let lateMs = 0;

class Direction {
  readonly #to: string;
  readonly #bottleneck: Bottleneck;
  readonly #packets: Packet[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(to: string, bottleneck: Bottleneck) {
    this.#to = to;
    this.#bottleneck = bottleneck;
  }

  take(bytes: Buffer): void {
    const due = this.#bottleneck.offer(packetBytes(bytes), monotonicMs());
    if (due === undefined) return;
    this.#packets.push({ due, bytes });
    if (this.#timer === undefined) this.#wait();
  }

  #wait(): void {
    const next = this.#packets[0];
    this.#timer =
      next === undefined ? undefined : setTimeout(() => this.#release(), Math.max(0, next.due - monotonicMs()));
  }

  #release(): void {
    const now = monotonicMs();
    while (this.#packets[0] !== undefined && this.#packets[0].due <= now) {
      const { due, bytes } = this.#packets.shift()!;
      lateMs = Math.max(lateMs, now - due);
      socket.send(bytes, vxlanPort, this.#to);
    }
    this.#wait();
  }
}

async function carry(options: Extract<RelayCommand, { readonly type: "carry" }>): Promise<RelayReply> {
  const toFar = new Bottleneck(options);
  const towards = new Map<string, Direction>([
    [addresses.near, new Direction(addresses.far, toFar)],
    [addresses.far, new Direction(addresses.near, new Bottleneck(options))],
  ]);
  socket.on("message", (datagram, { address }) => {
    completeChecksum(datagram);
    towards.get(address)?.take(datagram);
  });
  await new Promise<void>((resolve) => socket.bind(vxlanPort, "0.0.0.0", resolve));
  let dropped = 0;
  report = () => {
    const reply: RelayReply = {
      type: "report",
      dropped: toFar.dropped - dropped,
      longestQueueBytes: toFar.longestQueueBytes,
      lateMs,
    };
    dropped = toFar.dropped;
    lateMs = 0;
    return reply;
  };
  return { type: "carrying" };
}

let report = (): RelayReply => ({ type: "report", dropped: 0, longestQueueBytes: 0, lateMs: 0 });

answer<RelayCommand, RelayReply>((command) => (command.type === "carry" ? carry(command) : report()));
