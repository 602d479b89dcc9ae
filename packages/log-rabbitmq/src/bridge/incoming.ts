import type { Append, Log } from "@hawser/log";
import { isCarriable, isChannelName } from "@hawser/protocol";
import type { Payload } from "@hawser/protocol";
import type { Channel, ConsumeMessage } from "amqplib";
import { kindOfContent } from "../content-type.ts";
import type { IncomingRule } from "./bridge-options.ts";

/**
 * Publishes what a queue holds. A message is taken off the queue when the log has it, so that it comes at least once; one with a
 * message id comes once, as long as the log remembers it.
 */
export async function consumeQueue(
  channel: Channel,
  log: Log,
  rule: IncomingRule,
  onError: (error: unknown) => void,
): Promise<void> {
  await channel.prefetch(rule.prefetch ?? 100);
  await channel.consume(rule.queue, (message) => {
    // The queue was deleted: the channel is closed, and everything begins anew.
    if (message === null) channel.close().catch(() => {});
    else void deliver(channel, log, rule, message).catch(onError);
  });
}

async function deliver(channel: Channel, log: Log, rule: IncomingRule, message: ConsumeMessage): Promise<void> {
  const name = rule.channel(message);
  if (name === undefined || !isChannelName(name)) {
    channel.ack(message);
    return;
  }
  const [outcome] = await log.append([appendOf(name, rule.queue, message)]);
  if (outcome?.kind === "accepted" || outcome?.kind === "duplicate") channel.ack(message);
  // It stays on the queue: whoever has the queue then tries it again.
  else channel.nack(message, false, true);
}

/** The append of a message. What is not the JSON or text that its content type says is carried as bytes. */
export function appendOf(channel: string, queue: string, { content, properties }: ConsumeMessage): Append {
  const { messageId, contentType } = properties as { readonly messageId: unknown; readonly contentType: unknown };
  const payload: Payload = { kind: kindOfContent(contentType), data: content };
  const isKnown = typeof messageId === "string" && messageId !== "";
  return {
    channel,
    producer: isKnown ? `${queue} ${messageId}`.slice(0, 200) : "",
    sequence: isKnown ? 1 : 0,
    previous: 0,
    payload: isCarriable(payload) ? payload : { kind: "bytes", data: content },
    key: "",
    publisher: "",
  };
}
