import type {
  AttachSocketFrame,
  HawserError,
  OpenSocketFrame,
  ServerFrame,
  SocketCloseFrame,
  SocketDataFrame,
  SocketWindowFrame,
} from "@hawser/protocol";
import type { Identity } from "../auth/identity.ts";
import type { Lane } from "../delivery/lane.ts";
import type { SourceReader } from "../delivery/source.ts";

/** What a client says about virtual sockets (section 17 of `spec/protocol.md`). */
export type SocketFrame = OpenSocketFrame | AttachSocketFrame | SocketDataFrame | SocketWindowFrame | SocketCloseFrame;

/** One connection of a client, as those see it who handle its virtual sockets. */
export interface SocketClient {
  readonly session: string;
  /** Whom the connection is of now: a fresh token may tell more of the same user. */
  readonly identity: Identity;
  /** The remote address; "": not known. */
  readonly address: string;
  /** The connection is gone: nothing is answered any more. */
  readonly closed: boolean;
  /** What the sources of sockets write to. */
  readonly reader: SourceReader;
  /** Whether the user may open that upstream. Rejects with `internal` (retry) when that is not found out in time. */
  may(upstream: string): boolean | Promise<boolean>;
  /** Whether he still may: that nothing is heard of it is a no. Never rejects. */
  mayStill(upstream: string): boolean | Promise<boolean>;
  /** Answers a request, once; later answers are dropped. */
  answer(id: number, frame: ServerFrame): void;
  refuse(id: number, error: HawserError): void;
  /** Sends a frame that answers nothing. */
  tell(frame: ServerFrame): void;
  /** A socket is on this connection from now on, in that lane: said ahead of the answer. For those who pass frames on. */
  attached?(number: number, lane: Lane): void;
  /** It is not any more, for whatever reason. */
  released?(number: number): void;
  /** An error of our own: for the log, never for the peer. */
  report(what: string, error: unknown): void;
}

/** The virtual sockets of one connection. */
export interface SocketHandler {
  /** One frame of the client. Of a request the identifier was looked at already (CON-14, CON-15). */
  handle(frame: SocketFrame): void;
  /** Rights are to be asked anew: sockets that the user may have no more end (SOCK-20). */
  recheck(): Promise<void>;
  /** The connection is gone; its sockets may live on. */
  close(): void;
}

/** What a node has that opens virtual sockets: the gateway. */
export interface SocketService {
  /** Where other nodes reach this one for sockets, as the cluster's word tells them. Default: not told. */
  readonly relayAddress?: string;
  /** Called for a connection that goes both ways, when its client first says something about sockets. */
  attach(client: SocketClient): SocketHandler;
  /**
   * Takes no new sockets, and ends those that there are when they still live after so long (SOCK-21). Called again, the
   * later call's time counts.
   *
   * @returns when none is left.
   */
  drain(withinMs: number): Promise<void>;
  /** Ends everything, at once. */
  close(): void;
}
