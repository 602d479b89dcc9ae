import { readHistory } from "@hawser/client";
import type { Client, ReceivedMessage } from "@hawser/client";
import { lmdbLog } from "@hawser/log-lmdb";
import { anonymous, createServer, silentLogger } from "@hawser/server";
import type { HawserServer } from "@hawser/server";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../support/clients.ts";
import { sessionTransports } from "../support/transports.ts";

const keys = ["EUR", "USD", "GBP", "JPY"];
const rounds = 500;
const windowBytes = 2_048;

const ends: (() => Promise<unknown>)[] = [];
/** Rounds of a message a key, as fast as the log takes them; each says which round it is of. */
async function publishRounds(server: HawserServer, channel: string): Promise<void> {
  for (let round = 0; round < rounds; round += 1)
    await Promise.all(keys.map((key) => server.publish(channel, { key, round, pad: "x".repeat(100) }, { key })));
}

interface Price {
  readonly key: string;
  readonly round: number;
}

const priceOf = (message: ReceivedMessage): Price => message.data as Price;

/** Whether no message is of an older round than one before it of the same key. */
function neverGoesBack(messages: readonly ReceivedMessage[]): boolean {
  const last = new Map<string, number>();
  return messages.map(priceOf).every(({ key, round }) => {
    const isNewer = round > (last.get(key) ?? -Infinity);
    last.set(key, round);
    return isNewer;
  });
}

const last = (messages: readonly ReceivedMessage[]): boolean =>
  messages.filter((message) => priceOf(message).round === rounds - 1).length === keys.length;

describe.each(sessionTransports)("over $name", ({ server: options, connector, ...transport }) => {
  let folder: string;
  let server: HawserServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "hawser-"));
    server = createServer({
      log: lmdbLog({ path: folder }),
      authenticate: anonymous(),
      port: 0,
      host: "127.0.0.1",
      logger: silentLogger,
      channels: [
        { pattern: "prices", conflate: true },
        { pattern: "screen", conflate: true, deliveriesPerSecond: 40 },
        { pattern: "paged", deliveriesPerSecond: 200 },
      ],
      ...options,
    });
    await server.listen();
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const open = (): Client => {
    const client = connect(transport.urlOf(server), "", { connector: connector(), windowBytes });
    ends.push(() => client.close());
    return client;
  };

  it("a reader that stood still gets the newest message of each key, and the log has them all [SUB-17]", async () => {
    const channel = "prices";
    const subscription = open().channel(channel).subscribe({ from: "earliest" });
    await server.publish(channel, { key: "EUR", round: -1 }, { key: "EUR" });
    const messages: ReceivedMessage[] = [];
    for await (const message of subscription) {
      messages.push(message);
      // It has read one, and reads nothing for as long as all is published.
      if (messages.length === 1) await publishRounds(server, channel);
      if (last(messages)) break;
    }
    expect(neverGoesBack(messages)).toBe(true);
    // What its window held, and one of each key.
    expect(messages.length).toBeLessThan(windowBytes / 100 + 2 * keys.length);
    const page = await readHistory(open().channel(channel), { limit: 1_000 });
    expect(page.messages).toHaveLength(1_000);
  });

  it("a rate leaves out what became old meanwhile, and the newest arrives [SUB-17] [SUB-18]", async () => {
    const channel = "screen";
    const subscription = open().channel(channel).subscribe({ from: "earliest" });
    const messages: ReceivedMessage[] = [];
    const done = (async () => {
      for await (const message of subscription) {
        messages.push(message);
        if (last(messages)) return;
      }
    })();
    await publishRounds(server, channel);
    await done;
    expect(neverGoesBack(messages)).toBe(true);
    expect(messages.length).toBeLessThan(rounds * keys.length);
  });

  it("a rate without conflation makes messages wait, and leaves none out [SUB-18]", async () => {
    const channel = "paged";
    const subscription = open().channel(channel).subscribe({ from: "earliest" });
    const numbers = Array.from({ length: 120 }, (_, number) => number);
    await Promise.all(numbers.map((number) => server.publish(channel, number, { key: "one" })));
    const messages: unknown[] = [];
    for await (const { data } of subscription) {
      messages.push(data);
      if (messages.length === numbers.length) break;
    }
    expect(messages).toEqual(numbers);
  });
});
