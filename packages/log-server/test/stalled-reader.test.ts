import { once } from "node:events";
import { createConnection } from "node:net";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Entry } from "@hawser/log";
import { remoteLog } from "@hawser/log-server";
import { systemPorts } from "@hawser/protocol";
import { decodeAnswer } from "../src/wire/answers.ts";
import { FrameSplitter } from "../src/wire/frame-splitter.ts";
import { encodeRequest } from "../src/wire/requests.ts";
import { ServerProcess } from "./support/server-process.ts";
import { append, range, wide } from "./support/shared-world.ts";
import { temporarySocket } from "./support/temporary-socket.ts";

const MiB = 1024 * 1024;
const batches = 50;

it(
  "holds no more for a process that stops reading while 50 MB are appended, and gives it all of it when it reads again",
  { timeout: 60_000 },
  async () => {
    const socket = await temporarySocket();
    const server = new ServerProcess(join(dirname(socket), "data"), socket, { maxUnsentBytes: MiB });
    await server.start();
    const reader = createConnection(socket);
    onTestFinished(() => void reader.destroy());
    reader.write(encodeRequest({ type: "hello", version: 1, maxFrameBytes: 16 * MiB }));
    reader.write(encodeRequest({ type: "follow", id: 1, channel: "a", resume: undefined }));
    const splitter = new FrameSplitter(16 * MiB);
    const entries: Entry[] = [];
    const frames: string[] = [];
    const intervals: number[] = [0];
    const take = (): void => {
      for (let chunk = reader.read() as Buffer | null; chunk !== null; chunk = reader.read() as Buffer | null) {
        splitter.push(chunk);
      }
      for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) {
        const answer = decodeAnswer(frame);
        frames.push(answer.type);
        if (answer.type !== "entries") continue;
        expect(answer.interval.from).toBe(intervals.at(-1));
        intervals.push(answer.interval.to);
        entries.push(...answer.entries);
      }
    };
    while (frames.length < 2) {
      await once(reader, "readable");
      take();
    }
    // From here on nobody reads.
    const writer = remoteLog({ socket });
    await writer.open({ policyOf: () => wide, ...systemPorts() });
    onTestFinished(() => writer.close());
    const before = await server.bufferBytes();
    for (let batch = 0; batch < batches; batch += 1) {
      const outcomes = await writer.append(range(1, 100).map(() => append("a", "x".repeat(10_000))));
      expect(outcomes.every(({ kind }) => kind === "accepted")).toBe(true);
    }
    // What waits for the reader, one block more, and perhaps what was appended last.
    expect((await server.bufferBytes()) - before).toBeLessThan(3 * MiB);
    expect(entries.length).toBe(0);
    while (entries.length < batches * 100) {
      take();
      if (entries.length < batches * 100) await once(reader, "readable");
    }
    expect(entries.map(({ offset }) => offset)).toEqual(range(1, batches * 100));
    expect(new Set(frames)).toEqual(new Set(["welcome", "head", "entries"]));
  },
);
