import { constants, inflateRawSync } from "node:zlib";
import * as ws from "ws";
import type { WebSocket } from "ws";
import { assert } from "@hawser/protocol";
import type { Clock, Timers } from "@hawser/protocol";
import { TokenBucket } from "../connection/token-bucket.ts";

/** What the end of each message was before it was sent (RFC 7692, section 7.2.2). */
const trailer = Uint8Array.of(0, 0, 0xff, 0xff);

/** The window where none was agreed: 2^15 (RFC 7692, section 7.1.2.1). */
const defaultWindowBits = 15;

type Callback = (error: Error | null, data?: Uint8Array) => void;

/** permessage-deflate of one connection, as the receiver of `ws` uses it. */
interface Extension {
  readonly params: Readonly<Record<string, unknown>> | null;
  decompress(data: Uint8Array, final: boolean, callback: Callback): void;
  cleanup(): void;
}

export interface InflaterOptions {
  /** Of an inflated message. */
  readonly maxMessageBytes: number;
  /** What a connection may have inflated for it in a second, and at once; past it, it is not read from for a while. */
  readonly inflatedBytesPerSecond: number;
  readonly clock: Clock;
  readonly timers: Timers;
}

/**
 * Takes over from `ws` the inflating of what the peer of a connection sends, where compression was agreed. Returns the window
 * in which the peer inflates; 0 when nothing was agreed.
 */
export function takeOverInflating(webSocket: WebSocket, options: InflaterOptions): number {
  const { _extensions: extensions } = webSocket as unknown as { _extensions?: Record<string, Extension> };
  assert(extensions, "ws keeps the extensions of a connection elsewhere");
  const agreed = extensions["permessage-deflate"];
  if (agreed === undefined) return 0;
  const { params } = agreed;
  assert(params?.["client_no_context_takeover"] === true, "the peer was not asked to compress each message by itself");
  extensions["permessage-deflate"] = new Inflater(options);
  const bits = params["server_max_window_bits"];
  return 2 ** (typeof bits === "number" ? bits : defaultWindowBits);
}

/**
 * Inflates each message by itself, in one piece. That of `ws` keeps 21 KiB for each connection that ever sent something
 * compressed, as browsers do with all that they send, and goes through the thread pool three times for a message.
 */
class Inflater implements Extension {
  readonly params = null;
  readonly #options: InflaterOptions;
  /** Of the message that has not come whole yet; `ws` bounds their bytes and their number. */
  #fragments: Uint8Array[] = [];
  #rate: TokenBucket | undefined;

  constructor(options: InflaterOptions) {
    this.#options = options;
  }

  /** Calls back behind this turn: the receiver is not ready for it before. */
  decompress(data: Uint8Array, final: boolean, callback: Callback): void {
    if (!final) {
      this.#fragments.push(Uint8Array.from(data));
      process.nextTick(callback, null, new Uint8Array());
      return;
    }
    const message = Buffer.concat([...this.#fragments, data, trailer]);
    this.#fragments = [];
    const { maxMessageBytes } = this.#options;
    let inflated: Buffer;
    try {
      inflated = inflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxMessageBytes });
    } catch {
      // Only `ws` itself can say with which code the connection closes, so that it is left to find what is wrong.
      ownExtension(maxMessageBytes).decompress(message, false, callback);
      return;
    }
    const restMs = this.#spend(inflated.length);
    if (restMs === 0) process.nextTick(callback, null, inflated);
    else this.#options.timers.after(restMs, () => callback(null, inflated));
  }

  cleanup(): void {
    this.#fragments = [];
  }

  #spend(bytes: number): number {
    const { inflatedBytesPerSecond, clock } = this.#options;
    const now = clock.monotonic();
    this.#rate ??= new TokenBucket(inflatedBytesPerSecond, inflatedBytesPerSecond, now);
    return this.#rate.spend(bytes, now);
  }
}

/** permessage-deflate of `ws`, which its types do not have. */
function ownExtension(maxPayload: number): Extension {
  const { PerMessageDeflate } = ws as unknown as { PerMessageDeflate: new (options: object) => OwnExtension };
  const extension = new PerMessageDeflate({ isServer: true, maxPayload });
  extension.params = {};
  return extension;
}

interface OwnExtension extends Extension {
  params: Record<string, unknown>;
}
