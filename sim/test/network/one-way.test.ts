import { describe, expect, it } from "vitest";
import { OneWay } from "../../src/network/one-way.ts";
import type { Path } from "../../src/network/one-way.ts";
import { messagesOf, simulatedDeflate, simulatedFraming } from "../../src/network/framing.ts";
import { RandomStream } from "../../src/random/random-stream.ts";
import { SimulatedTime } from "../../src/time/simulated-time.ts";

const fast: Path = { latencyMs: 10, jitterMs: 0, bytesPerMs: Number.POSITIVE_INFINITY };

function way(path: Path): { time: SimulatedTime; way: OneWay<string>; seen: [number, string][] } {
  const time = new SimulatedTime();
  const seen: [number, string][] = [];
  return {
    time,
    seen,
    way: new OneWay<string>(time, new RandomStream(1), path, (item) => seen.push([time.now, item])),
  };
}

describe("one way of a connection", () => {
  it("delivers in order, whatever the jitter", async () => {
    const { time, way: up, seen } = way({ ...fast, jitterMs: 50 });
    for (let index = 0; index < 50; index += 1) up.send(String(index), 1, true);
    await time.run(1_000);
    expect(seen.map(([, item]) => Number(item))).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it("takes the time that its bytes take", async () => {
    const { time, way: up, seen } = way({ ...fast, bytesPerMs: 10 });
    up.send("a", 1_000, true);
    up.send("b", 500, true);
    expect(up.unsentBytes).toBe(1_500);
    expect(up.waitingBytes).toBe(1_500);
    await time.run(1_000);
    expect(seen).toEqual([
      [110, "a"],
      [160, "b"],
    ]);
  });

  it("holds everything while it is stalled, and loses nothing", async () => {
    const { time, way: up, seen } = way(fast);
    up.stall(100);
    up.send("a", 1, true);
    await time.run(50);
    up.send("b", 1, true);
    await time.run(200);
    expect(seen).toEqual([
      [100, "a"],
      [100, "b"],
    ]);
  });

  it("is cut at a message's end, with what is behind it lost", async () => {
    const { time, way: up, seen } = way(fast);
    up.limit(2, () => up.cut());
    for (const item of ["a", "b", "c", "d"]) up.send(item, 1, true);
    await time.run(100);
    up.send("e", 1, true);
    await time.run(200);
    expect(seen.map(([, item]) => item)).toEqual(["a", "b"]);
    expect(up.waitingBytes).toBe(0);
  });
});

describe("the simulator's framing", () => {
  it("finds the messages again, however a write is cut into pieces", () => {
    const { headroomBytes } = simulatedFraming;
    const messages = [[1, 2], [], [3]];
    const framed = (message: number[]): Uint8Array =>
      simulatedFraming.frame(Uint8Array.from([...new Uint8Array(headroomBytes), ...message]));
    const stream = Buffer.concat(messages.map(framed));
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const found = messagesOf([stream.subarray(0, cut), stream.subarray(cut)], 0);
      expect(found.map(({ message }) => [...message])).toEqual(messages);
    }
  });

  it("inflates what was compressed, where the receiver's window is large enough", () => {
    const { headroomBytes, frameDeflated } = simulatedFraming;
    const deflated = simulatedDeflate(new Uint8Array(600));
    const framed = frameDeflated!(Uint8Array.from([...new Uint8Array(headroomBytes), ...deflated]));
    expect(messagesOf([framed], 32_768)).toEqual([{ message: new Uint8Array(600), bytes: deflated.length }]);
    expect(() => messagesOf([framed], 512)).toThrow("for a window of 512");
  });
});
