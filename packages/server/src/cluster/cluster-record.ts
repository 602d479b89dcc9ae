import type { Payload } from "@hawser/protocol";

/** Where the nodes of a cluster speak to each other: a channel of the log that no client can name (SUB-14). */
export const clusterChannel = "$cluster";

/** What a node says of itself. */
export interface NodeWord {
  /** As in `ServerOptions.name`. */
  readonly name: string;
  /** Public addresses by which clients reach this node and no other; at most 32. */
  readonly endpoints: readonly string[];
  readonly state: "up" | "draining";
  /** Of its software. */
  readonly version: string;
  /** Connections that clients hold now. */
  readonly connections: number;
  /** Those of them whose client is known, and that stay: not requests of their own. */
  readonly sessions: number;
  /** Where other nodes reach it for the virtual sockets whose home it is; "": nowhere. */
  readonly relay: string;
  /** The life under which it answers for members of channels, once it does. */
  readonly presence: string;
}

/** What nodes say, in one entry of the cluster's channel. `instance` is drawn at random when a node starts. */
export type ClusterRecord =
  /** It lives. Beats are numbered from 1. */
  | { readonly kind: "beat"; readonly instance: string; readonly beat: number; readonly word: NodeWord }
  /** It goes by itself. */
  | { readonly kind: "left"; readonly instance: string }
  /** The sessions of a user end, wherever they are. `id` tells commands apart. */
  | {
      readonly kind: "disconnect";
      readonly instance: string;
      readonly id: string;
      readonly user: string;
      readonly reason: string;
    };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeCluster({ instance, ...rest }: ClusterRecord): Payload {
  return { kind: "json", data: encoder.encode(JSON.stringify({ by: instance, ...rest })) };
}

/** `undefined` for what no node of this version wrote. */
export function decodeCluster(payload: Payload | undefined): ClusterRecord | undefined {
  const { by: instance, kind, beat, word, id, user, reason } = objectOf(payload) ?? {};
  if (!isText(instance)) return undefined;
  if (kind === "beat" && isCount(beat) && isWord(word)) return { kind, instance, beat, word };
  if (kind === "left") return { kind, instance };
  if (kind === "disconnect" && isText(id) && isText(user) && isText(reason))
    return { kind, instance, id, user, reason };
  return undefined;
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

function isWord(value: unknown): value is NodeWord {
  if (typeof value !== "object" || value === null) return false;
  const { name, endpoints, state, version, connections, sessions, relay, presence } = value as Record<string, unknown>;
  return (
    [name, version, relay, presence].every(isText) &&
    Array.isArray(endpoints) &&
    endpoints.every(isText) &&
    (state === "up" || state === "draining") &&
    isCount(connections) &&
    isCount(sessions)
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
