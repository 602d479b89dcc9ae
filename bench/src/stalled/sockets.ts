// One client with a hundred virtual sockets, of which ten go to a server that may take nothing.
import { openSocket } from "@hawser/client";
import type { VirtualSocket } from "@hawser/client";
import { answer } from "../processes/child.ts";
import { EchoLoad } from "../proxy/echo-load.ts";
import { clientOf, virtualPaths } from "../proxy/virtual-paths.ts";
import type { SocketsCommand, SocketsReply } from "./messages.ts";

const others = 90;
const stalled = 10;
const payloadBytes = 100;
const messagesPerSecond = 1_800;
/** What is said to a server that takes nothing, and how much of it waits for each socket at most. */
const largeBytes = 16_384;
const mostWaitingBytes = 1_048_576;

let load: EchoLoad | undefined;
let full: readonly VirtualSocket[] = [];
let filling: NodeJS.Timeout | undefined;
let said = 0;

answer<SocketsCommand, SocketsReply>(async (command) => {
  switch (command.type) {
    case "open": {
      const client = clientOf(command.port);
      const count = command.stalls ? others : others + stalled;
      const pool = (index: number): string => (index < others ? `pool-${index % 9}` : "last");
      load = new EchoLoad(await virtualPaths(client, count, payloadBytes, pool));
      if (command.stalls) {
        full = await Promise.all(Array.from({ length: stalled }, () => opened(openSocket(client, "last"))));
        filling = setInterval(fill, 5);
        await standstill();
      }
      return { type: "opened" };
    }
    case "measure": {
      // Each socket at the same rate in both runs.
      const rate = full.length > 0 ? messagesPerSecond * (others / (others + stalled)) : messagesPerSecond;
      const pace = { kind: "rate", messagesPerSecond: rate } as const;
      const measurement = await load!.measure({ ...command, type: "measure", further: false, pace });
      const waitingBytes = full.reduce((sum, { bufferedAmount }) => sum + bufferedAmount, 0);
      return { type: "measured", measurement, waitingBytes };
    }
    case "close":
      clearInterval(filling);
      full = [];
      load?.close();
      return { type: "closed" };
  }
});

function fill(): void {
  for (const socket of full)
    while (socket.bufferedAmount < mostWaitingBytes) {
      socket.send(new Uint8Array(largeBytes));
      said += 1;
    }
}

/** What the buffers of the system take has gone: from here on nothing moves. */
async function standstill(): Promise<void> {
  for (let still = 0, before = said; still < 10; before = said) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    still = said === before ? still + 1 : 0;
  }
}

function opened(socket: VirtualSocket): Promise<VirtualSocket> {
  return new Promise((resolve, reject) => {
    socket.onopen = () => resolve(socket);
    socket.onerror = ({ error }) => reject(error ?? new Error("a virtual socket could not be opened"));
  });
}
