import { HawserError } from "@hawser/protocol";
import { nodeMark } from "./backends.ts";

/** Where the HTTP APIs of the other nodes of a gateway are. */
export interface Peers {
  /** The base of the API of the node whose sockets' ids begin with `mark`; `undefined`: not known. */
  urlOf(mark: string): string | undefined;
}

/** A node as a cluster knows it. */
export interface KnownNode {
  readonly name: string;
  /** Its public addresses, such as `wss://a.example.org/hawser`. */
  readonly endpoints: readonly string[];
}

/**
 * The nodes that were named, and those that the cluster knows at the moment.
 *
 * @param named - The base of each one's API by its name: `http://10.0.0.2:8080/hawser/api/v1`.
 * @param cluster - Those that the cluster knows now.
 * @throws HawserError `option-invalid` for what is no HTTP URL.
 */
export function peersOf(named: Readonly<Record<string, string>>, cluster: () => readonly KnownNode[]): Peers {
  const byMark = new Map<string, string>();
  for (const [name, url] of Object.entries(named)) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new HawserError("option-invalid", `peers.${name} must be an http or https URL.`);
    byMark.set(nodeMark(name), url.replace(/\/$/, ""));
  }
  return {
    urlOf: (mark) => {
      const url = byMark.get(mark);
      if (url !== undefined) return url;
      const [endpoint] = cluster().find(({ name }) => nodeMark(name) === mark)?.endpoints ?? [];
      return endpoint === undefined ? undefined : `${endpoint.replace(/^ws/, "http").replace(/\/$/, "")}/api/v1`;
    },
  };
}
