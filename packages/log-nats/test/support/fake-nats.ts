import type { LogOpenOptions } from "@hawser/log";
import { encodeText, systemPorts } from "@hawser/protocol";
import { BoundReader } from "../../src/bindings/bound-reader.ts";
import { compileBinding } from "../../src/bindings/bindings.ts";
import { BoundStream } from "../../src/bindings/bound-stream.ts";
import type { Connection } from "../../src/connection/nats-connection.ts";

interface Stored {
  readonly seq: number;
  readonly subject: string;
}

/** A stream with one consumer, whose answers a test can hold back. What it answers is what there is when it does so. */
export class FakeNats {
  readonly reader: BoundReader;
  failHeads = 0;
  #messages: Stored[] = [];
  #start = 1;
  #end = 0;
  #made = 0;
  #isHeld = false;
  #held: (() => void)[] = [];
  #consumer: Consumer | undefined;

  constructor() {
    const ports = { ...systemPorts(), policyOf: () => undefined } as unknown as LogOpenOptions;
    const connection = this.#connection();
    const binding = compileBinding({ pattern: "{id}", stream: "others", subject: "{id}" });
    const stream = new BoundStream(binding, connection);
    this.reader = new BoundReader({ stream, connection, ports, maxFollowed: 10, timeoutMs: 2_000 });
  }

  get end(): number {
    return this.#end;
  }

  write(subject: string): void {
    const message = { seq: (this.#end += 1), subject };
    this.#messages.push(message);
    this.#consumer?.give(message);
  }

  trim(start: number): void {
    this.#start = start;
    this.#messages = this.#messages.filter(({ seq }) => seq >= start);
  }

  /** Another stream of the same name. */
  recreate(): void {
    this.#made += 1;
    this.#messages = [];
    this.#start = 1;
    this.#end = 0;
    this.#consumer?.stop();
  }

  hold(): void {
    this.#isHeld = true;
  }

  answerOldest(): void {
    this.#held.shift()?.();
  }

  answerNewest(): void {
    this.#held.pop()?.();
  }

  release(): void {
    this.#isHeld = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  async turn(): Promise<void> {
    for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  close(): void {
    this.reader.close();
    this.release();
  }

  #answer<Answer>(answer: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        try {
          resolve(answer());
        } catch (error) {
          reject(new Error("refused", { cause: error }));
        }
      };
      if (this.#isHeld) this.#held.push(settle);
      else settle();
    });
  }

  #info() {
    const state = { first_seq: this.#start, last_seq: this.#end, messages: this.#messages.length };
    return { created: `2026-01-01T00:00:0${this.#made}Z`, config: { allow_direct: false }, state };
  }

  #last(subject: string): Stored | null {
    if (this.#made > 0 && this.failHeads > 0) {
      this.failHeads -= 1;
      throw new Error("no answer in time");
    }
    return this.#messages.findLast((message) => message.subject === subject) ?? null;
  }

  #consume(from: number): Consumer {
    const consumer = new Consumer();
    this.#consumer = consumer;
    for (const message of this.#messages) if (message.seq >= from) consumer.give(message);
    return consumer;
  }

  #connection(): Connection {
    let from = 1;
    const consumers = {
      add: (_: string, config: { opt_start_seq: number }) =>
        this.#answer(() => {
          from = config.opt_start_seq;
          return { name: "reader" };
        }),
      delete: async () => true,
    };
    const streams = {
      info: () => this.#answer(() => this.#info()),
      getMessage: (_: string, { last_by_subj }: { last_by_subj: string }) =>
        this.#answer(() => this.#last(last_by_subj)),
    };
    const consumer = { consume: async () => this.#consume(from) };
    return {
      isUp: true,
      up: async () => {},
      ask: (_: string, request: () => Promise<unknown>) => request(),
      onDown: () => () => {},
      manager: { consumers, streams },
      client: { consumers: { get: async () => consumer } },
    } as unknown as Connection;
  }
}

/** Gives the messages of the channels "a" and "b". */
class Consumer {
  #waiting: Stored[] = [];
  #wake: (() => void) | undefined;
  #stopped = false;

  give(message: Stored): void {
    if (message.subject.length > 1) return;
    this.#waiting.push(message);
    this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async *status(): AsyncIterable<{ type: string }> {}

  async *[Symbol.asyncIterator]() {
    for (let delivered = 0; ;) {
      while (this.#waiting.length === 0 && !this.#stopped) await new Promise<void>((resolve) => (this.#wake = resolve));
      const message = this.#waiting.shift();
      if (this.#stopped || message === undefined) return;
      delivered += 1;
      const info = { deliverySequence: delivered };
      yield { ...message, info, data: encodeText(`${message.seq}`), headers: undefined, timestampNanos: "0" };
    }
  }
}

/** Such a stream, and the reader of a binding of all of it. */
export function nats(): FakeNats {
  return new FakeNats();
}
