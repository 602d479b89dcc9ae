import { HawserError } from "@hawser/protocol";
import type { ErrorCode } from "@hawser/protocol";
import { describeError } from "../describe-error.ts";
import { UsageError } from "../exit-codes.ts";

/** How messages reach the process at the other end, as JSON. */
export interface MessagePort {
  /** A message to a process that has ended goes nowhere. */
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** What can be asked, by name: each takes one argument, which travels as JSON, as the answer does. */
export type Answers<Side> = { readonly [Name in keyof Side]: (argument: never) => unknown };

type ArgumentOf<Answer> = Answer extends (argument: infer Argument) => unknown ? Argument : never;
type AnswerOf<Answer> = Answer extends (argument: never) => infer Given ? Awaited<Given> : never;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** An error as it travels. */
interface Described {
  readonly kind: "usage" | "hawser" | "other";
  readonly code?: ErrorCode;
  readonly message: string;
}

/** Questions and answers between two processes, both ways. An answer that rejects rejects there. */
export class Conversation<Mine extends Answers<Mine>, Theirs extends Answers<Theirs>> {
  readonly #port: MessagePort;
  readonly #answers: Mine;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(port: MessagePort, answers: Mine) {
    this.#port = port;
    this.#answers = answers;
    port.onMessage((message) => this.#take(message as Message));
  }

  /** Resolves with the answer. Rejects when the other end has gone. */
  ask<Name extends keyof Theirs & string>(
    name: Name,
    argument: ArgumentOf<Theirs[Name]>,
  ): Promise<AnswerOf<Theirs[Name]>> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      const id = (this.#lastId += 1);
      this.#waiting.set(id, { resolve: resolve as Waiting["resolve"], reject });
      this.#port.send({ hawser: "ask", id, name, argument } satisfies Message);
    });
  }

  /** The other end has gone: nothing that was asked will be answered. */
  end(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #take(message: Message): void {
    switch (message.hawser) {
      case "ask":
        void this.#answer(message);
        break;
      case "answer":
        this.#settle(message.id)?.resolve(message.value);
        break;
      case "error":
        this.#settle(message.id)?.reject(errorOf(message.error));
        break;
      default:
      // Of others that use the same port.
    }
  }

  async #answer({ id, name, argument }: Extract<Message, { hawser: "ask" }>): Promise<void> {
    try {
      const answer = this.#answers[name as keyof Mine] as unknown as (argument: unknown) => unknown;
      this.#port.send({ hawser: "answer", id, value: await answer(argument) } satisfies Message);
    } catch (error) {
      this.#port.send({ hawser: "error", id, error: described(error) } satisfies Message);
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

type Message =
  | { readonly hawser: "ask"; readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly hawser: "answer"; readonly id: number; readonly value: unknown }
  | { readonly hawser: "error"; readonly id: number; readonly error: Described };

function described(error: unknown): Described {
  if (error instanceof UsageError) return { kind: "usage", message: error.message };
  if (error instanceof HawserError) return { kind: "hawser", code: error.code, message: error.message };
  return { kind: "other", message: describeError(error) };
}

function errorOf({ kind, code, message }: Described): Error {
  if (kind === "usage") return new UsageError(message);
  return code === undefined ? new Error(message) : new HawserError(code, message);
}
