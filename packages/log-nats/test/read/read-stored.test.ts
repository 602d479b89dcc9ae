import { expect, it } from "vitest";
import { readStored } from "../../src/read/read-stored.ts";
import type { Connection } from "../../src/connection/nats-connection.ts";

/** A stream that says what it has, and gives none of it, as NATS 2.9 does when it removed its files. */
function hollow(created: () => string): Connection {
  const info = () => ({ created: created(), config: {}, state: { first_seq: 1, last_seq: 3, messages: 3 } });
  const consumers = { add: async () => ({ name: "reader", num_pending: 0 }), delete: async () => true };
  const manager = { streams: { info: async () => info(), getMessage: async () => null }, consumers };
  return { manager, client: {}, requestTimeoutMs: 1 } as unknown as Connection;
}

it("says so of a stream whose leader has none of the messages that it says to have", async () => {
  await expect(
    readStored(
      hollow(() => "2026-01-01T00:00:00Z"),
      "chat_0",
      2,
      10,
    ),
  ).rejects.toMatchObject({
    code: "log-unavailable",
    message: expect.stringContaining("chat_0 says that it has messages 1 to 3, and has none from 2 on"),
  });
});

it("gives no messages of a stream that another one took the place of meanwhile", async () => {
  let day = 0;
  const { fetched } = await readStored(
    hollow(() => `2026-01-0${(day += 1)}T00:00:00Z`),
    "chat_0",
    2,
    10,
  );
  expect(fetched).toEqual({ records: [], start: 1, end: 3 });
});
