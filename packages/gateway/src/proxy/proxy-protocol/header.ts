/** One end of a connection, as a PROXY protocol header names it. */
export interface ProxyEndpoint {
  /** IPv4 or IPv6, in its usual text. */
  readonly address: string;
  readonly port: number;
}

/** The connection that a proxy in front took, and speaks for. */
export interface ProxiedPeer {
  readonly source: ProxyEndpoint;
  readonly destination: ProxyEndpoint;
  /** The client's side of that proxy is TLS (`PP2_TYPE_SSL`, version 2 only). */
  readonly secure: boolean;
}

/** What the first bytes of a connection are, by "The PROXY protocol, versions 1 & 2" (HAProxy, 2020). */
export type HeaderReading =
  /** So far it may be a header. */
  | { readonly kind: "incomplete" }
  /** @see ProxiedPeer — `undefined`: the proxy speaks for itself or cannot say (`UNKNOWN`, `LOCAL`), so that the socket's own ends hold. */
  | { readonly kind: "header"; readonly bytes: number; readonly peer: ProxiedPeer | undefined }
  | { readonly kind: "invalid"; readonly reason: string };

export const incomplete: HeaderReading = { kind: "incomplete" };

export function invalid(reason: string): HeaderReading {
  return { kind: "invalid", reason };
}
