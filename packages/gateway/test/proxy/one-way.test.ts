import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { OneWay } from "../../src/proxy/one-way.ts";
import { frame } from "../support/frames.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** The two ends of one TCP connection. */
async function pair(): Promise<[near: Socket, far: Socket]> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  const [far] = (await once(server, "connection")) as [Socket];
  server.close();
  sockets.push(near, far);
  return [near, far];
}

describe("one way of a proxied connection", () => {
  it("holds one chunk and the sink's own buffer when the sink does not take more", async () => {
    const [writer, source] = await pair();
    const [sink, reader] = await pair();
    const way = new OneWay({ source, sink, count: () => {}, onClose: () => {} });
    way.start(Buffer.alloc(0));
    let most = 0;
    source.on("data", () => (most = Math.max(most, sink.writableLength)));
    reader.pause();
    const bytes = Buffer.alloc(16 * 1024 * 1024, 7);
    let got = 0;
    writer.end(bytes);
    // Until nobody takes anything any more.
    for (let quiet = 0, before = -1; quiet < 100; quiet = way.bytes === before ? quiet + 1 : 0, before = way.bytes)
      await new Promise((resolve) => setImmediate(resolve));
    expect(source.isPaused()).toBe(true);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(65_536 + sink.writableHighWaterMark);
    reader.on("data", ({ length }: Buffer) => (got += length));
    reader.resume();
    while (got < bytes.length) await once(reader, "data");
    expect(way.bytes).toBe(bytes.length);
  });

  it("puts a close at the first boundary, however the bytes before it are cut", async () => {
    const close = frame({ opcode: 8, fin: true, payload: Buffer.of(3, 0xe9) });
    const first = frame({ opcode: 2, fin: false, payload: Buffer.alloc(200, 1) });
    const later = frame({ opcode: 0, fin: true, payload: Buffer.alloc(5, 2) });
    for (let cut = 0; cut <= first.length; cut += cut < 12 ? 1 : 47) {
      const [writer, source] = await pair();
      const [sink, reader] = await pair();
      let got = Buffer.alloc(0);
      reader.on("data", (chunk: Buffer) => (got = Buffer.concat([got, chunk])));
      const way = new OneWay({ source, sink, count: () => {}, onClose: () => {} });
      way.start(first.subarray(0, cut));
      way.putClose(close);
      expect(way.shut).toBe(cut === 0 || cut === first.length);
      writer.end(Buffer.concat([first.subarray(cut), later]));
      await once(source, "end");
      way.shutDown();
      await once(reader, "end");
      expect(got.equals(Buffer.concat(cut === 0 ? [close] : [first, close]))).toBe(true);
    }
  });

  it("puts no close behind the source's own", async () => {
    const [, source] = await pair();
    const [sink, reader] = await pair();
    let got = Buffer.alloc(0);
    reader.on("data", (chunk: Buffer) => (got = Buffer.concat([got, chunk])));
    const own = frame({ opcode: 8, fin: true, payload: Buffer.of(3, 0xe8) });
    const way = new OneWay({ source, sink, count: () => {}, onClose: () => {} });
    way.start(own);
    way.putClose(frame({ opcode: 8, fin: true, payload: Buffer.of(3, 0xe9) }));
    way.shutDown();
    await once(reader, "end");
    expect(got.equals(own)).toBe(true);
  });
});
