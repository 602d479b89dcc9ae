import { pieceCost } from "@hawser/protocol";
import type { UpstreamHandlers, UpstreamSocket } from "@hawser/gateway/core";
import type { RandomStream } from "../random/random-stream.ts";
import type { World } from "../world/world.ts";
import { drawMessage } from "./draw-message.ts";
import type { SocketRecord } from "./socket-record.ts";

/** What an upstream does with its socket. */
export type UpstreamStyle =
  /** Says back what it hears. */
  | { readonly kind: "echo" }
  /** Says something by itself every so often, and nothing back. */
  | { readonly kind: "push"; readonly everyMs: number }
  /** Echoes, and takes its time for each piece. */
  | { readonly kind: "slow"; readonly pieceMs: number }
  /** Echoes, and reads nothing for long times. */
  | { readonly kind: "stalling"; readonly everyPieces: number; readonly stallMs: number }
  /** Echoes, and closes after so many messages. */
  | { readonly kind: "closing"; readonly messages: number; readonly code: number; readonly reason: string }
  /** Echoes, and after so many messages says one that is larger than homes take. */
  | { readonly kind: "huge"; readonly messages: number }
  /** Echoes, and breaks after so many messages. */
  | { readonly kind: "breaking"; readonly messages: number };

type Incoming =
  | {
      readonly kind: "piece";
      readonly data: Uint8Array;
      readonly text: boolean;
      readonly last: boolean;
      readonly written: () => void;
    }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

type Outgoing =
  | { readonly kind: "message"; readonly data: Uint8Array; readonly text: boolean }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** How long it takes one way. */
const latencyMs = 1;
/** How long an upstream is waited for that does not answer a close. */
const closeTimeoutMs = 4_000;
/** What an upstream that is not read keeps to say: then it says nothing by itself, and reads nothing. */
const maxOutgoing = 30;

/** A WebSocket to a simulated upstream, with the upstream at its other end. */
export class SimulatedUpstream implements UpstreamSocket {
  readonly protocol: string;
  /** By which the client's end is known to belong to this one. */
  readonly extensions: string;
  handlers: UpstreamHandlers | undefined;
  readonly #world: World;
  readonly #record: SocketRecord;
  readonly #random: RandomStream;
  #style: UpstreamStyle;
  readonly #incoming: Incoming[] = [];
  readonly #outgoing: Outgoing[] = [];
  #parts: Uint8Array[] = [];
  #heard = 0;
  #pieces = 0;
  /** Cost of what the home has sent and was not told to have left. */
  #unwritten = 0;
  #reading = false;
  #telling = false;
  #paused = false;
  #stalledUntil = 0;
  #over = false;

  constructor(world: World, record: SocketRecord, style: UpstreamStyle, protocol: string, random: RandomStream) {
    this.#world = world;
    this.#record = record;
    this.#style = style;
    this.protocol = protocol;
    this.extensions = String(record.id);
    this.#random = random;
    if (style.kind === "push") this.#push(style.everyMs);
  }

  /** Both ends know that it is closed. */
  get over(): boolean {
    return this.#over;
  }

  send(data: Uint8Array, text: boolean, last: boolean, written: () => void): void {
    if (this.#over) return;
    this.#unwritten += pieceCost({ data, last });
    const { windowBytes } = this.#world.options.sockets!;
    if (this.#unwritten > windowBytes)
      this.#world.report(
        "bounds",
        `${this.#record.name}: ${this.#unwritten} wait for the upstream, of a window of ${windowBytes}`,
      );
    this.#incoming.push({ kind: "piece", data, text, last, written });
    this.#readSoon(latencyMs);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#tellSoon();
  }

  close(code: number | undefined, reason: string): void {
    if (this.#over) return;
    const end = { code: code ?? 1005, reason };
    this.#note(`the home closes it with ${end.code}`);
    this.#record.homeCloses(end);
    this.#incoming.push({ kind: "close", ...end });
    this.#readSoon(latencyMs);
    // One that does not read is not waited for.
    this.#world.time.after(closeTimeoutMs, () => this.#end(1006, ""));
  }

  terminate(): void {
    this.#note("the home ends it");
    this.#over = true;
    this.#record.homeAsked ??= { code: 1006, reason: "" };
    this.#record.upstreamEnds({ code: 1006, reason: "" });
  }

  /** The world has healed: from now on it echoes, at once. */
  hurry(): void {
    this.#style = { kind: "echo" };
    this.#stalledUntil = 0;
    this.#readSoon(0);
  }

  #readSoon(afterMs: number): void {
    if (this.#reading || this.#over || this.#incoming.length === 0) return;
    this.#reading = true;
    const waitMs = Math.max(afterMs, this.#stalledUntil - this.#world.time.now);
    this.#world.time.after(waitMs, () => {
      this.#reading = false;
      this.#read();
    });
  }

  #read(): void {
    if (this.#over || !this.#record.home.alive) return;
    if (this.#stalledUntil > this.#world.time.now) return this.#readSoon(0);
    // It says all that it has to say before it reads on, as most servers do.
    if (this.#outgoing.length >= maxOutgoing && this.#incoming[0]?.kind === "piece") return;
    const next = this.#incoming.shift();
    if (next === undefined) return;
    if (next.kind === "close") {
      this.#record.upstreamTookAll();
      this.#tell({ kind: "close", code: next.code, reason: next.reason });
      return;
    }
    this.#unwritten -= pieceCost(next);
    this.#record.taken += pieceCost(next);
    this.#record.home.run(next.written);
    this.#pieces += 1;
    this.#parts.push(next.data);
    if (next.last) this.#hear(next.text);
    const style = this.#style;
    if (style.kind === "stalling" && this.#pieces % style.everyPieces === 0)
      this.#stalledUntil = this.#world.time.now + style.stallMs;
    this.#readSoon(style.kind === "slow" ? style.pieceMs : 0.01);
  }

  #hear(text: boolean): void {
    const data = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#heard += 1;
    this.#record.upstreamHeard(text, data);
    const style = this.#style;
    if (style.kind !== "push") this.#tell({ kind: "message", data, text });
    if (style.kind === "huge" && this.#heard === style.messages) {
      const { largestBytes } = this.#world.options.sockets!;
      this.#tell({ kind: "message", data: new Uint8Array(largestBytes + 1), text: false });
    }
    const ends = (style.kind === "closing" || style.kind === "breaking") && this.#heard >= style.messages;
    if (!ends) return;
    if (style.kind === "closing") this.#tell({ kind: "close", code: style.code, reason: style.reason });
    else this.#world.time.after(latencyMs, () => this.#end(1006, ""));
  }

  #push(everyMs: number): void {
    this.#world.time.after(this.#random.exponential(everyMs), () => {
      if (this.#over || this.#style.kind !== "push" || !this.#record.home.alive) return;
      const { largestBytes } = this.#world.options.sockets!;
      if (this.#outgoing.length < maxOutgoing)
        this.#tell({ kind: "message", ...drawMessage(this.#random, largestBytes) });
      this.#push(everyMs);
    });
  }

  #tell(outgoing: Outgoing): void {
    // Nothing is said behind a close.
    if (this.#outgoing.at(-1)?.kind === "close") return;
    this.#outgoing.push(outgoing);
    this.#tellSoon();
  }

  #tellSoon(): void {
    if (this.#telling) return;
    this.#telling = true;
    this.#world.time.after(latencyMs, () => {
      this.#telling = false;
      while (!this.#paused && !this.#over && this.#outgoing.length > 0 && this.#record.home.alive) this.#tellNext();
      this.#readSoon(0);
    });
  }

  #tellNext(): void {
    const next = this.#outgoing.shift()!;
    if (next.kind === "close") return this.#end(next.code, next.reason);
    this.#record.home.run(() => {
      this.#record.upstreamSays(next.text, next.data);
      this.handlers?.onMessage(Uint8Array.from(next.data), next.text);
    });
  }

  #end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#note(`it ends with ${code}`);
    this.#record.upstreamEnds({ code, reason });
    this.#record.home.run(() => this.handlers?.onClose(code, reason));
  }

  #note(what: string): void {
    this.#world.trace.note(`${this.#record.name} at its upstream: ${what}`);
  }
}
