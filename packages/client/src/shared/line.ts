/** What a tab says to the host of its connections, on the line of one stream. */
export type ToHost =
  | {
      readonly kind: "connect";
      readonly url: string;
      readonly principal: string;
      /** The connector of the tab: two streams of one client never lie on one connection. */
      readonly client: string;
      /** The lock that the tab holds while it lives; `undefined` where there are no locks. */
      readonly alive: string | undefined;
    }
  | { readonly kind: "message"; readonly data: Uint8Array }
  /** All before the mark was taken (SHARE-6). */
  | { readonly kind: "confirm"; readonly mark: Uint8Array }
  /** So much more was taken, by `costOf`. */
  | { readonly kind: "taken"; readonly cost: number }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** What the host says to a tab. */
export type ToTab =
  /** The first: there is a host, and which lock it holds while it lives. */
  | { readonly kind: "here"; readonly alive: string | undefined }
  /** The physical connection is up. */
  | { readonly kind: "open" }
  | { readonly kind: "message"; readonly data: Uint8Array }
  | { readonly kind: "mark"; readonly mark: Uint8Array }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** One end of what a tab and a host say to each other about one stream. In order; each message once, or not at all. */
export interface Line<Out, In> {
  /** Set once, in the turn in which the line was made. */
  onMessage: ((message: In) => void) | undefined;
  /** `transfer`: buffers that this side needs no more; a line that cannot hand them over copies them. */
  post(message: Out, transfer?: ArrayBuffer[]): void;
  /** Nothing is heard or said any more. */
  close(): void;
}

/** What is used of a `MessagePort`. */
export interface MessagePortLike {
  onmessage: ((event: never) => void) | null;
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  close(): void;
}

/**
 * A line over one end of a message channel, such as the port of a shared worker.
 *
 * @param onHeard something has come over it.
 */
export function portLine<Out, In>(port: MessagePortLike, onHeard: () => void = () => {}): Line<Out, In> {
  const line: Line<Out, In> = {
    onMessage: undefined,
    post: (message, transfer = []) => port.postMessage(message, transfer),
    close: () => {
      port.onmessage = null;
      port.close();
    },
  };
  port.onmessage = ({ data }: { readonly data: In }) => {
    onHeard();
    line.onMessage?.(data);
  };
  return line;
}

/** What a message costs the memory of who holds it unread: its bytes, and what an entry of a queue takes. */
export function costOf(data: Uint8Array): number {
  return data.length + 256;
}

/** A tab says what it took whenever it is this much. */
export const takenEvery = 65_536;
