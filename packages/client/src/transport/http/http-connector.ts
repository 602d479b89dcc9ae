import { HawserError, protobufCodec, systemPorts } from "@hawser/protocol";
import type { Codec, Ports } from "@hawser/protocol";
import type { Connector } from "../transport.ts";
import type { Fetch } from "./http-exchange.ts";
import { HttpTransport } from "./http-transport.ts";

/** How HTTP is used. */
export interface HttpConnectorOptions {
  /** Default the platform's `fetch`. */
  readonly fetch?: Fetch;
  /** The same as the client's. Default `protobufCodec`. */
  readonly codec?: Codec;
  /**
   * Answers come as server-sent events, which some proxies let through where they hold other streams back. `hawser.v1`
   * is then a third longer. Default false.
   */
  readonly events?: boolean;
  /** Calls and history requests at a time; those beside wait for the next. A browser has six connections for each host, of which streams and publishes need three. Default 2. */
  readonly maxParallelRequests?: number;
  /** Clock and timers. Default the platform's. */
  readonly ports?: Pick<Ports, "clock" | "timers">;
}

/**
 * Connects by HTTP requests: one whose answer is a stream, and short ones for what goes up. For where WebSockets do not
 * get through; see `fallbackConnector`. Its name is `http-stream`, or `http-events`.
 */
export function httpStreamConnector(options: HttpConnectorOptions = {}): Connector {
  return httpConnector(options.events === true ? "http-events" : "http-stream", false, options);
}

/**
 * Connects by HTTP requests that are answered when there is something: for where streams do not get through either. Its
 * name is `http-polling`.
 */
export function httpPollingConnector(options: HttpConnectorOptions = {}): Connector {
  return httpConnector("http-polling", true, options);
}

function httpConnector(name: string, polls: boolean, options: HttpConnectorOptions): Connector {
  const { codec = protobufCodec, events = false, maxParallelRequests = 2, ports = systemPorts() } = options;
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  if (!Number.isSafeInteger(maxParallelRequests) || maxParallelRequests < 1) {
    throw new HawserError("option-invalid", "`maxParallelRequests` is a whole number above 0");
  }
  return {
    name,
    connect(url, subprotocol, handlers) {
      if (subprotocol !== codec.subprotocol) {
        throw new HawserError(
          "option-invalid",
          `The client's codec is of ${subprotocol}: give it to the connector, too`,
        );
      }
      const base = { url: httpUrl(url), fetch, codec, ports, handlers };
      return new HttpTransport({ ...base, polls, events, maxParallelRequests });
    },
  };
}

/** The address of the requests for that of the WebSocket. @throws TypeError for an address that is none. */
function httpUrl(url: string): string {
  const parsed = new URL(url, (globalThis as { location?: { readonly href: string } }).location?.href);
  return parsed.href
    .replace(/^ws/, "http")
    .replace(/#.*$/, "")
    .replace(/\/(?=$|\?)/, "");
}
