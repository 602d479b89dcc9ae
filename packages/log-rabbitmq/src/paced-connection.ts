import { HawserError } from "@hawser/protocol";
import { Backoff } from "@hawser/log/broker";
import type { BrokerPorts } from "@hawser/log/broker";
import { connect } from "amqplib";
import type { ChannelModel } from "amqplib";
import { credentialsOf } from "./connection-options.ts";
import type { ConnectionSettings } from "./connection-options.ts";

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly attempt: Promise<ChannelModel> }
  | { readonly kind: "open"; readonly model: ChannelModel }
  | { readonly kind: "closed" };

/**
 * A connection to the broker that is made when somebody needs it and is not there. However many ask, there is one try at a
 * time, and between two a pause that grows: a broker that comes back is not met by a storm.
 */
export class PacedConnection {
  readonly #settings: ConnectionSettings;
  readonly #backoff: Backoff;
  readonly #name: string;
  #state: State = { kind: "idle" };
  #node = 0;

  /** @param purpose follows the connection's name, so that an operator can tell one from the other. */
  constructor(settings: ConnectionSettings, ports: BrokerPorts, purpose: string) {
    this.#settings = settings;
    this.#backoff = new Backoff(settings, ports);
    this.#name = `${settings.connectionName} ${purpose}`;
  }

  /**
   * The connection, once there is one. Rejects with `log-unavailable` when the next try fails; those who ask during a pause wait
   * for the try behind it.
   */
  model(): Promise<ChannelModel> {
    const state = this.#state;
    if (state.kind === "open") return Promise.resolve(state.model);
    if (state.kind === "connecting") return state.attempt;
    if (state.kind === "closed") return Promise.reject(new HawserError("log-closed", "the connection was closed"));
    const attempt = this.#backoff.pause().then(() => this.#connect());
    this.#state = { kind: "connecting", attempt };
    return attempt;
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { kind: "closed" };
    // One that is under way closes itself when it finds that nobody wants it any more.
    if (state.kind === "open") await state.model.close().catch(() => {});
  }

  async #connect(): Promise<ChannelModel> {
    try {
      if (this.#state.kind === "closed") throw new Error("the connection was closed");
      const model = await this.#anyNode();
      if (this.#isClosed()) {
        await model.close().catch(() => {});
        throw new Error("the connection was closed");
      }
      this.#state = { kind: "open", model };
      // An error is followed by the end; who waits for something is told by that.
      model.on("error", () => {});
      model.on("close", () => this.#lost(model));
      return model;
    } catch (error) {
      this.#backoff.failed();
      if (!this.#isClosed()) this.#state = { kind: "idle" };
      throw unavailable(`RabbitMQ does not answer: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }

  /** Of the first node that lets us in, beginning with the one that did last. Throws what the last one said. */
  async #anyNode(): Promise<ChannelModel> {
    const { hosts } = this.#settings;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#handshake(hosts[this.#node % hosts.length]!);
      } catch (error) {
        this.#node += 1;
        if (tries >= hosts.length || this.#isClosed()) throw error;
      }
    }
  }

  #handshake({ host, port }: ConnectionSettings["hosts"][number]): Promise<ChannelModel> {
    const { vhost, tls, heartbeatMs, connectTimeoutMs } = this.#settings;
    return connect(
      {
        protocol: tls === undefined ? "amqp" : "amqps",
        hostname: host,
        port,
        vhost: encodeURIComponent(vhost),
        heartbeat: Math.max(1, Math.round(heartbeatMs / 1_000)),
      },
      {
        ...tls,
        noDelay: true,
        timeout: connectTimeoutMs,
        credentials: credentialsOf(this.#settings),
        clientProperties: { connection_name: this.#name, product: "Hawser" },
      },
    );
  }

  #lost(model: ChannelModel): void {
    if (this.#state.kind !== "open" || this.#state.model !== model) return;
    this.#state = { kind: "idle" };
    this.#backoff.failed();
  }

  #isClosed(): boolean {
    return this.#state.kind === "closed";
  }
}

/** The broker did not answer, or not as it should; the same may be tried again. */
export function unavailable(message: string, cause?: unknown): HawserError {
  return new HawserError("log-unavailable", message, { retry: true, cause });
}
