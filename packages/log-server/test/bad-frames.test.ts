import { expect, it } from "vitest";
import { memoryLog } from "@hawser/log";
import type { Link } from "@hawser/log-server";
import { encodeAnswer, encodeEntriesHeader } from "../src/wire/answers.ts";
import { encodeRequest } from "../src/wire/requests.ts";
import type { Request } from "../src/wire/requests.ts";
import { append, SharedWorld } from "./support/shared-world.ts";

const hello: Request = { type: "hello", version: 1, maxFrameBytes: 1 << 20 };
const follow: Request = { type: "follow", id: 9, channel: "a", resume: undefined };

/** A link of somebody who says what he likes. */
async function stranger(world: SharedWorld): Promise<{ link: Link; closed: () => boolean }> {
  let closed = false;
  const handlers = { onBytes: () => {}, onDrain: () => {}, onClose: () => void (closed = true) };
  const link = await world.time.drive(world.network.connector.connect(handlers));
  return { link, closed: () => closed };
}

it.each([
  ["bytes at random", [Uint8Array.from({ length: 50 }, (_, index) => index * 37)]],
  ["HTTP", [Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]],
  ["a frame of no known type", [encodeRequest(hello), Uint8Array.of(1, 0, 0, 0, 99)]],
  ["an empty frame", [encodeRequest(hello), Uint8Array.of(0, 0, 0, 0)]],
  ["a frame above maxFrameBytes", [encodeRequest(hello), Uint8Array.of(0, 0, 0, 2)]],
  ["a frame with something behind its end", [encodeRequest(hello), Uint8Array.of(2, 0, 0, 0, 8, 8)]],
  ["a request before hello", [encodeRequest({ type: "ping" })]],
  ["a second hello", [encodeRequest(hello), encodeRequest(hello)]],
  ["a hello that takes no frames", [encodeRequest({ ...hello, maxFrameBytes: 1_000 })]],
  ["two followers of one number", [encodeRequest(hello), encodeRequest(follow), encodeRequest(follow)]],
  ["an answer", [encodeRequest(hello), encodeAnswer({ type: "pong" })]],
] as const)("closes the connection of one who sends %s, and serves the others", async (_what, frames) => {
  const world = await SharedWorld.open(memoryLog());
  const remote = await world.connect();
  const told = await world.follow(remote);
  const { link, closed } = await stranger(world);
  for (const frame of frames) link.write(frame);
  await world.time.advance(100);
  expect(closed()).toBe(true);
  expect(world.server).toMatchObject({ clients: 1, followers: 1 });
  await world.time.drive(remote.append([append("a", "1")]));
  await world.until(() => told.entries.length === 1);
  expect(told.available).toEqual([]);
});

it("refuses another version of the protocol by name", async () => {
  const world = await SharedWorld.open(memoryLog());
  const bytes: Uint8Array[] = [];
  let closed = false;
  const handlers = {
    onBytes: (part: Uint8Array) => void bytes.push(part),
    onDrain: () => {},
    onClose: () => void (closed = true),
  };
  const link = await world.time.drive(world.network.connector.connect(handlers));
  link.write(encodeRequest({ ...hello, version: 2 }));
  await world.until(() => closed);
  expect(Buffer.concat(bytes).toString("latin1")).toContain("version 2 of the protocol");
});

it("gives up a server that leaves a gap, and is told all by the next one", async () => {
  const log = memoryLog();
  const world = await SharedWorld.open(log);
  await world.kill();
  const welcome = encodeAnswer({ type: "welcome", maxFrameBytes: 1 << 20, capabilities: log.capabilities });
  const head = await world.time.drive(log.head("a"));
  const gap = { interval: { from: 3, to: 4 }, bytes: new Uint8Array() };
  let frames = 0;
  const listening = await world.network.listener.listen((link) => ({
    onBytes: () => {
      frames += 1;
      if (frames === 1) link.write(welcome);
      if (frames === 2) link.write(encodeAnswer({ type: "head", id: 1, head }));
      if (frames === 3) link.write(encodeEntriesHeader(1, gap));
    },
    onDrain: () => {},
    onClose: () => {},
  }));
  const remote = await world.connect();
  const told = await world.follow(remote);
  await log.append([append("a", "1"), append("a", "2"), append("a", "3"), append("a", "4")]);
  void remote.head("a").catch(() => {});
  await world.until(() => told.available.at(-1) === false);
  await listening.close();
  world.network.cut();
  await world.serve();
  await world.until(() => told.entries.length === 4);
  expect(told.faults).toEqual([]);
});

it.each([
  ["an answer to nothing that was asked", { type: "head", id: 77, head: { epoch: 1, floor: 0, end: 0, lineage: [] } }],
  ["an answer of another kind", { type: "outcomes", id: 1, outcomes: [] }],
  ["a second welcome", { type: "welcome", maxFrameBytes: 1 << 20, capabilities: memoryLog().capabilities }],
] as const)("gives up a server that sends %s, and comes back", async (_what, answer) => {
  const world = await SharedWorld.open(memoryLog());
  await world.kill();
  let links = 0;
  const { capabilities } = world.log;
  const welcome = encodeAnswer({ type: "welcome", maxFrameBytes: 1 << 20, capabilities });
  const listening = await world.network.listener.listen((link) => {
    links += 1;
    let frames = 0;
    return {
      onBytes: () => {
        frames += 1;
        link.write(frames === 1 ? welcome : encodeAnswer(answer));
      },
      onDrain: () => {},
      onClose: () => {},
    };
  });
  const remote = await world.connect();
  await expect(world.time.drive(remote.head("a"))).rejects.toMatchObject({ code: "log-unavailable" });
  await world.until(() => links === 2);
  await listening.close();
  world.network.cut();
  await world.serve();
  await world.time.advance(3_000);
  await expect(world.time.drive(remote.head("a"))).resolves.toMatchObject({ end: 0 });
});
