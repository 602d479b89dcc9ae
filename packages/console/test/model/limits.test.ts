import { expect, it } from "vitest";
import { ConnectionLog, maxConnectionEvents } from "../../src/model/connection-log.ts";
import { Samples } from "../../src/model/samples.ts";

it("keeps the newest events of the connection, newest first", () => {
  const log = new ConnectionLog();
  for (let index = 0; index <= maxConnectionEvents; index += 1) log.add(index, "plain", `event ${index}`);
  expect(log.events).toHaveLength(maxConnectionEvents);
  expect(log.events[0]?.text).toBe(`event ${maxConnectionEvents}`);
  expect(log.events.at(-1)?.text).toBe("event 1");
});

it("keeps the newest samples, oldest first", () => {
  const samples = new Samples(3);
  for (const value of [1, 2, 3]) samples.add(value);
  expect(samples.values).toEqual([1, 2, 3]);
  samples.add(4);
  expect(samples.values).toEqual([2, 3, 4]);
  expect(samples.last).toBe(4);
});
