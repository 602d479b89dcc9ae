import type { Append, AppendOutcome, LogOpenOptions, LogPolicy } from "@hawser/log";
import type { Timer } from "@hawser/protocol";
import type { Arguments } from "../connection/connection.ts";
import type { Link, Session } from "../connection/link.ts";
import type { Settings } from "../options.ts";
import type { ScriptCaller } from "../script/script-caller.ts";
import { endsSession, failed, failureOf, outcomeOf } from "./outcomes.ts";

interface Waiting {
  readonly append: Append;
  readonly settle: (outcome: AppendOutcome) => void;
  readonly since: number;
}

interface AppenderOptions {
  readonly link: Link;
  readonly caller: ScriptCaller;
  readonly settings: Settings;
  readonly ports: LogOpenOptions;
}

/** What an append costs beside its payload. */
const overheadBytes = 200;

/** Groups what is to be appended into calls of the script, in order, and waits for a server that is away. */
export class Appender {
  readonly #options: AppenderOptions;
  #queue: Waiting[] = [];
  #underWay = 0;
  #bytes = 0;
  #scheduled = false;
  #patience: Timer | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  append(appends: readonly Append[]): Promise<readonly AppendOutcome[]> {
    if (appends.length === 0) return Promise.resolve([]);
    const outcomes = Array.from<AppendOutcome>({ length: appends.length });
    let left = appends.length;
    return new Promise((resolve) => {
      for (const [index, append] of appends.entries()) {
        this.#appendOne(append, (outcome) => {
          outcomes[index] = outcome;
          left -= 1;
          if (left === 0) resolve(outcomes);
        });
      }
    });
  }

  /** There is a session again, or none any more. */
  turned(): void {
    if (this.#options.link.session !== undefined) this.#flush();
    else this.#waitPatiently();
  }

  /** Waits for what is under way. What has not been sent fails where there is no server. */
  async close(): Promise<void> {
    if (this.#options.link.session === undefined) this.#fail(this.#queue.splice(0), "the log was closed");
    if (this.#queue.length > 0 || this.#underWay > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#patience?.cancel();
  }

  #appendOne(append: Append, tell: (outcome: AppendOutcome) => void): void {
    const { link, settings, ports } = this.#options;
    if (link.session === undefined && settings.appendWaitMs === 0) return tell(failed(link.why));
    const size = append.payload.data.byteLength + overheadBytes;
    if (this.#bytes > 0 && this.#bytes + size > settings.maxWaitingBytes) {
      return tell(failed("maxWaitingBytes of appends wait for Redis"));
    }
    this.#bytes += size;
    const settle = (outcome: AppendOutcome): void => {
      this.#bytes -= size;
      tell(outcome);
    };
    this.#queue.push({ append, settle, since: ports.clock.monotonic() });
    if (link.session === undefined) this.#waitPatiently();
    else this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.ports.timers.soon(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { session } = this.#options.link;
    if (session === undefined) return;
    while (this.#queue.length > 0 && this.#underWay < this.#options.settings.maxGroupsUnderWay) {
      void this.#send(session, this.#takeGroup());
    }
  }

  #takeGroup(): Waiting[] {
    const { maxGroupAppends, maxGroupBytes } = this.#options.settings;
    let count = 0;
    for (let bytes = 0; count < this.#queue.length && count < maxGroupAppends && bytes < maxGroupBytes; count += 1) {
      bytes += this.#queue[count]!.append.payload.data.byteLength;
    }
    return this.#queue.splice(0, count);
  }

  async #send(session: Session, group: readonly Waiting[]): Promise<void> {
    const { caller, settings, link, ports } = this.#options;
    this.#underWay += 1;
    const byChannel = groupByChannel(group);
    try {
      const call = caller.call(session.commands, "append", argumentsOf(byChannel, ports.policyOf));
      const waiting = settings.replicas === 0 ? undefined : this.#replicated(session);
      const [{ epoch, results }, replicas] = await Promise.all([call, waiting]);
      let index = 0;
      for (const appends of byChannel.values()) {
        for (const { settle } of appends) {
          const outcome = outcomeOf(String(results[index]), epoch);
          const stands = outcome.kind === "accepted" || outcome.kind === "duplicate";
          const isLacking = stands && replicas !== undefined && replicas < settings.replicas;
          settle(isLacking ? failed(`only ${replicas} of ${settings.replicas} replicas have it`) : outcome);
          index += 1;
        }
      }
    } catch (error) {
      const outcome = failureOf(error as Error);
      for (const { settle } of group) settle(outcome);
      if (endsSession(error as Error)) link.drop(session, (error as Error).message);
    }
    this.#underWay -= 1;
    this.#flush();
    if (this.#underWay === 0 && this.#queue.length === 0) this.#onIdle?.();
  }

  async #replicated(session: Session): Promise<number> {
    const { replicas, replicasTimeoutMs } = this.#options.settings;
    return Number(await session.commands.send(["WAIT", `${replicas}`, `${replicasTimeoutMs}`]));
  }

  /** While the server is away, what has waited for too long fails. */
  #waitPatiently(): void {
    this.#patience?.cancel();
    const { ports, settings, link } = this.#options;
    const oldest = this.#queue[0];
    if (oldest === undefined || link.session !== undefined) return;
    const waitMs = Math.max(0, oldest.since + settings.appendWaitMs - ports.clock.monotonic());
    this.#patience = ports.timers.after(waitMs, () => {
      if (link.session !== undefined) return;
      const now = ports.clock.monotonic();
      const count = this.#queue.findIndex(({ since }) => since + settings.appendWaitMs > now);
      this.#fail(this.#queue.splice(0, count === -1 ? this.#queue.length : count), link.why);
      this.#waitPatiently();
    });
  }

  #fail(waiting: readonly Waiting[], message: string): void {
    const outcome = failed(message);
    for (const { settle } of waiting) settle(outcome);
    if (this.#underWay === 0 && this.#queue.length === 0) this.#onIdle?.();
  }
}

function groupByChannel(group: readonly Waiting[]): Map<string, Waiting[]> {
  const byChannel = new Map<string, Waiting[]>();
  for (const waiting of group) {
    const same = byChannel.get(waiting.append.channel);
    if (same === undefined) byChannel.set(waiting.append.channel, [waiting]);
    else same.push(waiting);
  }
  return byChannel;
}

function argumentsOf(
  byChannel: ReadonlyMap<string, readonly Waiting[]>,
  policyOf: (channel: string) => LogPolicy,
): Arguments {
  const words: Arguments = [`${byChannel.size}`];
  for (const [channel, appends] of byChannel) {
    const { retainCount, retainBytes, retainAgeMs, deduplicateMs } = policyOf(channel);
    words.push(channel, ...[retainCount, retainBytes, retainAgeMs, deduplicateMs].map(bound), `${appends.length}`);
    for (const { append } of appends) {
      const { producer, sequence, previous, payload, key, publisher } = append;
      const { buffer, byteOffset, byteLength } = payload.data;
      const data = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
      words.push(producer, `${sequence}`, `${previous}`, payload.kind, key, publisher, data);
    }
  }
  return words;
}

/** Infinity, and what no clock reaches, stands for no bound. */
function bound(value: number): string {
  return value <= 2 ** 52 ? `${Math.trunc(value)}` : "-1";
}
