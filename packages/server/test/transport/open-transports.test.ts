import { expect, it } from "vitest";
import { OpenTransports } from "../../src/transport/open-transports.ts";
import type { Transport } from "../../src/transport/transport.ts";

it("the transports of a door are waited for until the last has closed, and may be cut", async () => {
  const transports = new OpenTransports();
  await transports.emptied();
  const cut: number[] = [];
  const open = [1, 2].map((number) => ({ terminate: () => void cut.push(number) }) as unknown as Transport);
  for (const transport of open) transports.add(transport);
  const emptied: string[] = [];
  void transports.emptied().then(() => emptied.push("emptied"));
  transports.terminate();
  expect(cut).toEqual([1, 2]);
  transports.delete(open[0]!);
  await Promise.resolve();
  expect(emptied).toEqual([]);
  transports.delete(open[1]!);
  await transports.emptied();
  expect(emptied).toEqual(["emptied"]);
});
