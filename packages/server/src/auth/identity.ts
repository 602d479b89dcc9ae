import type { Peer } from "../transport/transport.ts";

/** What may be allowed or not. `history` is the right to read what was published before the grant,
 * `presence` to see who is in a channel, `enter` to be seen there, `open` to have virtual sockets to an upstream. */
export type Verb = "subscribe" | "publish" | "history" | "call" | "presence" | "enter" | "open";

/** Rights by channel pattern (for `call`: by method pattern, for `open`: by upstream pattern). What no capability names is forbidden. */
export interface Capability {
  /** `*` stands for one segment, `**` at the end for one or more. */
  readonly pattern: string;
  readonly verbs: readonly Verb[];
}

/** Who a client is, as `authenticate` found. */
export interface Identity {
  /** Non-empty, stable; names the inbox and counts together with producers. */
  readonly user: string;
  /** `undefined`: everything that `authorize` does not forbid. */
  readonly capabilities?: readonly Capability[];
  /** Milliseconds since 1970; `undefined`: does not expire. */
  readonly expiresAt?: number;
  /** The application's own, handed to hooks and calls. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** What `authenticate` is given: a token, and whence it came. */
export interface AuthenticateRequest {
  readonly token: string;
  readonly peer: Peer;
  /** The session that asks, and the user it had before when the token is refreshed. */
  readonly session: string;
}

/**
 * Says who a client is. Throw a `HawserError` `token-invalid` or `token-expired` to refuse; any other error
 * refuses with `internal`, and its text stays in the server's log.
 */
export type Authenticate = (request: AuthenticateRequest) => Identity | Promise<Identity>;

/** What `authorize` is given: who would do what, to which channel or method. */
export interface AuthorizeRequest {
  readonly verb: Verb;
  /** Channel name; for `call` the method, for `open` the upstream. */
  readonly name: string;
  readonly identity: Identity;
  readonly session: string;
}

/**
 * Asked after capabilities allowed. `false` or a thrown error forbids, this once; `true` is remembered by the connection until
 * `refresh` or a fresh token. Answers within `authorizeTimeoutMs`.
 */
export type Authorize = (request: AuthorizeRequest) => boolean | Promise<boolean>;
