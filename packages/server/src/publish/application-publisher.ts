import { HawserError, isCarriable, isChannelName, payloadOf, validate } from "@hawser/protocol";
import type { Contract, Payload, Position } from "@hawser/protocol";
import { isUserName } from "../auth/user-name.ts";
import type { HawserNode, PublishOptions } from "../node.ts";
import type { PolicyOf } from "../policy/channel-options.ts";
import { inboxOf } from "../connection/rights.ts";
import type { PlainAppend } from "./plain-append.ts";
import { checkPublishOptions } from "./publish-options.ts";

export interface ApplicationPublisherOptions {
  readonly node: HawserNode;
  readonly contract: Contract | undefined;
  readonly policyOf: PolicyOf;
  readonly maxKeyBytes: number;
}

/** A message that somebody wants to publish. */
export interface GivenMessage {
  readonly payload: Payload;
  /** What schemas look at. */
  readonly value: unknown;
}

/** What the application publishes itself, judged as what clients publish is, but for rights. */
export class ApplicationPublisher {
  readonly #options: ApplicationPublisherOptions;

  constructor(options: ApplicationPublisherOptions) {
    this.#options = options;
  }

  /** See `HawserServer.publish`. */
  async publish(channel: string, data: unknown, options: PublishOptions): Promise<Position> {
    return this.#options.node.append(await this.judge(channel, given(data), options));
  }

  /** See `HawserServer.sendToUser`. */
  async sendToUser(user: string, data: unknown, options: PublishOptions): Promise<Position> {
    return this.#options.node.append(this.judgeForUser(user, given(data), options));
  }

  /** What a publish appends; errors as with `HawserServer.publish`, but for those of the log. */
  async judge(channel: string, message: GivenMessage, options: PublishOptions): Promise<PlainAppend> {
    const { contract, maxKeyBytes } = this.#options;
    if (!isChannelName(channel) || channel.startsWith("$")) {
      throw new HawserError("channel-invalid", `${JSON.stringify(channel)} is not a channel that can be published to.`);
    }
    checkPublishOptions(options, maxKeyBytes);
    // As it is now, whatever becomes of the value while a schema looks at it, and later.
    const payload = this.#payload(channel, message.payload);
    const schema = contract?.channelSchema(channel);
    // The log holds the schema's input, as clients publish it too: each reader makes the output of it.
    if (schema !== undefined) await validate(schema, message.value);
    return { ...options, channel, payload };
  }

  /** The same for the private inbox of a user. */
  judgeForUser(user: string, message: GivenMessage, options: PublishOptions): PlainAppend {
    if (!isUserName(user)) throw new HawserError("channel-invalid", `${JSON.stringify(user)} cannot be a user's name.`);
    checkPublishOptions(options, this.#options.maxKeyBytes);
    const channel = inboxOf(user);
    return { ...options, channel, payload: this.#payload(channel, message.payload) };
  }

  #payload(channel: string, given: Payload): Payload {
    // Only bytes are the application's own buffer, which it may use for something else.
    const payload: Payload = given.kind === "bytes" ? { kind: "bytes", data: new Uint8Array(given.data) } : given;
    const { maxPayloadBytes } = this.#options.policyOf(channel);
    if (payload.data.length > maxPayloadBytes) {
      throw new HawserError(
        "message-too-large",
        `The message has ${payload.data.length} bytes; ${channel} takes ${maxPayloadBytes}.`,
      );
    }
    if (!isCarriable(payload))
      throw new HawserError("payload-invalid", "The message is nested too deeply to be carried.");
    return payload;
  }
}

function given(value: unknown): GivenMessage {
  return { payload: payloadOf(value), value };
}
