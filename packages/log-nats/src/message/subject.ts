import { percentEncoded } from "./header-text.ts";

/** The subject of the records that are the log's own: begins, epochs, checkpoints. */
export function ownSubject(stream: string, partition: number): string {
  return `${stream}.${partition}`;
}

/**
 * The subject of a channel: `STREAM.PARTITION.CHANNEL`. A channel's dots part tokens, so that `orders.*` filters what it
 * says; what a token cannot hold (`*`, `>`, `%`, blanks, controls, what is not ASCII, a dot beside nothing) stands as `%XX`.
 */
export function channelSubject(stream: string, partition: number, channel: string): string {
  return `${stream}.${partition}.${subjectTokens(channel)}`;
}

/** The channel as tokens of a subject. */
export function subjectTokens(channel: string): string {
  return plain.test(channel) ? channel : channel.replaceAll(unfit, percentEncoded);
}

/** The channel whose tokens they are; `undefined` when {@link subjectTokens} makes no such tokens. */
export function channelOfTokens(tokens: string): string | undefined {
  try {
    const channel = decodeURIComponent(tokens);
    return subjectTokens(channel) === tokens ? channel : undefined;
  } catch {
    return undefined;
  }
}

const plain = /^[!-$&-)+-\-/-=?-~]+(?:\.[!-$&-)+-\-/-=?-~]+)*$/;
/** What no token holds, and dots with nothing before or behind them. */
const unfit = /[^!-$&-)+-=?-~]+|^\.+|\.+$|(?<=\.)\.+/gu;
