import { constants, deflateRawSync } from "node:zlib";
import type { Writable } from "node:stream";
import * as ws from "ws";
import type { WebSocket } from "ws";
import { systemPorts } from "@hawser/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { takeOverInflating } from "../../src/transport/inflater.ts";
import { clientFrame } from "../raw-socket.ts";

/** The parser of `ws`, which its types do not have. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

const maxMessageBytes = 20_000;

interface Heard {
  readonly messages: Buffer[];
  readonly pings: number;
  readonly error: (Error & { readonly code?: string }) | undefined;
}

/** What a connection on which compression was agreed makes of some bytes, cut into pieces. */
async function hear(bytes: Buffer, pieceBytes: number): Promise<Heard> {
  const extensions = { "permessage-deflate": { params: { client_no_context_takeover: true } } };
  const { clock, timers } = systemPorts();
  const options = { maxMessageBytes, inflatedBytesPerSecond: 1e12, clock, timers };
  takeOverInflating({ _extensions: extensions } as unknown as WebSocket, options);
  const receiver = new Receiver({ extensions, isServer: true, maxPayload: maxMessageBytes, skipUTF8Validation: true });
  const messages: Buffer[] = [];
  let pings = 0;
  receiver.on("message", (data: Buffer) => messages.push(data));
  receiver.on("ping", () => (pings += 1));
  const error = await new Promise<Error | undefined>((resolve) => {
    receiver.on("error", resolve);
    receiver.on("finish", () => resolve(undefined));
    for (let at = 0; at < bytes.length; at += pieceBytes)
      receiver.write(Buffer.from(bytes.subarray(at, at + pieceBytes)));
    receiver.end();
  });
  return { messages, pings, error };
}

/** The frames of a message, compressed or not, in so many fragments with a ping between each two. */
function framesOf(message: Buffer, compressed: boolean, fragments: number): Buffer {
  const payload = compressed
    ? deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    : message;
  const step = Math.ceil(payload.length / fragments);
  const parts = Array.from({ length: fragments }, (_, index) => {
    const options = { opcode: index === 0 ? 2 : 0, final: index === fragments - 1 };
    const reserved = compressed && index === 0 ? 4 : 0;
    return clientFrame(payload.subarray(index * step, (index + 1) * step), { ...options, reserved });
  });
  const ping = clientFrame("", { opcode: 9 });
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [ping, part])));
}

const message = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(new Uint8Array(maxMessageBytes), new Uint8Array(3_000).fill(7)),
);

describe("what comes in on a connection with compression", () => {
  it("is what was sent, however it is compressed, fragmented and cut", async () => {
    const sent = fc.array(fc.tuple(message, fc.boolean(), fc.integer({ min: 1, max: 4 })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sent, fc.integer({ min: 7, max: 2_000 }), async (all, pieceBytes) => {
        const frames = all.map(([bytes, ...how]) => framesOf(Buffer.from(bytes), ...how));
        const heard = await hear(Buffer.concat(frames), pieceBytes);
        expect(heard.error).toBeUndefined();
        expect(heard.messages.map((bytes) => bytes.toString("hex"))).toEqual(
          all.map(([bytes]) => Buffer.from(bytes).toString("hex")),
        );
        expect(heard.pings).toBe(all.reduce((sum, [, , fragments]) => sum + fragments - 1, 0));
      }),
      { numRuns: 40 },
    );
  });

  it("is a message within its limit, or an error with a code to close with, when it is noise", async () => {
    const noise = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(noise, fc.integer({ min: 1, max: 50 }), async (bytes, pieceBytes) => {
        const frame = clientFrame(bytes, { opcode: 2, reserved: 4 });
        const { messages, error } = await hear(frame, pieceBytes);
        if (error === undefined) expect(messages).toHaveLength(1);
        else expect(messages).toHaveLength(0);
        for (const { length } of messages) expect(length).toBeLessThanOrEqual(maxMessageBytes);
      }),
      { numRuns: 200 },
    );
  });
});
