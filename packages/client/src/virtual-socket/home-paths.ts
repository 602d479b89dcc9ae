import { believed } from "../session/endpoint-list.ts";
import type { Link } from "../session/link.ts";
import type { PartContext } from "../session/part-set.ts";
import { homeLane, HomePath } from "./home-path.ts";

/** How many connections a session has to homes by their own addresses, beside those that it has anyway. */
const maxHomeConnections = 4;

/** Where a socket lives. */
export interface SocketAddress {
  /** The node's name. */
  readonly home: string;
  /** Addresses of that node itself, as it says; none: not told. */
  readonly endpoints: readonly string[];
}

/** The connections to homes by their own addresses: those that sockets need, since no other leads there (SOCK-23). */
export class HomePaths {
  readonly #context: PartContext;
  readonly #paths = new Map<string, HomePath>();

  constructor(context: PartContext) {
    this.#context = context;
  }

  /** There are other connections, or other sockets, than before. */
  update(sockets: Iterable<SocketAddress>): void {
    const needed = new Map<string, readonly string[]>();
    for (const { home, endpoints } of sockets) if (!this.#isReached(home)) needed.set(home, endpoints);
    for (const [home, path] of this.#paths) if (!needed.has(home)) path.leave();
    for (const [home, endpoints] of needed) this.#want(home, endpoints);
  }

  /** The client has a connection more: what was dialled in vain is dialled again. */
  again(link: Link): void {
    if (!link.lane.startsWith(homeLane(""))) for (const path of this.#paths.values()) path.again();
  }

  /** @returns whether a home is reached after all, or may be soon: by its own address, or by a connection that is coming anyway. */
  dial(home: string): boolean {
    const { paths, options } = this.#context.session();
    return (
      this.#isReached(home) ||
      this.#paths.get(home)?.dial() === true ||
      paths.slice(0, options.plans.length).some(({ state }) => state.kind !== "connected")
    );
  }

  end(): void {
    for (const path of this.#paths.values()) path.end();
  }

  #isReached(home: string): boolean {
    return [...this.#context.links].some(({ welcome, lane }) => welcome.node === home && lane !== homeLane(home));
  }

  #want(home: string, endpoints: readonly string[]): void {
    const session = this.#context.session();
    const known = this.#paths.get(home);
    if (known !== undefined) return known.want();
    const urls = believed(
      endpoints,
      session.options.plans.flatMap((plan) => plan.urls),
    );
    if (urls.length === 0 || this.#paths.size >= maxHomeConnections) return;
    this.#paths.set(home, new HomePath({ session, home, urls, onLeft: () => this.#paths.delete(home) }));
  }
}
