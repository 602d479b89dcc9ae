import type { Log } from "@hawser/log";
import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { Appender } from "../../src/publish/appender.ts";
import { LogRegister, maxRegisterKeys, maxRegisterValueBytes, renewBehind } from "../../src/register/register.ts";
import { decodeRegister, encodeRegister, registerChannelOf } from "../../src/register/register-record.ts";
import { silentObserver } from "../../src/core.ts";
import { LogView, sharedLog } from "../presence/support.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

interface Scene {
  readonly ports: SimulatedPorts;
  readonly log: Log;
  /** A node's own view of the register, and what it was told. */
  readonly node: () => Promise<{ register: LogRegister; told: [string, unknown][]; view: LogView }>;
}

async function scene(): Promise<Scene> {
  const ports = new SimulatedPorts();
  const log = await sharedLog(ports);
  return {
    ports,
    log,
    node: async () => {
      const view = new LogView(log);
      const told: [string, unknown][] = [];
      const appender = new Appender({ log: view, clock: ports, timers: ports, observer: silentObserver });
      const register = new LogRegister({
        log: view,
        appender,
        timers: ports,
        random: ports,
        name: "pools",
        onChange: (key, value) => told.push([key, value]),
      });
      await register.open();
      return { register, told, view };
    },
  };
}

/** Settles what is under way, and hands on how it went. */
async function settled<Value>(ports: SimulatedPorts, promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  await ports.settle();
  return promise;
}

describe("a register", () => {
  it("is the same on all nodes: the newest value of a key holds, until it is removed", async () => {
    const { ports, node } = await scene();
    const [one, two] = [await node(), await node()];
    await settled(ports, one.register.set("a", { n: 1 }));
    await settled(ports, two.register.set("a", { n: 2 }));
    expect(one.told).toEqual([
      ["a", { n: 1 }],
      ["a", { n: 2 }],
    ]);
    expect(two.told).toEqual(one.told);
    await settled(ports, one.register.set("a", undefined));
    expect(two.told.at(-1)).toEqual(["a", undefined]);
    expect([...two.register.values]).toEqual([]);
  });

  it("tells who starts later what holds, and nothing of what came before", async () => {
    const { ports, node } = await scene();
    const one = await node();
    for (const [key, value] of [
      ["a", 1],
      ["b", 1],
      ["a", 2],
      ["b", undefined],
      ["c", 3],
    ] as const)
      await settled(ports, one.register.set(key, value));
    one.register.close();
    const { told } = await node();
    expect(told).toEqual([
      ["a", 2],
      ["c", 3],
    ]);
  });

  it("says that a value is not known to be there when the log does not take it", async () => {
    const { ports, node } = await scene();
    const { register, told, view } = await node();
    view.down = true;
    await expect(settled(ports, register.set("a", 1))).rejects.toMatchObject({ code: "log-unavailable" });
    expect(told).toEqual([]);
  });

  it(`takes values of ${maxRegisterValueBytes} bytes and ${maxRegisterKeys} keys, and no more`, async () => {
    const { ports, node } = await scene();
    const { register } = await node();
    await settled(ports, register.set("k0", "x".repeat(maxRegisterValueBytes - 2)));
    const tooLong = register.set("k0", "x".repeat(maxRegisterValueBytes - 1));
    await expect(settled(ports, tooLong)).rejects.toThrow(HawserError);
    for (let count = 1; count < maxRegisterKeys; count += 1) await settled(ports, register.set(`k${count}`, count));
    await expect(settled(ports, register.set("more", 1))).rejects.toMatchObject({ code: "option-invalid" });
    await settled(ports, register.set("k0", undefined));
    await settled(ports, register.set("more", 1));
    expect(register.values.size).toBe(maxRegisterKeys);
  });

  it("writes anew what would leave the log behind newer records", async () => {
    const { ports, log, node } = await scene();
    const { register } = await node();
    await settled(ports, register.set("old", 1));
    for (let count = 0; count < renewBehind; count += 1) await settled(ports, register.set("busy", count));
    const { entries } = await log.readBackward(registerChannelOf("pools"), Number.MAX_SAFE_INTEGER, {
      maxCount: 2,
      maxBytes: 65_536,
    });
    const records = entries.map(({ payload }) => decodeRegister(payload));
    expect(records.find((record) => record?.key === "old")).toMatchObject({ value: 1, over: expect.any(String) });
    const { told } = await node();
    expect(told).toEqual([
      ["busy", renewBehind - 1],
      ["old", 1],
    ]);
  });

  it("is not changed by what was written anew, when another has written the key since", async () => {
    const { ports, log, node } = await scene();
    const one = await node();
    await settled(ports, one.register.set("a", "newest"));
    const late = encodeRegister({ id: "late", key: "a", value: "old", over: "gone" });
    const append = { producer: "", sequence: 0, previous: 0, key: "", publisher: "" };
    await settled(ports, log.append([{ ...append, channel: registerChannelOf("pools"), payload: late }]));
    expect(one.told).toEqual([["a", "newest"]]);
    expect((await node()).told).toEqual([["a", "newest"]]);
  });

  it("is kept by the nodes that know it, and put back, when the log has lost everything", async () => {
    const { ports, node } = await scene();
    const { register, told, view } = await node();
    await settled(ports, register.set("a", 1));
    await settled(ports, register.set("b", 1));
    const empty = await sharedLog(ports);
    await settled(ports, view.become(empty));
    await ports.settle();
    expect([...register.values]).toEqual([
      ["a", 1],
      ["b", 1],
    ]);
    expect(told).toHaveLength(2);
    const { entries } = await empty.read(registerChannelOf("pools"), 0, { maxCount: 10, maxBytes: 65_536 });
    expect(entries.map(({ payload }) => decodeRegister(payload))).toMatchObject([
      { key: "a", value: 1, over: "" },
      { key: "b", value: 1, over: "" },
    ]);
  });
});
