import { once } from "node:events";
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { frame } from "./support/frames.ts";
import { holding } from "./support/held.ts";
import { ProxyScene, RawTarget } from "./support/proxy-scene.ts";
import { RawClient, upgradeRequest } from "./support/raw-client.ts";
import { RawEnds } from "./support/raw-ends.ts";
import { handshakes } from "./support/raw-target.ts";
import type { Handshaken } from "./support/raw-target.ts";

const held = holding();

/** Far above what the kernel holds for two sockets on loopback. */
const plentyBytes = 256 * 1024 * 1024;
const chunk = Buffer.alloc(1024 * 1024, 1);

/** Writes until the socket takes no more for a while in which the event loop turned often; resolves with the bytes it took. */
async function fill(socket: Socket): Promise<number> {
  let written = 0;
  let quiet = 0;
  while (quiet < 200 && written < plentyBytes) {
    if (socket.writableLength === 0) {
      socket.write(chunk);
      written += chunk.length;
      quiet = 0;
    } else quiet += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return written;
}

describe("a slow reader", () => {
  it("stops the target from being read, and gets every byte when it reads on", async () => {
    const ends = held(await RawEnds.open());
    ends.client.socket.pause();
    const written = await fill(ends.upstream.socket);
    expect(written).toBeLessThan(plentyBytes / 4);
    let got = 0;
    ends.client.socket.removeAllListeners("data");
    ends.client.socket.on("data", ({ length }: Buffer) => (got += length));
    ends.client.socket.resume();
    while (got < written) await once(ends.client.socket, "data");
    expect(got).toBe(written);
  });

  it("at the target stops the client from being read", async () => {
    const ends = held(await RawEnds.open());
    ends.upstream.socket.pause();
    expect(await fill(ends.client.socket)).toBeLessThan(plentyBytes / 4);
  });

  it("of a handshake stops the client from being read, and gets every byte when it has answered", async () => {
    const waiting: Handshaken[] = [];
    let onAsked: () => void = () => {};
    const target = held(
      await RawTarget.start(
        handshakes((handshaken) => {
          waiting.push(handshaken);
          onAsked();
        }),
      ),
    );
    const scene = held(await ProxyScene.start([target.url]));
    const client = held(new RawClient(scene.port));
    client.socket.write(upgradeRequest());
    while (waiting.length === 0) await new Promise<void>((resolve) => (onAsked = resolve));
    const written = await fill(client.socket);
    expect(written).toBeLessThan(plentyBytes / 4);
    const [handshaken] = waiting;
    let got = 0;
    handshaken!.socket.removeAllListeners("data");
    handshaken!.socket.on("data", ({ length }: Buffer) => (got += length));
    handshaken!.accept();
    while (got < written) await once(handshaken!.socket, "data");
    expect(got).toBe(written);
  });

  it("does not hold up the other direction", async () => {
    const ends = held(await RawEnds.open());
    ends.client.socket.pause();
    await fill(ends.upstream.socket);
    const message = frame(1, "goes on", { mask: Buffer.of(1, 2, 3, 4) });
    ends.client.socket.write(message);
    expect((await ends.atUpstream(message.length)).equals(message)).toBe(true);
  });
});
