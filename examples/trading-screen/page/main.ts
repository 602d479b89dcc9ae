import { createClient, HawserError } from "@hawser/client";
import { contract, instrumentNames } from "../contract.ts";
import type { InstrumentName, Order } from "../contract.ts";
import { Bar } from "./bar.ts";
import { Blotter } from "./blotter.ts";
import type { Absence } from "./chart.ts";
import { element } from "./element.ts";
import { Gate } from "./gate.ts";
import { Tape } from "./tape.ts";
import { Tile } from "./tile.ts";

const troubleMs = 5_000;

const client = createClient({
  url: `${location.origin.replace("http", "ws")}/hawser`,
  contract,
  token: traderName(),
  // Little may wait in the page for each instrument: a tab that stands still leaves the rest in the log.
  windowBytes: 1_024,
});

const absences: Absence[] = [];
const gate = new Gate();
const tape = new Tape();
const blotter = new Blotter();
const quantity = element("select", "");
for (const amount of [100_000, 250_000, 500_000, 1_000_000])
  quantity.append(new Option(amount.toLocaleString("en"), String(amount)));
const tiles = new Map(
  instrumentNames.map((name) => [name, new Tile(name, absences, (side) => void deal(name, side))] as const),
);
const bar = new Bar([
  { label: "Cut", explanation: "Cuts the connection; it comes back at once", make: () => client.reconnect() },
  { label: "Offline 5 s", explanation: "Stays away for five seconds", make: stayAway },
  {
    label: "Slow tab 5 s",
    explanation: "Reads nothing for five seconds, as a page that is too busy",
    make: standStill,
  },
]);

document.body.append(
  bar.element,
  element(
    "main",
    "",
    element("section", "tiles", ...[...tiles.values()].map((tile) => tile.element)),
    element("aside", "", element("label", "panel quantity", "Quantity", quantity), blotter.element, tape.element),
  ),
  element("p", "legend", "This page was away, or did not read. The lines go on through it: no quote is missed."),
);

for (const [name, tile] of tiles) void readQuotes(name, tile);
void readTape();
void readInbox();
client.addEventListener("status", ({ status }) => {
  setAbsent(status.state !== "connected" || gate.isClosed);
  showBar();
});
setInterval(showBar, 250);

/** The last two minutes, then whatever comes, over all cuts: each quote once, in order. */
async function readQuotes(name: InstrumentName, tile: Tile): Promise<void> {
  for await (const { data, time } of client.channel(`quote.${name}`).subscribe({ from: "earliest" })) {
    await gate.pass();
    tile.show(data, time);
  }
}

async function readTape(): Promise<void> {
  const subscription = client.channel("tape").subscribe();
  subscription.addEventListener("lost", () => tape.lost());
  for await (const { data } of subscription) {
    await gate.pass();
    tape.show(data);
  }
}

/** What became of the orders of this trader, in this tab or before it was loaded again. */
async function readInbox(): Promise<void> {
  for await (const { data } of client.inbox.subscribe({ from: "earliest" })) blotter.filled(data);
}

/** Deals at the market's price. The order has its number from here, so that asking twice is not dealing twice. */
async function deal(symbol: InstrumentName, side: Order["side"]): Promise<void> {
  const order: Order = { order: crypto.randomUUID(), symbol, side, quantity: Number(quantity.value) };
  blotter.asked(order);
  try {
    blotter.filled(await client.call("order", order, { idempotent: true, timeoutMs: 10_000 }));
  } catch (error) {
    if (!(error instanceof HawserError)) throw error;
    blotter.failed(order, error.code);
  }
}

function stayAway(): void {
  client.goOffline();
  setTimeout(() => client.goOnline(), troubleMs);
}

function standStill(): void {
  gate.close();
  setAbsent(true);
  setTimeout(() => {
    gate.open();
    setAbsent(false);
  }, troubleMs);
}

/** Keeps the times of absence for the charts. They count by the page's clock; the quotes by the log's. */
function setAbsent(absent: boolean): void {
  const last = absences.at(-1);
  const isAbsent = last !== undefined && last.to === undefined;
  if (absent === isAbsent) return;
  if (isAbsent) last.to = Date.now();
  else absences.push({ from: Date.now(), to: undefined });
  if (absences.length > 100) absences.shift();
}

function showBar(): void {
  const missed = [...tiles.values()].reduce((sum, tile) => sum + tile.missed, 0);
  bar.show(client.status, client.statistics, missed, gate.isClosed);
}

/** The same in this tab until it is closed, so that a reload finds the trader's orders. */
function traderName(): string {
  const name = sessionStorage.getItem("trader") ?? `trader-${crypto.randomUUID().slice(0, 8)}`;
  sessionStorage.setItem("trader", name);
  return name;
}
