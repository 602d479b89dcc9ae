// The process of the clients: their memory is not the server's.
import type { RawConnection } from "../load/raw-connection.ts";
import { answer } from "../processes/child.ts";
import type { ClientsCommand, ClientsReply, OpenCommand } from "./messages.ts";
import { openers } from "./speech.ts";

/** Clients that connect at the same time. */
const wave = 100;

const connections: RawConnection[] = [];

answer<ClientsCommand, ClientsReply>(async (command) => {
  if (command.type === "open") await open(command);
  else for (const connection of connections.splice(0)) connection.close();
  return { type: command.type === "open" ? "open" : "closed" };
});

async function open({ speech, port, connections: count }: OpenCommand): Promise<void> {
  for (let first = 0; first < count; first += wave) {
    const some = Array.from({ length: Math.min(wave, count - first) }, () => openers[speech](port));
    connections.push(...(await Promise.all(some)));
  }
}
