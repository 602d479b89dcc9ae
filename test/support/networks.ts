import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const prefix = `hawser-${process.pid}`;
/** A range of the documentation's own (RFC 5737), which no machine uses. */
const network = (index: number): string => `198.51.100.${index * 4}`;
const address = (index: number, end: "router" | "host"): string =>
  `198.51.100.${index * 4 + (end === "router" ? 1 : 2)}`;

/**
 * Hosts in networks of their own, each behind one router. The router can swallow what goes from one to another: both see
 * nothing, as behind a cable that was cut far away.
 *
 * Needs the right to make network namespaces; `problem` says why when that is not so.
 */
export class Networks {
  readonly #hosts: readonly string[];

  private constructor(hosts: readonly string[]) {
    this.#hosts = hosts;
  }

  /** In words why there can be none here; `undefined` when there can. */
  static problem(hosts: readonly string[]): string | undefined {
    const networks = new Networks(hosts);
    const problem = networks.#make();
    networks.close();
    return problem;
  }

  /** Close them, whatever happens. Those that a process left behind when it was killed are taken away first. */
  static open(hosts: readonly string[]): Networks {
    removeAbandoned();
    const networks = new Networks(hosts);
    const problem = networks.#make();
    if (problem === undefined) return networks;
    networks.close();
    throw new Error(problem);
  }

  addressOf(host: string): string {
    return address(this.#hosts.indexOf(host), "host");
  }

  /** The command that runs another one on a host. */
  commandOn(host: string): readonly string[] {
    return ["ip", "netns", "exec", nameOf(host)];
  }

  /** From now on nothing comes through between two hosts, and nobody is told. */
  part(one: string, other: string): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      // What comes from one and is for the other goes into the void; the rest of the routes stay.
      const rule = ["rule", "add", "from", this.addressOf(from), "to", this.addressOf(to), "blackhole"];
      expectDone(ip(["-n", nameOf("router"), ...rule]));
    }
  }

  heal(): void {
    const { stdout } = ip(["-n", nameOf("router"), "rule", "list"]);
    const count = stdout.split("\n").filter((line) => line.includes("blackhole")).length;
    for (let index = 0; index < count; index += 1) ip(["-n", nameOf("router"), "rule", "del", "blackhole"]);
  }

  /** Takes all away; their interfaces go with them. */
  close(): void {
    for (const name of [...this.#hosts, "router"]) ip(["netns", "del", nameOf(name)]);
  }

  /** What the kernel, or its tools, refused. */
  #make(): string | undefined {
    const router = nameOf("router");
    const steps: string[][] = [
      ["netns", "add", router],
      ["-n", router, "link", "set", "lo", "up"],
    ];
    for (const [index, host] of this.#hosts.entries()) {
      const name = nameOf(host);
      steps.push(
        ["netns", "add", name],
        ["-n", router, "link", "add", `to${index}`, "type", "veth", "peer", "name", "out", "netns", name],
        ["-n", router, "addr", "add", `${address(index, "router")}/30`, "dev", `to${index}`],
        ["-n", router, "link", "set", `to${index}`, "up"],
        ["-n", name, "addr", "add", `${address(index, "host")}/30`, "dev", "out"],
        ["-n", name, "link", "set", "lo", "up"],
        ["-n", name, "link", "set", "out", "up"],
        ["-n", name, "route", "add", "default", "via", address(index, "router")],
      );
    }
    // Rules that the test adds have to be there as a kind at all.
    steps.push(
      ["-n", router, "rule", "add", "from", network(60), "blackhole"],
      ["-n", router, "rule", "del", "blackhole"],
    );
    for (const step of steps) {
      const { status, stderr } = ip(step);
      if (status !== 0) return `ip ${step.join(" ")}: ${stderr.trim()}`;
    }
    const forwarding = ip(["netns", "exec", router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
    return forwarding.status === 0 ? undefined : `the router may not forward: ${forwarding.stderr.trim()}`;
  }
}

function removeAbandoned(): void {
  const { stdout } = ip(["netns", "list"]);
  for (const [name, process] of stdout.matchAll(/^hawser-(\d+)-\w+/gm)) {
    if (!existsSync(`/proc/${process}`)) ip(["netns", "del", name]);
  }
}

interface Done {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function ip(words: readonly string[]): Done {
  const { status, stdout, stderr, error } = spawnSync("ip", words, { encoding: "utf8", timeout: 10_000 });
  return { status, stdout: stdout ?? "", stderr: error?.message ?? stderr };
}

function expectDone({ status, stderr }: Done): void {
  if (status !== 0) throw new Error(`ip failed: ${stderr}`);
}

function nameOf(host: string): string {
  return `${prefix}-${host}`;
}
