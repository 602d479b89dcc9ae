import { portLine } from "./line.ts";
import type { Line, ToHost, ToTab } from "./line.ts";
import type { SharedPlatform } from "./platform.ts";
import type { Route } from "./route.ts";
import { SharedHost } from "./shared-host.ts";
import type { SharedHostOptions } from "./shared-host.ts";

/** Where tabs cannot find each other (pages that are not secure have no locks), each holds its own connections. */
export class AloneRoute implements Route {
  readonly #host: SharedHost;
  readonly #platform: SharedPlatform;

  constructor(options: SharedHostOptions, platform: SharedPlatform) {
    this.#host = new SharedHost(options);
    this.#platform = platform;
  }

  newLine(): Line<ToHost, ToTab> {
    const { port1, port2 } = new this.#platform.MessageChannel();
    this.#host.attach(portLine(port2));
    return portLine(port1);
  }

  /** It is in this page: it answers, or the page does not run. */
  onUnanswered(): boolean {
    return false;
  }

  close(): void {
    this.#host.close();
  }
}
