import type { AppendOutcome } from "@hawser/log";
import { HawserError, isChannelName, validateNow, valueOf } from "@hawser/protocol";
import type { Contract, PublishFrame, StandardSchemaV1 } from "@hawser/protocol";
import type { ClientContext } from "../connection/client-context.ts";
import type { Rates } from "../connection/rates.ts";
import { forbidden } from "../connection/rights.ts";
import type { NodeObserver } from "../observe/observer.ts";
import type { ChannelPolicy } from "../policy/channel-policy.ts";
import type { Appender, OnAppended } from "./appender.ts";

export interface PublisherOptions {
  readonly client: ClientContext;
  readonly appender: Appender;
  readonly policyOf: (channel: string) => ChannelPolicy;
  readonly contract: Contract | undefined;
  readonly maxKeyBytes: number;
  readonly rates: Rates;
  readonly observer: NodeObserver;
}

/** What speaks against a publish, or nothing. */
type Verdict = HawserError | undefined;

/** A channel that clients may publish to. */
interface KnownChannel {
  readonly name: string;
  readonly policy: ChannelPolicy;
  readonly schema: StandardSchemaV1 | undefined;
}

/** A producer under the name that it has in the log. */
interface KnownProducer {
  readonly bytes: Uint8Array;
  readonly user: string;
  readonly name: string;
}

const encoder = new TextEncoder();
const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

/** The publishes of one connection: judged at the door, appended in order (PUB-6), answered as the log says. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #client: ClientContext;
  /** Channels with a publish whose judgement is still awaited: what comes behind it waits too. */
  readonly #waiting = new Map<string, Promise<void>>();
  /** Those of the publish before, since most come in a row. What is known of a name never changes. */
  #channel: KnownChannel | undefined;
  #producer: KnownProducer | undefined;
  readonly #onAppended: OnAppended = (outcome, { previous }, id) => this.#appended(outcome, previous, id);

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#client = options.client;
  }

  publish(frame: PublishFrame): void {
    const verdict = this.#judge(frame);
    const before = this.#waiting.get(frame.channel);
    if (before === undefined && !(verdict instanceof Promise)) {
      this.#finish(frame, verdict);
      return;
    }
    const turn = this.#wait(frame, verdict, before)
      .catch((error: unknown) => this.#finish(frame, this.#refusalOf(error)))
      .finally(() => {
        if (this.#waiting.get(frame.channel) === turn) this.#waiting.delete(frame.channel);
      });
    this.#waiting.set(frame.channel, turn);
  }

  #appended(outcome: AppendOutcome, previous: number, id: number): void {
    if (this.#client.closed) return;
    switch (outcome.kind) {
      case "accepted":
      case "duplicate":
        this.#options.observer.published(outcome.kind);
        this.#client.published(id, outcome);
        return;
      case "out-of-order": {
        const message = `Previous ${previous} is not the last sequence that the log accepted, which is ${outcome.last}.`;
        this.#reject(id, new HawserError("out-of-order", message, { retry: true }), outcome.last);
        return;
      }
      case "producer-unknown": {
        const message = "The log has forgotten this producer. Begin with a new one.";
        this.#reject(id, new HawserError("producer-unknown", message), 0);
        return;
      }
      case "failed":
        this.#reject(id, new HawserError(outcome.code, outcome.message, { retry: true, retryAfterMs: 250 }), 0);
        return;
    }
  }

  /** Appends behind what came before it, if the right to it still stands then. */
  async #wait(
    frame: PublishFrame,
    verdict: Verdict | Promise<Verdict>,
    before: Promise<void> | undefined,
  ): Promise<void> {
    const { rights } = this.#client;
    let { renewals } = rights;
    let found = await verdict;
    await before;
    while (found === undefined && rights.renewals !== renewals) {
      ({ renewals } = rights);
      if (!(await rights.may("publish", frame.channel))) found = forbidden("publish", frame.channel);
    }
    this.#finish(frame, found);
  }

  #judge(frame: PublishFrame): Verdict | Promise<Verdict> {
    const { channel: name } = frame;
    const channel = this.#channel?.name === name ? this.#channel : this.#know(name);
    if (channel instanceof HawserError) return channel;
    const refused = this.#judgeSize(frame, channel.policy) ?? this.#judgeRate(channel.policy);
    if (refused !== undefined) return refused;
    const may = this.#client.rights.may("publish", name);
    if (may instanceof Promise)
      return may.then((allowed) => (allowed ? this.#judgeValue(frame, channel) : forbidden("publish", name)));
    return may ? this.#judgeValue(frame, channel) : forbidden("publish", name);
  }

  #know(name: string): KnownChannel | HawserError {
    if (!isChannelName(name))
      return new HawserError("channel-invalid", `${JSON.stringify(name)} is not a channel name.`);
    if (name.startsWith("$")) return forbidden("publish", name);
    const policy = this.#options.policyOf(name);
    if (!policy.clientsPublish) return forbidden("publish", name);
    this.#channel = { name, policy, schema: this.#options.contract?.channelSchema(name) };
    return this.#channel;
  }

  /** Holds the payload against the contract; most schemas answer at once. */
  #judgeValue(frame: PublishFrame, { schema }: KnownChannel): Verdict | Promise<Verdict> {
    if (schema === undefined) return undefined;
    try {
      const valid = validateNow(schema, valueOf(frame.payload));
      if (!(valid instanceof Promise)) return undefined;
      return valid.then(
        () => undefined,
        (error: unknown) => this.#refusalOf(error),
      );
    } catch (error) {
      return this.#refusalOf(error);
    }
  }

  #refusalOf(error: unknown): HawserError {
    if (error instanceof HawserError) return error;
    this.#client.report("validate", error);
    return new HawserError("internal", "The message could not be validated.", { retry: true });
  }

  #judgeSize(frame: PublishFrame, policy: ChannelPolicy): Verdict {
    if (frame.payload.data.byteLength > policy.maxPayloadBytes) {
      const message = `${frame.payload.data.byteLength} bytes are above the ${policy.maxPayloadBytes} that ${frame.channel} takes.`;
      return new HawserError("message-too-large", message);
    }
    const { maxKeyBytes } = this.#options;
    if (frame.key.length * 3 > maxKeyBytes && encoder.encode(frame.key).byteLength > maxKeyBytes) {
      return new HawserError("payload-invalid", `The key is longer than ${maxKeyBytes} bytes.`);
    }
    return undefined;
  }

  #judgeRate(policy: ChannelPolicy): Verdict {
    const waitMs = this.#options.rates.takePublish(policy);
    if (waitMs === 0) return undefined;
    const message = `At most ${policy.publishesPerSecond} publishes a second are allowed here.`;
    return new HawserError("rate-limited", message, { retry: true, retryAfterMs: waitMs });
  }

  #finish(frame: PublishFrame, verdict: Verdict): void {
    if (this.#client.closed) return;
    if (verdict !== undefined) {
      this.#reject(frame.id, verdict, 0);
      return;
    }
    const { user } = this.#client.rights.identity;
    const anonymous = frame.producer.byteLength === 0;
    this.#options.appender.add(
      {
        channel: frame.channel,
        producer: anonymous ? "" : this.#producerOf(frame.producer, user),
        sequence: frame.sequence,
        previous: frame.previous,
        payload: frame.payload,
        key: frame.key,
        publisher: user,
      },
      this.#onAppended,
      frame.id,
    );
  }

  /** A producer counts together with its principal: nobody can use up another's sequences. */
  #producerOf(bytes: Uint8Array, user: string): string {
    const known = this.#producer;
    if (known !== undefined && known.user === user && isSame(known.bytes, bytes)) return known.name;
    this.#producer = { bytes: bytes.slice(), user, name: `${base64(bytes)} ${user}` };
    return this.#producer.name;
  }

  #reject(id: number, error: HawserError, last: number): void {
    const { code, message, retry, retryAfterMs } = error;
    this.#options.observer.published(code);
    this.#client.answer(id, { type: "rejected", id, code, message, retry, retryAfterMs, last });
  }
}

/** Both are 16 bytes (PUB-8). */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}
