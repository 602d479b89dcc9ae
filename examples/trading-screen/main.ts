import { memoryLog } from "@hawser/log";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import { contract, instrumentNames } from "./contract.ts";
import { Market } from "./market.ts";
import { OrderDesk } from "./order-desk.ts";
import { pageFiles } from "./page-files.ts";

/** How often each instrument's price moves, on average. */
const moveEveryMs = 150;

/** Serves the screen on `PORT`, else 8080, until Ctrl+C. */
export async function run(): Promise<void> {
  const market = new Market();
  const desk = new OrderDesk(market);
  const server = createServer({
    port: Number(process.env["PORT"] ?? 8080),
    host: "127.0.0.1",
    log: memoryLog(),
    logger: silentLogger,
    onRequest: await pageFiles(),
    contract,
    // Every page brings a name that it made up. A real desk asks for a proof: a function of its own, or jwt().
    authenticate: anonymous({ allowNames: true }),
    channels: [
      // Two minutes of quotes: who was away for less misses none, and a new page can draw its charts.
      { pattern: "quote.*", clientsPublish: false, retention: { ageMs: 120_000, count: 5_000 } },
      // Ordered, and not kept: who was away is told that trades went by.
      { pattern: "tape", clientsPublish: false, retention: { count: 0 } },
    ],
    calls: {
      order: async (order, { identity }) => {
        const { fill, isNew } = desk.take(identity.user, order);
        if (isNew) await server.sendToUser(identity.user, fill);
        return fill;
      },
    },
  });
  await server.listen();
  const timer = setInterval(() => {
    const name = instrumentNames[Math.floor(Math.random() * instrumentNames.length)] ?? "EURUSD";
    void server.publish(`quote.${name}`, market.move(name));
    if (Math.random() < 0.12) void server.publish("tape", market.trade(name));
  }, moveEveryMs / instrumentNames.length);

  console.log(`The trading screen is at ${server.url.replace("ws", "http").replace("hawser", "")}`);
  console.log("Open it in two windows. Ctrl+C ends it.");
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  clearInterval(timer);
  await server.close();
}
