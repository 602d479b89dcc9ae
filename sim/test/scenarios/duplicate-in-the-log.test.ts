import { brokerLog } from "@hawser/log/broker";
import { FakeBroker, fakeSource } from "@hawser/log/fake-broker";
import type { Subscription } from "@hawser/client";
import { describe, expect, it } from "vitest";
import { calm, pass } from "../support/scenario.ts";
import type { World } from "../../src/world/world.ts";

const room = "room.0";

/** What a subscription reads, as it comes. */
function collect(subscription: Subscription): { readonly offset: number; readonly number: number }[] {
  const read: { offset: number; number: number }[] = [];
  subscription.addEventListener("message", ({ message }) => {
    read.push({ offset: message.position.offset, number: (message.data as { number: number }).number });
  });
  return read;
}

/** Two nodes over one partition of a broker that doubles, delays and loses, and cannot append on a condition. */
async function worldOnBroker(seed: number): Promise<{ readonly world: World; readonly broker: FakeBroker }> {
  let broker: FakeBroker | undefined;
  const world = await calm(
    { seed, nodes: 2, clients: ["ann", "ann", "ann"], readWire: false },
    {
      wrapLog: (_, made) => {
        broker ??= new FakeBroker({
          ...made.process("broker").ports,
          rates: { duplicate: 0.5, loseReply: 0.2, lateAppend: 0.1, lateReply: 0.2, gap: 0.3, loseFetch: 0.05 },
        });
        return brokerLog({ source: fakeSource(broker) });
      },
    },
  );
  return { world, broker: broker! };
}

describe("a duplicate in the log", () => {
  it.each([1, 2, 3, 4, 5])(
    "is no message for anybody, and a cold reader sees what warm readers saw (seed %i) [PUB-2]",
    async (seed) => {
      const { world, broker } = await worldOnBroker(seed);
      const [writer, other, cold] = world.clients as [
        (typeof world.clients)[0],
        (typeof world.clients)[0],
        (typeof world.clients)[0],
      ];
      const warm = collect(other.client.channel(room).subscribe({ from: "earliest" }));
      const accepted = new Map<number, number | undefined>();
      for (let number = 1; number <= 60; number += 1) {
        const publication = writer.client.channel(room).publish({ number });
        publication.then(
          ({ position }) => accepted.set(number, position?.offset),
          () => {},
        );
        await pass(world, 50);
        // Both nodes die in the middle, and whoever reads the log afterwards begins at its beginning.
        if (number === 30) for (const node of world.nodes) node.crash(300, false);
      }
      await pass(world, 30_000);
      const late = collect(cold.client.channel(room).subscribe({ from: "earliest" }));
      await pass(world, 5_000);
      const numbers = Array.from({ length: 60 }, (_, index) => index + 1);
      expect(warm.map(({ number }) => number)).toEqual(numbers);
      expect(late).toEqual(warm);
      expect([...accepted.keys()].toSorted((one, two) => one - two)).toEqual(numbers);
      for (const { offset, number } of late) expect([offset, undefined]).toContain(accepted.get(number));
      // The log itself has doubles, or nothing was shown.
      expect(broker.records.length).toBeGreaterThan(70);
    },
  );
});
