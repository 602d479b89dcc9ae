import { parseUrl } from "../reconnecting-websocket/standard-arguments.ts";
import type { VirtualSocketOptions } from "./options.ts";
import { VirtualSocket } from "./virtual-socket.ts";
import type { SocketHost } from "./virtual-socket.ts";

/** Where a URL leads. */
export interface VirtualTarget {
  /** The name of the upstream. */
  readonly upstream: string;
  /** Added to the path of the upstream's own address. Default "": nothing. */
  readonly path?: string;
}

export interface VirtualWebSocketOptions extends Omit<VirtualSocketOptions, "path"> {
  /**
   * Which upstream a URL means. Default: the upstream is named as the URL's host, and the path is the URL's:
   * `hawser://quotes/eu?v=2` and `wss://quotes/eu?v=2` are both `quotes` with `/eu?v=2`.
   */
  readonly resolve?: (url: URL) => VirtualTarget;
}

/** A class that can stand wherever a `WebSocket` class is asked for. */
export interface VirtualWebSocketClass {
  new (url: string | URL, protocols?: string | string[]): VirtualSocket;
  readonly prototype: VirtualSocket;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
}

/**
 * The constructor form of `openSocket`: a class for libraries that take a `WebSocket` class and construct it with a URL and
 * subprotocols.
 *
 * @example
 * const client = createClient({ url: "wss://gateway.example.com/hawser" });
 * const graphql = graphqlWs.createClient({ url: "hawser://graphql/", webSocketImpl: virtualWebSocket(client) });
 *
 * @throws HawserError `option-invalid`; its constructor a DOMException `SyntaxError`, as the standard's.
 */
export function virtualWebSocket(client: SocketHost, options: VirtualWebSocketOptions = {}): VirtualWebSocketClass {
  const { resolve = hostAndPath, ...rest } = options;
  return class VirtualWebSocket extends VirtualSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      if (arguments.length === 0) throw new TypeError("A WebSocket is constructed with a URL");
      const href = addressOf(url);
      const { upstream, path = "" } = resolve(new URL(href));
      super(client, { url: href, upstream }, protocols, { ...rest, path });
    }
  };
}

function addressOf(url: string | URL): string {
  const text = String(url);
  if (!/^\s*hawser:/i.test(text)) return parseUrl(text);
  let href = "";
  try {
    const parsed = new URL(text);
    if (parsed.host !== "") ({ href } = parsed);
  } catch {
    // Told below, as what has no host is.
  }
  if (href === "") throw new DOMException(`The URL "${text}" is invalid`, "SyntaxError");
  if (href.includes("#")) throw new DOMException("The URL has a fragment, which is not sent", "SyntaxError");
  return href;
}

function hostAndPath({ host, pathname, search }: URL): VirtualTarget {
  const path = pathname + search;
  return { upstream: decodeURIComponent(host), path: path === "/" ? "" : path };
}
