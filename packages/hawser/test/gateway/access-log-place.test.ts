import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccessRecord } from "@hawser/gateway";
import { silentLogger } from "@hawser/server";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { openAccessLog } from "../../src/gateway/access-log-place.ts";
import type { AccessLogPlace } from "../../src/gateway/access-log-place.ts";

const nothing = { bytes: 0, messages: 0, closeCode: undefined };

function recordOf(path: string): AccessRecord {
  return {
    at: 0,
    address: "192.0.2.1",
    host: "a.test",
    path,
    route: "/**",
    pool: "p",
    target: "t",
    user: undefined,
    subprotocol: "",
    status: 101,
    code: undefined,
    end: "client",
    durationMs: 1,
    handshakeMs: 1,
    fromClient: nothing,
    fromUpstream: nothing,
  };
}

class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), "hawser-access-"));
  readonly error = vi.fn<(fields: object, text: string) => void>();
  /** What the file does with bytes. */
  writes: (bytes: Uint8Array) => number = (bytes) => {
    this.written.push(Buffer.from(bytes).toString());
    return bytes.length;
  };
  readonly written: string[] = [];
  place: AccessLogPlace | undefined;

  constructor() {
    onTestFinished(() => {
      this.place?.close();
      rmSync(this.folder, { recursive: true });
    });
  }

  /** @param real - The file is written, else `writes` stands in for it. */
  open(real = false): AccessLogPlace {
    const world = { stdout: { write: () => true, once: () => {}, off: () => {} } };
    const logger = { ...silentLogger, error: this.error };
    this.place = openAccessLog("access.log", this.folder, {
      world,
      logger,
      ...(real ? {} : { write: (_, bytes) => this.writes(bytes) }),
    })!;
    return this.place;
  }

  /** Logs a connection, and lets the turn end in which that is written. */
  async log(path: string): Promise<void> {
    this.place!.log.record(recordOf(path));
    await new Promise((resolve) => setImmediate(resolve));
  }

  get lines(): unknown[] {
    return this.written.flatMap((text) =>
      text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as unknown),
    );
  }
}

function full(): number {
  throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
}

describe("the access log in a file", () => {
  it("goes on where a full disk takes no lines, and says how many are missing when it takes some again", async () => {
    const scene = new Scene();
    scene.open();
    const works = scene.writes;
    scene.writes = full;
    await scene.log("/1");
    await scene.log("/2");
    expect(scene.error).toHaveBeenCalledTimes(1);
    scene.writes = works;
    await scene.log("/3");
    expect(scene.lines).toEqual([{ dropped: 2 }, expect.objectContaining({ path: "/3" })]);
  });

  it("begins a line anew behind one that the disk took a part of", async () => {
    const scene = new Scene();
    scene.open();
    const works = scene.writes;
    scene.writes = (bytes) => {
      scene.writes = full;
      return works(bytes.subarray(0, 7));
    };
    await scene.log("/1");
    scene.writes = works;
    await scene.log("/2");
    const [, ...lines] = scene.written.join("").split("\n");
    expect(lines.slice(0, -1).map((line) => JSON.parse(line) as unknown)).toEqual([
      { dropped: 1 },
      expect.objectContaining({ path: "/2" }),
    ]);
  });

  it("writes the rest of what a file took only a part of", async () => {
    const scene = new Scene();
    scene.open();
    let bytes = "";
    scene.writes = (given) => {
      const taken = given.subarray(0, 7);
      bytes += Buffer.from(taken).toString();
      return taken.length;
    };
    await scene.log("/1");
    expect(JSON.parse(bytes)).toMatchObject({ path: "/1" });
  });

  it("stays in its file where another cannot be opened", async () => {
    const scene = new Scene();
    const place = scene.open(true);
    const moved = `${scene.folder}-moved`;
    renameSync(scene.folder, moved);
    expect(() => place.reopen()).not.toThrow();
    expect(scene.error).toHaveBeenCalledTimes(1);
    await scene.log("/1");
    renameSync(moved, scene.folder);
    expect(readFileSync(join(scene.folder, "access.log"), "utf8")).toContain('"path":"/1"');
  });
});
