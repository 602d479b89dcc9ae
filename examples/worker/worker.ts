/**
 * Works off the channel `orders`: `node worker.js URL FOLDER`. It may be killed at any moment, and goes on where it was
 * when it is started again. Prints `invoices N` after each invoice.
 */
import { setTimeout as pause } from "node:timers/promises";
import { createClient, webSocketConnector } from "@hawser/client";
import { WebSocket } from "ws";
import { Ledger } from "./ledger.ts";
import { contract } from "./order.ts";

const [url = "ws://localhost:8080/hawser", folder = "worker-data"] = process.argv.slice(2);
const checkpointEvery = 10;

const ledger = new Ledger(folder);
console.log(`start ${ledger.invoices} ${ledger.cutBytes}`);

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

const client = createClient({ url, contract, connector: webSocketConnector({ WebSocket }) });
client.addEventListener("error", ({ error }) => giveUp(error.message));

const orders = client.channel("orders").subscribe({ from: ledger.position ?? "earliest", signal: stop.signal });
// Neither can be made good by going on: somebody has to look at it.
orders.addEventListener("lost", ({ interval }) => giveUp(`orders from ${interval.from} to ${interval.to} are gone`));
orders.addEventListener("reset", ({ reason }) => giveUp(`the log is not the one that it was: ${reason}`));
orders.addEventListener("invalid", ({ position }) => giveUp(`what stands at ${position.offset} is no order`));

let waiting = 0;
for await (const message of orders) {
  await pause(2); // what a real worker would wait for: a printer, a mail server, another service
  ledger.write(message.data);
  console.log(`invoices ${ledger.invoices}`);
  waiting += 1;
  if (waiting < checkpointEvery) continue;
  ledger.checkpoint(message.position);
  waiting = 0;
}
if (orders.position !== undefined) ledger.checkpoint(orders.position);
ledger.close();
await client.close();

function giveUp(reason: string): never {
  console.error(`worker: ${reason}`);
  process.exit(1);
}
