import { spawnSync } from "node:child_process";

/** Where packets travel as datagrams of VXLAN (RFC 7348). */
export const vxlanPort = 4789;

/** The ends, as the process between them sees them: addresses of the documentation's own (RFC 5737). */
export const addresses = { near: "198.51.100.2", far: "198.51.100.6" } as const;

type End = keyof typeof addresses;

const prefix = `hawser-bench-${process.pid}`;
const ends: readonly { readonly end: End; readonly router: string; readonly own: string; readonly card: string }[] = [
  { end: "near", router: "198.51.100.1", own: "203.0.113.1", card: "02:00:00:00:00:01" },
  { end: "far", router: "198.51.100.5", own: "203.0.113.2", card: "02:00:00:00:00:02" },
];

/**
 * Two hosts, each in a network of its own, whose packets all go through a process in the middle: real TCP of the kernel's at
 * both ends, and a path that is a program's. Needs the right to make network namespaces.
 */
export class PacketNetwork {
  readonly #names: readonly string[] = ["near", "middle", "far"].map((name) => `${prefix}-${name}`);

  /** @throws Error where the kernel, or its tools, refuse. */
  static open(): PacketNetwork {
    const network = new PacketNetwork();
    try {
      network.#make();
      return network;
    } catch (error) {
      network.close();
      throw error;
    }
  }

  /** The address of the near end, as the far end reaches it. */
  get nearAddress(): string {
    return ends[0]!.own;
  }

  /** The command that runs another one at an end, or between them. */
  commandAt(place: End | "middle"): readonly string[] {
    return ["ip", "netns", "exec", `${prefix}-${place}`];
  }

  /** Takes all away; interfaces go with their networks. */
  close(): void {
    for (const name of this.#names) spawnSync("ip", ["netns", "del", name]);
  }

  #make(): void {
    const middle = `${prefix}-middle`;
    for (const name of this.#names) {
      ip("netns", "add", name);
      ip("-n", name, "link", "set", "lo", "up");
    }
    for (const { end, router, own, card } of ends) {
      const name = `${prefix}-${end}`;
      ip("-n", middle, "link", "add", end, "type", "veth", "peer", "name", "out", "netns", name);
      ip("-n", middle, "addr", "add", `${router}/30`, "dev", end);
      ip("-n", middle, "link", "set", end, "up");
      ip("-n", name, "addr", "add", `${addresses[end]}/30`, "dev", "out");
      ip("-n", name, "link", "set", "out", "up");
      const way = ["local", addresses[end], "remote", router, "dstport", String(vxlanPort), "nolearning"];
      ip("-n", name, "link", "add", "path", "type", "vxlan", "id", "7", ...way);
      // Packets as they would be on a wire: no larger ones that a card would cut.
      const single = ["mtu", "1450", "gso_max_segs", "1", "gso_max_size", "1500"];
      ip("-n", name, "link", "set", "path", "address", card, ...single, "up");
      ip("-n", name, "addr", "add", `${own}/24`, "dev", "path");
      // What most hosts have, whatever this one has; the nearest thing to it where a network may not choose.
      const choose = (algorithm: string): string => `echo ${algorithm} > /proc/sys/net/ipv4/tcp_congestion_control`;
      ip("netns", "exec", name, "sh", "-c", `(${choose("cubic")}) 2> /dev/null || ${choose("reno")}`);
    }
  }
}

function ip(...words: readonly string[]): void {
  const { status, stderr, error } = spawnSync("ip", words, { encoding: "utf8", timeout: 10_000 });
  if (status !== 0) throw new Error(`ip ${words.join(" ")}: ${error?.message ?? stderr.trim()}`);
}
