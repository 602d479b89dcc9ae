import { HawserError } from "@hawser/protocol";
import type { UpstreamRequest, Upstreams, UpstreamSocket } from "@hawser/gateway/core";
import type { RandomStream } from "../random/random-stream.ts";
import type { Process } from "../time/process.ts";
import type { World } from "../world/world.ts";
import { SimulatedUpstream } from "./simulated-upstream.ts";
import type { UpstreamStyle } from "./simulated-upstream.ts";

/** Upstreams that there are, by name. */
export const upstreamNames = [
  "echo",
  "push",
  "slow",
  "stalling",
  "closing",
  "breaking",
  "late",
  "down",
  "huge",
] as const;

/** Codes that a WebSocket may be closed with by a server of any kind. */
const codes = [1000, 1001, 1005, 1008, 1011, 1012, 3000, 4000, 4399, 4999] as const;

/** All upstreams, as one node reaches them. */
export class SimulatedUpstreams implements Upstreams {
  readonly #world: World;
  readonly #home: Process;

  constructor(world: World, home: Process) {
    this.#world = world;
    this.#home = home;
  }

  async open({ upstream, path, protocols, identity }: UpstreamRequest): Promise<UpstreamSocket> {
    const { sockets, options, time } = this.#world;
    const use = sockets.byPath(path);
    if (use === undefined || use.user !== identity.user) {
      this.#world.report("sockets", `${identity.user} opens ${path}, which is not of that user`);
      throw new Error("not of this user");
    }
    const { windowBytes, largestBytes, resumeMs } = options.sockets!;
    const record = sockets.begin({
      label: use.name,
      upstream,
      user: identity.user,
      client: use.process,
      home: this.#home,
      windowBytes,
      largestBytes,
      resumeMs,
      isLeaving: () => sockets.leaving,
      now: () => time.now,
      report: (message) => this.#world.report("sockets", message),
      reportBounds: (message) => this.#world.report("bounds", message),
    });
    // It may have gone while it was being opened.
    record.forbidden = !this.#world.rights.mayOpen(identity.user, upstream);
    const random = this.#world.random.actions.split(`upstream ${record.id}`);
    const openMs = upstream === "late" && !this.#world.healed ? random.integer(500, 6_000) : random.integer(1, 30);
    await new Promise<void>((resolve) => void time.after(openMs, () => this.#home.run(resolve)));
    if (upstream === "down") {
      record.upstreamEnds({ code: 1006, reason: "" });
      throw new HawserError("upstream-refused", "This upstream answers the handshake with 403.");
    }
    const protocol = protocols.length === 0 ? "" : random.pick(protocols);
    const socket = new SimulatedUpstream(this.#world, record, drawStyle(upstream, random), protocol, random);
    if (this.#world.healed) socket.hurry();
    this.#world.upstreams.push(socket);
    return socket;
  }
}

function drawStyle(upstream: string, random: RandomStream): UpstreamStyle {
  switch (upstream) {
    case "push":
      return { kind: "push", everyMs: random.pick([20, 100, 500]) };
    case "slow":
      return { kind: "slow", pieceMs: random.pick([1, 10, 50]) };
    case "stalling":
      return { kind: "stalling", everyPieces: random.integer(1, 10), stallMs: random.integer(200, 6_000) };
    case "closing": {
      const code = random.pick(codes);
      const reason = code === 1005 ? "" : random.pick(["", "enough", "é".repeat(61)]);
      return { kind: "closing", messages: random.integer(1, 20), code, reason };
    }
    case "huge":
      return { kind: "huge", messages: random.integer(1, 20) };
    case "breaking":
      return { kind: "breaking", messages: random.integer(1, 20) };
    default:
      return { kind: "echo" };
  }
}
