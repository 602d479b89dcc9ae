import type { SimulatedConnection, Way } from "./simulated-connection.ts";

/** Listens to the wire, from outside. */
export interface WireListener {
  /** A message was handed to the connection. */
  onSent?(connection: SimulatedConnection, way: Way, message: Uint8Array): void;
  /** A message arrived. */
  onArrived?(connection: SimulatedConnection, way: Way, message: Uint8Array): void;
  /** The node wrote. */
  onWrote?(connection: SimulatedConnection): void;
}

/** Puts other messages in a message's place: how mutants are made. */
export type WireAlteration = (connection: SimulatedConnection, way: Way, message: Uint8Array) => readonly Uint8Array[];

/** Where checkers listen to the wire, and where a mutant alters it. */
export class WireTap {
  readonly #listeners: WireListener[] = [];
  #alter: WireAlteration | undefined;

  listen(listener: WireListener): void {
    this.#listeners.push(listener);
  }

  alter(alteration: WireAlteration): void {
    this.#alter = alteration;
  }

  /** What is sent in this message's place. */
  sent(connection: SimulatedConnection, way: Way, message: Uint8Array): readonly Uint8Array[] {
    const messages = this.#alter?.(connection, way, message) ?? [message];
    for (const listener of this.#listeners) for (const sent of messages) listener.onSent?.(connection, way, sent);
    return messages;
  }

  arrived(connection: SimulatedConnection, way: Way, message: Uint8Array): void {
    for (const listener of this.#listeners) listener.onArrived?.(connection, way, message);
  }

  wrote(connection: SimulatedConnection): void {
    for (const listener of this.#listeners) listener.onWrote?.(connection);
  }
}
