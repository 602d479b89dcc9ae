import { HawserError } from "@hawser/protocol";
import { expect, it } from "vitest";
import { UsageError } from "../../src/exit-codes.ts";
import { Conversation } from "../../src/workers/conversation.ts";
import type { MessagePort } from "../../src/workers/conversation.ts";

interface Adder {
  add(numbers: readonly number[]): Promise<number>;
  fail(kind: string): never;
}
interface Namer {
  name(argument: null): string;
}

/** Two ends of a channel that carries JSON, as the one between processes does. */
function ports(): [MessagePort, MessagePort] {
  const listeners: ((message: unknown) => void)[][] = [[], []];
  const port = (mine: number): MessagePort => ({
    send: (message) => {
      const copy: unknown = JSON.parse(JSON.stringify(message));
      queueMicrotask(() => {
        for (const listener of listeners[1 - mine]!) listener(copy);
      });
    },
    onMessage: (listener) => void listeners[mine]!.push(listener),
  });
  return [port(0), port(1)];
}

function open(): { near: Conversation<Namer, Adder>; far: Conversation<Adder, Namer>; stray: MessagePort } {
  const [a, b] = ports();
  const near = new Conversation<Namer, Adder>(a, { name: () => "near" });
  const far = new Conversation<Adder, Namer>(b, {
    add: async (numbers) => numbers.reduce((sum, one) => sum + one, 0),
    fail: (kind) => {
      if (kind === "usage") throw new UsageError("wrong word");
      if (kind === "hawser") throw new HawserError("log-locked", "somebody has it");
      throw new TypeError("a fault");
    },
  });
  return { near, far, stray: b };
}

it("answers both ways, each question its own", async () => {
  const { near, far } = open();
  const asked = [near.ask("add", [1, 2]), near.ask("add", [3, 4]), far.ask("name", null)];
  expect(await Promise.all(asked)).toEqual([3, 7, "near"]);
});

it("rejects as the answer did, with what decides the exit code", async () => {
  const { near } = open();
  await expect(near.ask("fail", "usage")).rejects.toBeInstanceOf(UsageError);
  await expect(near.ask("fail", "usage")).rejects.toThrow("wrong word");
  await expect(near.ask("fail", "hawser")).rejects.toMatchObject({ code: "log-locked", message: "somebody has it" });
  await expect(near.ask("fail", "other")).rejects.toThrow("a fault");
});

it("rejects what was asked, and what is asked, when the other end has gone", async () => {
  const { near } = open();
  const asked = near.ask("add", [1]);
  near.end(new Error("it ended"));
  await expect(asked).rejects.toThrow("it ended");
  await expect(near.ask("add", [1])).rejects.toThrow("it ended");
});

it("leaves the messages of others alone", async () => {
  const { near, stray } = open();
  stray.send({ cmd: "NODE_other" });
  stray.send({ hawser: "answer", id: 77, value: 0 });
  expect(await near.ask("add", [5])).toBe(5);
});
