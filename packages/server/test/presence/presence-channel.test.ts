import { memoryLog } from "@hawser/log";
import type { Log } from "@hawser/log";
import { protobufCodec } from "@hawser/protocol";
import { expect, it } from "vitest";
import { defaultLimits, silentObserver } from "../../src/core.ts";
import { PresenceChannel } from "../../src/presence/presence-channel.ts";
import { Roster } from "../../src/presence/roster.ts";
import { Appender } from "../../src/publish/appender.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";
import { presencePolicy, sharedLog } from "./support.ts";

function channelOn(log: Log, ports: SimulatedPorts, policy = presencePolicy): PresenceChannel {
  return new PresenceChannel({
    name: "chat",
    number: 1,
    log,
    appender: new Appender({ log, clock: ports, timers: ports, observer: silentObserver }),
    clock: ports,
    timers: ports,
    policy,
    times: defaultLimits,
    roster: new Roster({ onEnded: () => {}, onClosing: () => {} }),
    instance: () => "node",
  });
}

it("a channel keeps what it made for its watchers no longer than until the next sweep", () => {
  const channel = channelOn(memoryLog(), new SimulatedPorts());
  const encoding = {
    codec: protobufCodec,
    framing: { name: "bare", headroomBytes: 0, frame: (message: Uint8Array) => message },
  };
  const piece = { bytes: new Uint8Array(65_536), place: { cursor: 0, since: 0, complete: true } };
  channel.pieces.keep(0, encoding, "key", piece);
  expect(channel.pieces.find(0, encoding, "key")).toBe(piece);
  channel.sweep();
  expect(channel.pieces.find(0, encoding, "key")).toBeUndefined();
});

it("a member that leaves in the turn in which it entered takes no place of the channel's members [PRES-7]", async () => {
  const ports = new SimulatedPorts();
  const channel = channelOn(await sharedLog(ports), ports, { ...presencePolicy, maxMembers: 1 });
  await channel.open();
  const entered = channel.enter({ user: "ann", member: "a", generation: 1, state: "null" }, channel);
  channel.leave("ann", "a", channel);
  await entered;
  await ports.settle();
  await channel.enter({ user: "bob", member: "b", generation: 1, state: "null" }, channel);
  expect([...channel.book.members()]).toMatchObject([{ user: "bob" }]);
});
