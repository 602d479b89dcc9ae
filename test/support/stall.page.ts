import { createClient } from "@hawser/client";
import type { Statistics } from "@hawser/client";

/** What the page did, for the test that drives it. */
export interface StallPage {
  /** Resolves when so many messages have come in all. */
  received(count: number): Promise<void>;
  /** From its next message on, each loop stands still, */
  stall(): void;
  /** until it may go on. */
  go(): void;
  statistics(): Statistics;
  connected(): boolean;
  /** Of each channel: offset and SHA-256 of each message, in the order in which its loop got them. */
  messages(): Promise<string[][]>;
  /** What the subscriptions were told beside messages. */
  readonly told: string[];
}

declare global {
  interface Window {
    stallPage: StallPage;
  }
}

const parameters = new URLSearchParams(location.search);
const channels = JSON.parse(parameters.get("channels")!) as string[];
const client = createClient({
  url: parameters.get("server")!,
  token: "page",
  windowBytes: Number(parameters.get("windowBytes")),
});

const messages: { readonly offset: number; readonly digest: Promise<ArrayBuffer> }[][] = channels.map(() => []);
const told: string[] = [];
let count = 0;
let wanted: { readonly count: number; readonly resolve: () => void } | undefined;
let going: Promise<void> = Promise.resolve();
let go = (): void => {};

for (const [index, name] of channels.entries()) void read(name, messages[index]!);

async function read(name: string, into: (typeof messages)[number]): Promise<void> {
  const subscription = client.channel(name).subscribe({ from: "earliest" });
  subscription.addEventListener("lost", () => told.push(`${name} lost`));
  subscription.addEventListener("reset", ({ reason }) => told.push(`${name} reset ${reason}`));
  for await (const { data, position } of subscription) {
    into.push({ offset: position.offset, digest: crypto.subtle.digest("SHA-256", data as Uint8Array<ArrayBuffer>) });
    count += 1;
    if (wanted !== undefined && count >= wanted.count) wanted.resolve();
    await going;
  }
}

const hex = (digest: ArrayBuffer): string =>
  Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");

window.stallPage = {
  received: (number) =>
    new Promise((resolve) => {
      wanted = { count: number, resolve };
      if (count >= number) resolve();
    }),
  stall() {
    going = new Promise((resolve) => (go = resolve));
  },
  go: () => go(),
  statistics: () => client.statistics,
  connected: () => client.status.state === "connected",
  messages: () =>
    Promise.all(
      messages.map((all) => Promise.all(all.map(async ({ offset, digest }) => `${offset} ${hex(await digest)}`))),
    ),
  told,
};
