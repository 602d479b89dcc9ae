import { HawserError, normalClosure, tokenInvalid } from "@hawser/protocol";
import type { ServerFrame, Timer } from "@hawser/protocol";
import type { Closure } from "../connection/closure.ts";
import { Connection } from "../connection/connection.ts";
import type { ConnectionOptions } from "../connection/connection.ts";
import { Link } from "./link.ts";
import { freshToken } from "./token-source.ts";
import type { Token } from "./token-source.ts";

/** What an attempt to connect is made with. */
export interface AttemptOptions extends Omit<ConnectionOptions, "hello" | "handlers"> {
  readonly token: Token | undefined;
  readonly session: string;
  readonly agent: string;
  readonly handlers: AttemptHandlers;
}

/** What becomes of an attempt, and then of its connection. Nothing is called after `cancel` or `Connection.close`. */
export interface AttemptHandlers {
  /** The connection exists, and begins to open. */
  onOpening(connection: Connection): void;
  onReady(link: Link): void;
  onFrame(frame: ServerFrame, link: Link): void;
  onRoundTrip(): void;
  /** `link` is `undefined` when it never came to `connected`. */
  onClosed(closure: Closure, link: Link | undefined): void;
}

/** One try to get a connection: fetches a token, opens, says `connect`. */
export class Attempt {
  #connection: Connection | undefined;
  /** Until the token function must have answered. */
  #waiting: Timer | undefined;
  #cancelled = false;

  constructor(options: AttemptOptions) {
    void this.#run(options);
  }

  /** Gives it up; its connection, if it has one by now, is closed. */
  cancel(): void {
    this.#cancelled = true;
    this.#waiting?.cancel();
    this.#connection?.close();
  }

  async #run(options: AttemptOptions): Promise<void> {
    const { handlers } = options;
    let token: string;
    try {
      token = await this.#token(options);
    } catch (cause) {
      const error =
        cause instanceof HawserError ? cause : new HawserError("token-invalid", String(cause), { retry: true, cause });
      const closure = { code: tokenInvalid, reconnect: error.retry, error };
      if (!this.#cancelled) handlers.onClosed(closure, undefined);
      return;
    }
    if (this.#cancelled) return;
    let link: Link | undefined;
    try {
      const connection = new Connection({
        ...options,
        hello: { type: "connect", token, session: options.session, agent: options.agent },
        handlers: {
          onConnected: (welcome) => {
            link = new Link(connection, welcome);
            handlers.onReady(link);
          },
          onFrame: (frame) => handlers.onFrame(frame, link!),
          onRoundTrip: () => handlers.onRoundTrip(),
          onClosed: (closure) => handlers.onClosed(closure, link),
        },
      });
      this.#connection = connection;
      handlers.onOpening(connection);
    } catch (cause) {
      // What a connector throws is wrong with the URL or the options, and will be wrong next time.
      const error = cause instanceof HawserError ? cause : new HawserError("option-invalid", String(cause), { cause });
      handlers.onClosed({ code: normalClosure, reconnect: false, error }, undefined);
    }
  }

  /** A function that never answers must not keep the client from trying again. */
  async #token({ token, ports, connectTimeoutMs }: AttemptOptions): Promise<string> {
    if (typeof token !== "function") return token ?? "";
    const overdue = new Promise<never>((_resolve, reject) => {
      this.#waiting = ports.timers.after(connectTimeoutMs, () =>
        reject(new HawserError("token-invalid", `No token within ${connectTimeoutMs} ms`, { retry: true })),
      );
    });
    try {
      return await Promise.race([freshToken(token), overdue]);
    } finally {
      this.#waiting?.cancel();
    }
  }
}
