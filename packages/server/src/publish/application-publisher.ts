import { HawserError, isCarriable, isChannelName, payloadOf, validate } from "@hawser/protocol";
import type { Contract, Payload, Position } from "@hawser/protocol";
import { isUserName } from "../auth/user-name.ts";
import type { HawserNode, PublishOptions } from "../node.ts";
import type { PolicyOf } from "../policy/channel-options.ts";
import { checkPublishOptions } from "./publish-options.ts";

export interface ApplicationPublisherOptions {
  readonly node: HawserNode;
  readonly contract: Contract | undefined;
  readonly policyOf: PolicyOf;
  readonly maxKeyBytes: number;
}

/** What the application publishes itself, judged as what clients publish is, but for rights. */
export class ApplicationPublisher {
  readonly #options: ApplicationPublisherOptions;

  constructor(options: ApplicationPublisherOptions) {
    this.#options = options;
  }

  /** See `HawserServer.publish`. */
  async publish(channel: string, data: unknown, options: PublishOptions): Promise<Position> {
    const { node, contract, maxKeyBytes } = this.#options;
    if (!isChannelName(channel) || channel.startsWith("$")) {
      throw new HawserError("channel-invalid", `${JSON.stringify(channel)} is not a channel that can be published to.`);
    }
    checkPublishOptions(options, maxKeyBytes);
    // As it is now, whatever becomes of the value while a schema looks at it, and later.
    const payload = this.#payload(channel, data);
    const schema = contract?.channelSchema(channel);
    // The log holds the schema's input, as clients publish it too: each reader makes the output of it.
    if (schema !== undefined) await validate(schema, data);
    return node.publish(channel, payload, options);
  }

  /** See `HawserServer.sendToUser`. */
  async sendToUser(user: string, data: unknown, options: PublishOptions): Promise<Position> {
    const { node, maxKeyBytes } = this.#options;
    if (!isUserName(user)) throw new HawserError("channel-invalid", `${JSON.stringify(user)} cannot be a user's name.`);
    checkPublishOptions(options, maxKeyBytes);
    return node.sendToUser(user, this.#payload(`$user.${user}`, data), options);
  }

  #payload(channel: string, value: unknown): Payload {
    const given = payloadOf(value);
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
