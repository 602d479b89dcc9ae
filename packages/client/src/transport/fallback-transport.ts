import { abnormalClosure, closeCodes } from "@hawser/protocol";
import type { Timer, Timers } from "@hawser/protocol";
import type { Connector, Transport, TransportHandlers } from "./transport.ts";

export interface FallbackTransportOptions {
  /** In the order in which they are tried. */
  readonly connectors: readonly Connector[];
  readonly url: string;
  readonly subprotocol: string;
  readonly handlers: TransportHandlers;
  readonly patienceMs: number;
  readonly timers: Timers;
  /** This kind got through. */
  readonly onChosen: (name: string) => void;
}

interface Candidate {
  readonly name: string;
  transport: Transport | undefined;
  open: boolean;
}

type State =
  | { readonly kind: "trying"; readonly candidates: readonly Candidate[] }
  | { readonly kind: "chosen"; readonly candidate: Candidate }
  | { readonly kind: "closed" };

/**
 * One connection, by the first kind of transport on which the server says something. Until then each that is open gets
 * what the core has sent so far, which is `connect` alone (CON-4), and those that are slower are closed.
 */
export class FallbackTransport implements Transport {
  readonly #options: FallbackTransportOptions;
  #state: State = { kind: "trying", candidates: [] };
  #tried = 0;
  #sent: Uint8Array[] = [];
  #patience: Timer | undefined;
  /** How the last one that failed ended. */
  #failure = { code: abnormalClosure, reason: "" };

  constructor(options: FallbackTransportOptions) {
    const { timers, handlers, subprotocol } = options;
    this.#options = options;
    timers.soon(() => {
      if (this.#state.kind !== "trying") return;
      handlers.onOpen(subprotocol);
      this.#tryNext();
    });
  }

  /** The kind in use, or tried last. */
  get name(): string {
    const { connectors } = this.#options;
    if (this.#state.kind === "chosen") return this.#state.candidate.transport?.name ?? this.#state.candidate.name;
    return connectors[Math.max(0, this.#tried - 1)]!.name;
  }

  get bufferedBytes(): number {
    return this.#state.kind === "chosen" ? (this.#state.candidate.transport?.bufferedBytes ?? 0) : 0;
  }

  send(message: Uint8Array): void {
    if (this.#state.kind === "chosen") return this.#state.candidate.transport?.send(message);
    if (this.#state.kind === "closed") return;
    this.#sent.push(message);
    for (const { transport, open } of this.#state.candidates) if (open) transport?.send(message);
  }

  close(code: number, reason: string): void {
    const state = this.#state;
    if (state.kind === "closed") return;
    if (state.kind === "chosen") return state.candidate.transport?.close(code, reason);
    this.#leaveAll(undefined);
    this.#state = { kind: "closed" };
    this.#options.timers.soon(() => this.#options.handlers.onClose(code, reason));
  }

  #tryNext(): void {
    const { connectors, url, subprotocol, patienceMs, timers, handlers } = this.#options;
    this.#patience?.cancel();
    if (this.#state.kind !== "trying") return;
    const connector = connectors[this.#tried];
    if (connector === undefined) {
      if (this.#state.candidates.length > 0) return;
      this.#state = { kind: "closed" };
      return handlers.onClose(this.#failure.code, this.#failure.reason);
    }
    this.#tried += 1;
    const candidate: Candidate = { name: connector.name, transport: undefined, open: false };
    this.#state = { kind: "trying", candidates: [...this.#state.candidates, candidate] };
    this.#patience = timers.after(patienceMs, () => this.#tryNext());
    try {
      candidate.transport = connector.connect(url, subprotocol, {
        onOpen: (spoken) => this.#onOpen(candidate, spoken),
        onMessage: (message) => this.#onMessage(candidate, message),
        onClose: (code, reason) => this.#onClose(candidate, code, reason),
      });
    } catch (error) {
      // This platform, or this address, is none for it: others may be.
      this.#onClose(candidate, abnormalClosure, String(error));
    }
  }

  #onOpen(candidate: Candidate, spoken: string): void {
    if (!this.#isTried(candidate)) return;
    if (spoken !== this.#options.subprotocol) {
      candidate.transport?.close(1000, "");
      return this.#onClose(candidate, abnormalClosure, `the server chose the subprotocol "${spoken}"`);
    }
    candidate.open = true;
    for (const message of this.#sent) candidate.transport?.send(message);
  }

  #onMessage(candidate: Candidate, message: Uint8Array): void {
    const { handlers, onChosen } = this.#options;
    if (this.#isTried(candidate)) {
      this.#leaveAll(candidate);
      this.#state = { kind: "chosen", candidate };
      this.#sent = [];
      onChosen(candidate.name);
    }
    if (this.#state.kind === "chosen" && this.#state.candidate === candidate) handlers.onMessage(message);
  }

  #onClose(candidate: Candidate, code: number, reason: string): void {
    if (this.#isTried(candidate)) {
      // Only a server of ours closes with such a code: it has spoken, and another kind of transport changes nothing.
      if (code >= closeCodes.goingAway) return this.#refused(candidate, code, reason);
      this.#failure = { code, reason };
      const candidates = this.#state.kind === "trying" ? this.#state.candidates : [];
      this.#state = { kind: "trying", candidates: candidates.filter((other) => other !== candidate) };
      return this.#tryNext();
    }
    if (this.#state.kind !== "chosen" || this.#state.candidate !== candidate) return;
    this.#state = { kind: "closed" };
    this.#options.handlers.onClose(code, reason);
  }

  #refused(candidate: Candidate, code: number, reason: string): void {
    this.#leaveAll(candidate);
    this.#state = { kind: "closed" };
    this.#options.handlers.onClose(code, reason);
  }

  #isTried(candidate: Candidate): boolean {
    return this.#state.kind === "trying" && this.#state.candidates.includes(candidate);
  }

  #leaveAll(chosen: Candidate | undefined): void {
    this.#patience?.cancel();
    if (this.#state.kind !== "trying") return;
    const others = this.#state.candidates.filter((candidate) => candidate !== chosen);
    // Before they are closed, so that what they tell of it is not taken for a failure.
    this.#state = { kind: "trying", candidates: chosen === undefined ? [] : [chosen] };
    for (const { transport } of others) transport?.close(1000, "");
  }
}
