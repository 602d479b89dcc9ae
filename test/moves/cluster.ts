import type { Client, ReceivedMessage } from "@hawser/client";
import type { Cleanup } from "../command/hawser-process.ts";
import { freePort, HawserProcess, serve } from "../command/hawser-process.ts";
import { connect } from "../support/clients.ts";

/** A node of the cluster, at an address that stays the same when it is started again. */
export interface ClusterNode {
  readonly process: HawserProcess;
  readonly url: string;
}

/** A `hawser log` on a port, and what its nodes and clients need; everything ends with `cleanup`. */
export class Cluster {
  readonly logPort: number;
  readonly #cleanup: Cleanup;
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(cleanup: Cleanup, logPort: number, environment: Readonly<Record<string, string>>) {
    this.#cleanup = cleanup;
    this.#folder = cleanup.folder();
    this.#environment = environment;
    this.logPort = logPort;
  }

  static async start(cleanup: Cleanup, environment: Readonly<Record<string, string>> = {}): Promise<Cluster> {
    const cluster = new Cluster(cleanup, await freePort(), environment);
    const words = ["log", "--listen", `tcp:127.0.0.1:${cluster.logPort}`, "--log-level", "warn"];
    const log = cleanup.process(new HawserProcess(words, { folder: cluster.#folder }));
    await log.printed(/log is ready/);
    return cluster;
  }

  /** @param logPort - Where it reaches the log, if not directly. */
  async node(logPort: number = this.logPort): Promise<ClusterNode> {
    const words = ["--port", "0", "--no-page", "--log", `tcp:127.0.0.1:${logPort}`, "--log-level", "warn"];
    const { server, url } = await serve(words, { folder: this.#folder, environment: this.#environment });
    return { process: this.#cleanup.process(server), url };
  }

  client(name: string, ...urls: [string, ...string[]]): Client {
    const client = connect(urls[0], name, { url: urls });
    this.#cleanup.add(() => client.close());
    return client;
  }
}

/** Reads a channel, from its beginning where nothing else is said, and keeps what came and what was told beside it. */
export class Reader {
  readonly messages: ReceivedMessage<unknown>[] = [];
  readonly told: string[] = [];
  /** The first subscription stands: what is published from now on comes. */
  readonly subscribed: Promise<void>;
  #wanted: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(client: Client, channel: string, from: "earliest" | "now" = "earliest") {
    const subscription = client.channel(channel).subscribe({ from });
    this.subscribed = new Promise((resolve) => {
      subscription.addEventListener("subscribed", () => resolve(), { once: true });
    });
    subscription.addEventListener("message", ({ message }) => {
      this.messages.push(message);
      if (this.messages.length === this.#wanted?.count) this.#wanted.resolve();
    });
    subscription.addEventListener("lost", () => this.told.push("lost"));
    subscription.addEventListener("reset", ({ reason }) => this.told.push(`reset ${reason}`));
  }

  /** Resolves when so many messages have come in all. */
  async reached(count: number): Promise<void> {
    if (this.messages.length >= count) return;
    await new Promise<void>((resolve) => (this.#wanted = { count, resolve }));
  }

  /** What came, with the place in the log. */
  get placed(): readonly unknown[] {
    return this.messages.map(({ position, data }) => [position.offset, data]);
  }

  /** What came of one writer, whose messages are `name-0`, `name-1`, ... */
  of(name: string): readonly unknown[] {
    return this.messages.map(({ data }) => data).filter((data) => String(data).startsWith(`${name}-`));
  }
}

/** `name-0`, `name-1`, ... */
export function numbered(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}
