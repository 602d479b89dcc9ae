import type { Payload } from "@hawser/protocol";

/** A lease, as the log holds it: this member is there by this node's word. */
export interface LeaseRecord {
  readonly user: string;
  readonly member: string;
  readonly generation: number;
  /** JSON text, as it came. */
  readonly state: string;
}

/** The end of a lease. */
export interface DepartureRecord {
  readonly user: string;
  readonly member: string;
  readonly generation: number;
}

/** What one node says of a channel's members, in one entry of its control channel. */
export interface ControlRecord {
  /** The life of the node that says it. */
  readonly instance: string;
  readonly entered: readonly LeaseRecord[];
  readonly left: readonly DepartureRecord[];
}

/** What a node says of nodes, in one entry of the roster. */
export type RosterRecord =
  /** It lives, under that name for people who look into the log. Beats are numbered from 1. */
  | { readonly kind: "beat"; readonly instance: string; readonly node: string; readonly beat: number }
  /** It goes by itself: its leases end when so much time has passed. */
  | { readonly kind: "closing"; readonly instance: string; readonly graceMs: number }
  /** Another one found it silent: it has ended, unless it beat in the meantime. */
  | { readonly kind: "ended"; readonly instance: string; readonly after: number };

/** A record is split above this, so that no log meets an entry that is out of the ordinary. */
const maxRecordBytes = 65_536;
/** Of a lease or departure beside its texts: brackets, commas, quotes, a number. */
const overheadBytes = 32;

/** The records that say it, in their order: more than one when it is much. */
export function encodeControl(record: ControlRecord): Payload[] {
  const records: Payload[] = [];
  let entered: unknown[] = [];
  let left: unknown[] = [];
  let bytes = 0;
  const cut = (): void => {
    records.push(json({ by: record.instance, in: entered, out: left }));
    entered = [];
    left = [];
    bytes = 0;
  };
  const room = (more: number): void => {
    if (bytes > 0 && bytes + more > maxRecordBytes) cut();
    bytes += more;
  };
  for (const { user, member, generation, state } of record.entered) {
    room(user.length + member.length + state.length + overheadBytes);
    entered.push([user, member, generation, state]);
  }
  for (const { user, member, generation } of record.left) {
    room(user.length + member.length + overheadBytes);
    left.push([user, member, generation]);
  }
  if (bytes > 0) cut();
  return records;
}

/** `undefined` for what no node of this version wrote. */
export function decodeControl(payload: Payload | undefined): ControlRecord | undefined {
  const value = objectOf(payload);
  const { by, in: entered, out: left } = value ?? {};
  if (typeof by !== "string" || !Array.isArray(entered) || !Array.isArray(left)) return undefined;
  return {
    instance: by,
    entered: entered.filter(isLease).map(([user, member, generation, state]) => ({ user, member, generation, state })),
    left: left.filter(isDeparture).map(([user, member, generation]) => ({ user, member, generation })),
  };
}

export function encodeRoster(record: RosterRecord): Payload {
  const { kind, instance, ...rest } = record;
  return json({ by: instance, kind, ...rest });
}

/** `undefined` for what no node of this version wrote. */
export function decodeRoster(payload: Payload | undefined): RosterRecord | undefined {
  const { by: instance, kind, node, beat, graceMs, after } = objectOf(payload) ?? {};
  if (typeof instance !== "string") return undefined;
  if (kind === "beat" && typeof node === "string" && isCount(beat)) return { kind, instance, node, beat };
  if (kind === "closing" && isCount(graceMs)) return { kind, instance, graceMs };
  if (kind === "ended" && isCount(after)) return { kind, instance, after };
  return undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function json(value: unknown): Payload {
  return { kind: "json", data: encoder.encode(JSON.stringify(value)) };
}

function objectOf(payload: Payload | undefined): Readonly<Record<string, unknown>> | undefined {
  if (payload?.kind !== "json") return undefined;
  try {
    const value: unknown = JSON.parse(decoder.decode(payload.data));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isLease(value: unknown): value is [string, string, number, string] {
  return isDeparture(value) && typeof (value as readonly unknown[])[3] === "string";
}

function isDeparture(value: unknown): value is [string, string, number] {
  if (!Array.isArray(value)) return false;
  const [user, member, generation] = value as readonly unknown[];
  return typeof user === "string" && typeof member === "string" && isCount(generation);
}
