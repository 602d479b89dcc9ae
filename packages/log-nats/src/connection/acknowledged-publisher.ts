import type { Timer, Timers } from "@hawser/protocol";
import { createInbox } from "@nats-io/transport-node";
import type { Msg, MsgHdrs, NatsConnection, Subscription } from "@nats-io/transport-node";

/** A message for a stream. */
export interface OutgoingMessage {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly value: Uint8Array;
}

interface Group {
  /** Messages that are not acknowledged. */
  left: number;
  readonly stream: string;
  readonly settle: (error?: Error) => void;
}

/**
 * Publishes messages by the group and waits for the acknowledgements of each: with one address for the answers, one timer and
 * one promise for all of a group. (The client's `publish` takes these for each message, which costs more than the message.)
 *
 * @see https://docs.nats.io/reference/reference-protocols/nats_api_reference#publishing-to-a-stream
 */
export class AcknowledgedPublisher {
  readonly #nats: NatsConnection;
  readonly #timers: Timers;
  readonly #timeoutMs: number;
  readonly #inbox = createInbox();
  readonly #groups = new Map<string, Group>();
  readonly #subscription: Subscription;
  #count = 0;

  constructor(nats: NatsConnection, timers: Timers, timeoutMs: number) {
    this.#nats = nats;
    this.#timers = timers;
    this.#timeoutMs = timeoutMs;
    this.#subscription = nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(message);
      },
    });
  }

  /** Resolves when the stream has all of them. Rejects when one was refused, or was not acknowledged in time. */
  publish(stream: string, messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return Promise.resolve();
    this.#count += 1;
    const reply = `${this.#inbox}.${this.#count}`;
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        timer.cancel();
        this.#groups.delete(reply);
        if (error === undefined) resolve();
        else reject(error);
      };
      const timer: Timer = this.#timers.after(this.#timeoutMs, () => settle(new Error("no acknowledgement in time")));
      this.#groups.set(reply, { left: messages.length, stream, settle });
      try {
        for (const { subject, headers, value } of messages) this.#nats.publish(subject, value, { headers, reply });
      } catch (error) {
        settle(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  close(): void {
    this.#subscription.unsubscribe();
    for (const { settle } of this.#groups.values()) settle(new Error("the connection was closed"));
  }

  #answered(message: Msg): void {
    const group = this.#groups.get(message.subject);
    if (group === undefined) return;
    const refusal = refusalOf(message, group.stream);
    if (refusal !== undefined) group.settle(new Error(refusal));
    else if ((group.left -= 1) === 0) group.settle();
  }
}

/** Why a message is not in its stream; `undefined` when it is. */
function refusalOf(message: Msg, stream: string): string | undefined {
  if (message.headers?.code === noResponders) return "no stream takes its subject";
  const text = message.string();
  // Acknowledgements are many, and all alike: `{"stream":"NAME","seq":1}`.
  if (text.startsWith(`{"stream":"${stream}",`) && !text.includes(`"error"`)) return undefined;
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) {
      if ("stream" in answer && answer.stream === stream && !("error" in answer)) return undefined;
      if ("error" in answer) return JSON.stringify(answer.error);
    }
  } catch {
    // As below.
  }
  return `this is no acknowledgement of stream ${stream}: ${text}`;
}

/** The status of an answer that says that nobody was there to give one. */
const noResponders = 503;
