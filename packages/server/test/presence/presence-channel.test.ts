import { memoryLog } from "@hawser/log";
import { protobufCodec } from "@hawser/protocol";
import { expect, it } from "vitest";
import { defaultLimits, silentObserver } from "../../src/core.ts";
import { PresenceChannel } from "../../src/presence/presence-channel.ts";
import { Roster } from "../../src/presence/roster.ts";
import { Appender } from "../../src/publish/appender.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";
import { presencePolicy } from "./support.ts";

it("a channel keeps what it made for its watchers no longer than until the next sweep", () => {
  const ports = new SimulatedPorts();
  const log = memoryLog();
  const channel = new PresenceChannel({
    name: "chat",
    number: 1,
    log,
    appender: new Appender({ log, clock: ports, timers: ports, observer: silentObserver }),
    clock: ports,
    timers: ports,
    policy: presencePolicy,
    times: defaultLimits,
    roster: new Roster({ onEnded: () => {}, onClosing: () => {} }),
    instance: () => "node",
  });
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
