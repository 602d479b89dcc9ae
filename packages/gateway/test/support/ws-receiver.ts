import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Writable } from "node:stream";

const require = createRequire(import.meta.url);

/** The parser of `ws`, which its package does not export. */
const Receiver = require(join(dirname(require.resolve("ws")), "lib/receiver.js")) as new (options: object) => Writable;

/** What the parser of `ws` makes of the bytes. */
export function receivedByWs(
  bytes: Buffer,
  isServer: boolean,
): { readonly messages: number; readonly closeCode: number | undefined } {
  const receiver = new Receiver({ isServer, allowSynchronousEvents: true, maxPayload: 0 });
  let messages = 0;
  let closeCode: number | undefined;
  receiver.on("message", () => (messages += 1));
  receiver.on("conclude", (code: number) => (closeCode = code));
  receiver.on("error", (error) => {
    throw error;
  });
  receiver.write(bytes);
  return { messages, closeCode };
}
