import type { SocketAddress } from "./socket/socket-address.ts";

/** A stream of bytes between a remote log and the log server. The one over Node's sockets is in `socket/`. */
export interface Link {
  /** Bytes that were written and still wait in this process. */
  readonly unsentBytes: number;
  /** Writes all of it, however much waits already. The link keeps the bytes; they must not change. */
  write(bytes: Uint8Array): void;
  /** No more bytes for now; those that were read already may still come. */
  pause(): void;
  resume(): void;
  /** Closes it once what was written has gone. */
  end(): void;
  /** Closes it at once. */
  destroy(): void;
}

/** What a link tells. Never during a call to the link. */
export interface LinkHandlers {
  /** In order, cut anywhere. */
  onBytes(bytes: Uint8Array): void;
  /** Nothing that was written waits any more, after a time when much did. */
  onDrain(): void;
  /** The link is gone, whoever closed it. Once, and nothing after it. */
  onClose(): void;
}

/** Makes links to one log server. */
export interface Connector {
  /** Where to, for messages. */
  readonly target: string;
  /** Rejects when nobody takes the link. The handlers are called from then on when it is there. */
  connect(handlers: LinkHandlers): Promise<Link>;
}

/** Takes links of remote logs. */
export interface Listener {
  /** @throws HawserError `log-locked` (somebody else listens there), `option-invalid`. */
  listen(accept: (link: Link) => LinkHandlers): Promise<Listening>;
}

/** A listener at work. */
export interface Listening {
  /** With the port that the system chose, where 0 was asked for. */
  readonly socket: SocketAddress;
  /** Takes no more links; those that there are stay. */
  close(): Promise<void>;
}
