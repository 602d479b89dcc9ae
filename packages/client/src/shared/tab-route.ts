import type { Line, ToHost, ToTab } from "./line.ts";
import type { Route } from "./route.ts";
import { TabHosting } from "./tab-hosting.ts";
import type { TabHostingOptions } from "./tab-hosting.ts";
import { lineToHost } from "./tab-line.ts";

/** Through the tab that was elected, which may be this one. */
export class TabRoute implements Route {
  readonly #options: Omit<TabHostingOptions, "onHost">;
  readonly #hosting: TabHosting;
  /** Streams that no host has answered. */
  readonly #calling = new Set<string>();
  #count = 0;

  constructor(options: Omit<TabHostingOptions, "onHost">) {
    this.#options = options;
    this.#hosting = new TabHosting({ ...options, onHost: () => this.#callAgain() });
  }

  newLine(): Line<ToHost, ToTab> {
    const { BroadcastChannel, prefix, id } = this.#options;
    this.#count += 1;
    const stream = `${id}:${this.#count}`;
    const calling = this.#calling;
    const line = lineToHost(new BroadcastChannel(`${prefix}:${stream}`), () => calling.delete(stream));
    calling.add(stream);
    this.#hosting.call(stream);
    return line;
  }

  onUnanswered(): boolean {
    this.#hosting.take();
    return true;
  }

  close(): void {
    this.#hosting.stop();
  }

  #callAgain(): void {
    for (const stream of this.#calling) this.#hosting.call(stream);
  }
}
