import type { Line, ToHost, ToTab } from "./line.ts";

/** What is used of a `BroadcastChannel`. */
export interface BroadcastChannelLike {
  onmessage: ((event: never) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** A class with the standard `BroadcastChannel` constructor. */
export type BroadcastChannelClass = new (name: string) => BroadcastChannelLike;

/** What is said where all tabs listen. */
export type LobbyMessage =
  /** A tab asks for a host: it listens on the channel `stream`. */
  | { readonly kind: "call"; readonly stream: string }
  /** A tab has become the host: who has none may call again. */
  | { readonly kind: "host" };

/** On a stream's own channel: for a while there may be two hosts, and each must know whom the tab means. */
type Addressed<Body> =
  | { readonly to: "tab"; readonly host: string; readonly body: Body }
  | { readonly to: "host"; readonly host: string; readonly body: Body };

/**
 * The tab's end of a stream's own channel. The first host that answers is the one.
 *
 * @param onAnswered one has answered, or the line is closed.
 */
export function lineToHost(channel: BroadcastChannelLike, onAnswered: () => void): Line<ToHost, ToTab> {
  let chosen: string | undefined;
  const line: Line<ToHost, ToTab> = {
    onMessage: undefined,
    post: (body) => {
      if (chosen !== undefined) channel.postMessage({ to: "host", host: chosen, body } satisfies Addressed<ToHost>);
    },
    close: () => {
      onAnswered();
      close(channel);
    },
  };
  channel.onmessage = ({ data }: { readonly data: Addressed<ToTab> }) => {
    if (data.to !== "tab") return;
    // The first that it hears is that there is a host, or that the host has no room.
    if (chosen === undefined && (data.body.kind === "here" || data.body.kind === "close")) {
      chosen = data.host;
      onAnswered();
    }
    if (data.host === chosen) line.onMessage?.(data.body);
  };
  return line;
}

/** The host's end. It ends when the tab has chosen another host. */
export function lineToTab(channel: BroadcastChannelLike, host: string, onClosed: () => void): Line<ToTab, ToHost> {
  const line: Line<ToTab, ToHost> = {
    onMessage: undefined,
    post: (body) => channel.postMessage({ to: "tab", host, body } satisfies Addressed<ToTab>),
    close: () => {
      onClosed();
      close(channel);
    },
  };
  channel.onmessage = ({ data }: { readonly data: Addressed<ToHost> }) => {
    if (data.to !== "host") return;
    if (data.host === host) line.onMessage?.(data.body);
    else line.onMessage?.({ kind: "close", code: 1000, reason: "The tab has another host." });
  };
  return line;
}

function close(channel: BroadcastChannelLike): void {
  channel.onmessage = null;
  channel.close();
}
