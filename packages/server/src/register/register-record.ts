import { encodeText, strictTextOf } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";

/** What is said of one key of a register. */
export interface RegisterRecord {
  /** Drawn at random: tells records apart. */
  readonly id: string;
  readonly key: string;
  /** `undefined`: the key is gone. */
  readonly value: unknown;
  /** The record that it stands for anew: where another is the key's newest one, it says nothing. "": there is none. */
  readonly over: string | undefined;
}

const prefix = "$registers.";

/** The channel of the log that a register is kept in; no client can name it (SUB-14). */
export function registerChannelOf(name: string): string {
  return prefix + name;
}

/** Whether a register is kept in it. */
export function isRegisterChannel(channel: string): boolean {
  return channel.startsWith(prefix);
}

export function encodeRegister({ id, key, value, over }: RegisterRecord): Payload {
  return { kind: "json", data: encodeText(JSON.stringify({ id, key, value, over })) };
}

/** `undefined` for what no node of this version wrote. */
export function decodeRegister(payload: Payload | undefined): RegisterRecord | undefined {
  if (payload?.kind !== "json") return undefined;
  let read: unknown;
  try {
    read = JSON.parse(strictTextOf(payload.data) ?? "");
  } catch {
    return undefined;
  }
  if (typeof read !== "object" || read === null) return undefined;
  const { id, key, value, over } = read as Record<string, unknown>;
  if (typeof id !== "string" || typeof key !== "string") return undefined;
  if (over !== undefined && typeof over !== "string") return undefined;
  return { id, key, value, over };
}
