import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { closePayload, frame } from "./support/frames.ts";
import { holding } from "./support/held.ts";
import { closing, open, ProxyScene, WsTarget } from "./support/proxy-scene.ts";
import { RawEnds } from "./support/raw-ends.ts";
import { RawClient } from "./support/raw-client.ts";

const held = holding();
const mask = Buffer.of(0x37, 0xfa, 0x21, 0x3d);

function echo(socket: WebSocket): void {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
}

describe("a plain connection", () => {
  it("carries messages of every size both ways", async () => {
    const target = held(await WsTarget.start(echo));
    const scene = held(await ProxyScene.start([target.url]));
    const client = await open(scene.url);
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
      const message = Buffer.alloc(size, size);
      client.send(message);
      const [data] = (await once(client, "message")) as [Buffer];
      expect(data.equals(message)).toBe(true);
    }
    client.close(1000, "done");
    expect(await closing(client)).toEqual({ code: 1000, reason: "done" });
    const record = await scene.record();
    expect(record).toMatchObject({ status: 101, end: "client", route: "/**", pool: "p" });
    expect(record.fromClient).toMatchObject({ messages: 7, closeCode: 1000 });
    expect(record.fromUpstream).toMatchObject({ messages: 7, closeCode: 1000 });
    expect(record.fromClient.bytes).toBeGreaterThan(1_131_324);
  });

  it("passes every opcode, reserved bit and fragment as it came, both ways", async () => {
    const ends = held(await RawEnds.open());
    for (const masked of [undefined, mask]) {
      const all: Buffer[] = [];
      for (let opcode = 0; opcode < 16; opcode += 1) {
        if (opcode === 8) continue;
        for (const reserved of [0, 1, 4, 7])
          for (const fin of [true, false])
            all.push(frame(opcode, `frame ${opcode}`, { fin, reserved, ...(masked && { mask: masked }) }));
      }
      const bytes = Buffer.concat(all);
      if (masked === undefined) {
        ends.upstream.socket.write(bytes);
        expect((await ends.atClient(bytes.length)).equals(bytes)).toBe(true);
      } else {
        ends.client.socket.write(bytes);
        expect((await ends.atUpstream(bytes.length)).equals(bytes)).toBe(true);
      }
    }
  });

  it("passes bytes that are no frames", async () => {
    const ends = held(await RawEnds.open());
    const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7 + (index >> 5)) & 0xff));
    ends.client.socket.write(bytes);
    expect((await ends.atUpstream(bytes.length)).equals(bytes)).toBe(true);
    ends.upstream.socket.write(bytes);
    expect((await ends.atClient(bytes.length)).equals(bytes)).toBe(true);
  });

  it("passes every close code from either side, with its reason", async () => {
    const target = held(await WsTarget.start(echo));
    target.server.on("connection", (socket, request) => {
      const code = Number(request.url?.slice(1));
      if (code > 0) socket.close(code, `code ${code}`);
    });
    const scene = held(await ProxyScene.start([target.url]));
    const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
    for (const code of codes) {
      const closed = await open(`${scene.url}/${code}`);
      expect(await closing(closed)).toEqual({ code, reason: `code ${code}` });
      const closer = await open(scene.url);
      closer.close(code, "bye");
      expect(await closing(closer)).toEqual({ code, reason: "bye" });
    }
    const records = [await scene.record(2 * codes.length), ...scene.records];
    expect(records).toHaveLength(2 * codes.length + 1);
    for (const { fromClient, fromUpstream } of records) expect(fromClient.closeCode).toBe(fromUpstream.closeCode);
  });

  it("passes close frames of codes that nobody may send", async () => {
    for (const code of [999, 1004, 1005, 1006, 1015, 1016, 2999, 5000]) {
      const ends = held(await RawEnds.open());
      const bytes = frame(8, closePayload(code));
      ends.upstream.socket.write(bytes);
      expect((await ends.atClient(bytes.length)).equals(bytes)).toBe(true);
    }
  });

  it("passes what follows a close frame, and the end of each side when it comes", async () => {
    const ends = held(await RawEnds.open());
    const bytes = Buffer.concat([frame(8, closePayload(1000)), Buffer.from("garbage")]);
    ends.upstream.socket.end(bytes);
    expect((await ends.client.end()).equals(bytes)).toBe(true);
    const reply = frame(8, closePayload(1000), { mask });
    ends.client.socket.end(reply);
    await once(ends.upstream.socket, "end");
    expect(ends.upstream.received().equals(reply)).toBe(true);
    expect(await ends.scene.record()).toMatchObject({ end: "upstream", fromUpstream: { closeCode: 1000 } });
  });

  it("leaves what is against the protocol to the target, whose answer arrives", async () => {
    const target = held(await WsTarget.start(echo));
    const scene = held(await ProxyScene.start([target.url]));
    const invalid: readonly (readonly [Buffer, number])[] = [
      [frame(1, "not masked"), 1002],
      [frame(3, "reserved opcode", { mask }), 1002],
      [frame(1, "reserved bit", { mask, reserved: 2 }), 1002],
      [frame(9, "a ping in pieces", { mask, fin: false }), 1002],
      [frame(0, "nothing to continue", { mask }), 1002],
      [frame(1, Buffer.of(0xff, 0xfe), { mask }), 1007],
      [frame(8, closePayload(1005), { mask }), 1002],
    ];
    for (const [bytes, code] of invalid) {
      const client = held(await RawClient.open(scene.port));
      client.socket.write(bytes);
      const answer = await client.until(({ length }) => length >= 4);
      expect([answer[0], answer.readUInt16BE(2)]).toEqual([0x88, code]);
    }
  });

  it("passes pings and pongs, whoever begins", async () => {
    const target = held(
      await WsTarget.start((socket) => {
        socket.ping("from the target");
        socket.once("pong", (data) => socket.send(`pong ${data.toString()}`));
      }),
    );
    const scene = held(await ProxyScene.start([target.url]));
    const client = await open(scene.url);
    const [message] = (await once(client, "message")) as [Buffer];
    expect(message.toString()).toBe("pong from the target");
    client.ping("from the client");
    const [pong] = (await once(client, "pong")) as [Buffer];
    expect(pong.toString()).toBe("from the client");
    client.close();
    await closing(client);
  });

  it("leaves extensions to the two ends: compression with its context kept", async () => {
    const target = held(await WsTarget.start(echo, { perMessageDeflate: { threshold: 0 } }));
    const scene = held(await ProxyScene.start([target.url]));
    const client = await open(scene.url, [], { perMessageDeflate: { threshold: 0 } });
    expect(client.extensions).toContain("permessage-deflate");
    expect(client.extensions).not.toContain("no_context_takeover");
    const text = JSON.stringify(Array.from({ length: 200 }, (_, index) => ({ index, text: "the same again" })));
    for (let turn = 0; turn < 5; turn += 1) {
      client.send(text);
      const [data] = (await once(client, "message")) as [Buffer];
      expect(data.toString()).toBe(text);
    }
    client.close();
    await closing(client);
    const { fromClient } = await scene.record();
    expect(fromClient.messages).toBe(5);
    // The later ones are mostly references into the first.
    expect(fromClient.bytes).toBeLessThan(text.length / 4);
  });

  it("negotiates the subprotocol end to end, and says which it was in the log", async () => {
    const target = held(
      await WsTarget.start(echo, { handleProtocols: (offered) => [...offered].find((one) => one === "b") ?? false }),
    );
    const scene = held(await ProxyScene.start([target.url]));
    const client = await open(scene.url, ["a", "b", "c"]);
    expect(client.protocol).toBe("b");
    client.close();
    await closing(client);
    expect(await scene.record()).toMatchObject({ subprotocol: "b" });
  });
});
