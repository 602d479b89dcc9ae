import { HawserError } from "@hawser/protocol";
import type { ClientFrame, ConnectFrame, Random } from "@hawser/protocol";
import type { Identity } from "../auth/identity.ts";
import type { NodeLimits } from "../node-options.ts";
import type { Authentication } from "./authentication.ts";

export interface ConnectingOptions {
  readonly frame: ConnectFrame;
  readonly limits: NodeLimits;
  readonly random: Random;
}

/** A session identifier has at most so many characters. */
const maxSessionLength = 64;

/** A connection between `connect` and its answer: who comes, and what came behind it (CON-4). */
export class Connecting {
  /** As the client named it, or drawn for one that named none. */
  readonly session: string;
  readonly behind: ClientFrame[] = [];
  readonly #frame: ConnectFrame;
  readonly #maxBehind: number;
  readonly #refusal: HawserError | undefined;

  constructor({ frame, limits, random }: ConnectingOptions) {
    this.session = frame.session === "" ? hex(random.bytes(16)) : frame.session;
    this.#frame = frame;
    this.#maxBehind = limits.maxRequests;
    this.#refusal = refusalOf(frame, limits);
  }

  /** What speaks against it before anybody is asked. */
  get refusal(): HawserError | undefined {
    return this.#refusal;
  }

  /** Never rejects; see `Authentication.identify`. */
  identify(authentication: Authentication): Promise<Identity | HawserError> {
    return authentication.identify(this.#frame.token, this.session);
  }

  /** What speaks against a frame that came behind; if nothing does, it waits for the answer. */
  hold(frame: ClientFrame): HawserError | undefined {
    if (frame.type === "connect") return new HawserError("frame-unexpected", "A second connect frame.");
    if (this.behind.length >= this.#maxBehind)
      return new HawserError("overloaded", "Too many frames before connected.");
    this.behind.push(frame);
    return undefined;
  }
}

function refusalOf({ token, session }: ConnectFrame, { maxTokenBytes }: NodeLimits): HawserError | undefined {
  if (isLongerThan(token, maxTokenBytes))
    return new HawserError("token-invalid", `A token has at most ${maxTokenBytes} bytes.`);
  if (session.length > maxSessionLength) {
    const message = `A session identifier has at most ${maxSessionLength} characters.`;
    return new HawserError("frame-unexpected", message);
  }
  return undefined;
}

const encoder = new TextEncoder();

function isLongerThan(text: string, maxBytes: number): boolean {
  return text.length > maxBytes || (text.length * 3 > maxBytes && encoder.encode(text).byteLength > maxBytes);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
