import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { ProducerChain } from "../../src/outbox/producer-chain.ts";
import type { Attempt } from "../../src/outbox/producer-chain.ts";
import { refusal } from "./model-log.ts";
import { PlainQueue } from "./plain-queue.ts";

function chainOf(...items: string[]) {
  let drawn = 0;
  const ends: [string, string][] = [];
  const unsent = new PlainQueue(...items);
  const chain = new ProducerChain<string>(
    unsent,
    Uint8Array.of(0),
    () => Uint8Array.of((drawn += 1)),
    (item, failure) => ends.push([item, failure]),
  );
  const send = (): Attempt<string> => chain.next()!;
  return { chain, unsent: unsent.items, ends, send };
}

const numbers = ({ item, sequence, previous }: Attempt<string>): unknown[] => [item, sequence, previous];

describe("the chain of a producer", () => {
  it("counts sequences from 1 at first send, and names the one before that still stands [PUB-8]", () => {
    const { send } = chainOf("a", "b", "c");
    expect([send(), send(), send()].map(numbers)).toEqual([
      ["a", 1, 0],
      ["b", 2, 1],
      ["c", 3, 2],
    ]);
  });

  it("gives no number to what is taken out before it was sent [PUB-12]", () => {
    const { chain, unsent, send } = chainOf("a", "b", "c");
    const first = send();
    unsent.shift();
    expect(numbers(send())).toEqual(["c", 2, 1]);
    expect(chain.accept(first)).toBe(true);
  });

  it("chains past what was rejected, in the order of sequences [PUB-10]", () => {
    const { chain, ends, send } = chainOf("a", "b", "c", "d");
    const [a, b, c, d] = [send(), send(), send(), send()];
    chain.accept(a);
    expect(chain.reject(b, refusal("forbidden"))).toBe(false);
    expect(ends).toEqual([["b", "rejected"]]);
    // Those that were under way named b, and come back.
    expect(chain.reject(c, refusal("out-of-order", { retry: true, last: 1 }))).toBe(true);
    const again = [send(), send()];
    expect(again.map(numbers)).toEqual([
      ["c", 3, 1],
      ["d", 4, 3],
    ]);
    // The answer to d's first attempt says nothing about its second.
    expect(chain.reject(d, refusal("out-of-order", { retry: true, last: 1 }))).toBe(false);
    expect(chain.next()).toBeUndefined();
    for (const attempt of again) expect(chain.accept(attempt)).toBe(true);
    expect(chain.isEmpty).toBe(true);
  });

  it("chains what is new to the highest accepted one when the newest was rejected [PUB-10]", () => {
    const { chain, unsent, send } = chainOf("a", "b");
    chain.accept(send());
    chain.reject(send(), refusal("payload-invalid"));
    unsent.push("c");
    expect(numbers(send())).toEqual(["c", 3, 1]);
  });

  it("sends what is unanswered again as it was, ahead of anything new [PUB-11]", () => {
    const { chain, unsent, send } = chainOf("a", "b", "c");
    chain.accept(send());
    send();
    send();
    unsent.push("d");
    chain.lose();
    expect([send(), send(), send()].map(numbers)).toEqual([
      ["b", 2, 1],
      ["c", 3, 2],
      ["d", 4, 3],
    ]);
  });

  it("chains what was rejected in the middle anew, also when the connection is lost meanwhile [PUB-10]", () => {
    const { chain, ends, send } = chainOf("5", "6", "7");
    const five = send();
    send();
    send();
    chain.reject(five, refusal("payload-invalid"));
    chain.lose();
    expect([send(), send()].map(numbers)).toEqual([
      ["6", 2, 0],
      ["7", 3, 2],
    ]);
    expect(ends).toEqual([["5", "rejected"]]);
  });

  it("sends the same frame again after a refusal that may pass, and holds back what is behind it [PUB-9]", () => {
    const { chain, send } = chainOf("a", "b");
    const [a, b] = [send(), send()];
    expect(chain.reject(a, refusal("log-unavailable", { retry: true }))).toBe(true);
    chain.reject(b, refusal("out-of-order", { retry: true, last: 0 }));
    expect([send(), send()].map(numbers)).toEqual([
      ["a", 1, 0],
      ["b", 2, 1],
    ]);
  });

  it("takes the log's word for what it accepted [PUB-3]", () => {
    const { chain, send } = chainOf("a", "b", "c");
    send();
    send();
    chain.lose();
    // b was accepted although nobody heard of it, and c names a node that answers from there.
    const [a, b, c] = [send(), send(), send()];
    chain.accept(a);
    chain.accept(b);
    chain.reject(c, refusal("out-of-order", { retry: true, last: 2 }));
    expect(numbers(send())).toEqual(["c", 3, 2]);
  });

  it("counts an answer that comes late over a connection that was left [PUB-12]", () => {
    const { chain, send } = chainOf("a");
    const first = send();
    chain.lose();
    const second = send();
    expect(chain.accept(first)).toBe(true);
    expect(chain.accept(second)).toBe(false);
    expect(chain.isEmpty).toBe(true);
  });

  it("reports unknown, not rejected, when an earlier attempt may have been accepted [PUB-12]", () => {
    const { chain, ends, send } = chainOf("a");
    send();
    chain.lose();
    chain.reject(send(), refusal("forbidden"));
    expect(ends).toEqual([["a", "unknown"]]);
  });

  it("reports unknown when an earlier attempt may have met a server that takes what this one refuses [PUB-14]", () => {
    for (const code of ["payload-invalid", "message-too-large"] as const) {
      const { chain, ends, send } = chainOf("a");
      send();
      chain.lose();
      chain.reject(send(), refusal(code));
      expect(ends).toEqual([["a", "unknown"]]);
    }
  });

  it("reports rejected when every attempt was answered, and the last one refused [PUB-14]", () => {
    const { chain, ends, send } = chainOf("a");
    chain.reject(send(), refusal("rate-limited", { retry: true }));
    chain.reject(send(), refusal("payload-invalid"));
    expect(ends).toEqual([["a", "rejected"]]);
  });

  it("reports what it had sent before as unknown when the log has forgotten the producer, and goes on with a new one [PUB-4]", () => {
    const { chain, ends, send } = chainOf("a", "b", "c");
    chain.accept(send());
    send();
    chain.lose();
    const [b, c] = [send(), send()];
    chain.reject(b, refusal("producer-unknown"));
    // Nothing is sent before the answers that are under way are in.
    expect(chain.next()).toBeUndefined();
    chain.reject(c, refusal("producer-unknown"));
    expect(ends).toEqual([["b", "unknown"]]);
    const again = send();
    expect(numbers(again)).toEqual(["c", 1, 0]);
    expect([...again.producer]).toEqual([1]);
  });

  it("sends a publish again under a new producer when no attempt of it can be in the log [PUB-4]", () => {
    const { chain, ends, send } = chainOf("a", "b");
    chain.accept(send());
    chain.reject(send(), refusal("producer-unknown"));
    expect(ends).toEqual([]);
    expect(numbers(send())).toEqual(["b", 1, 0]);
  });

  it("sends it ahead of what was never sent [PUB-4] [PUB-11]", () => {
    const { chain, send } = chainOf("a", "b", "c", "d");
    chain.accept(send());
    for (const attempt of [send(), send()]) chain.reject(attempt, refusal("producer-unknown"));
    expect([send(), send(), send()].map(numbers)).toEqual([
      ["b", 1, 0],
      ["c", 2, 1],
      ["d", 3, 2],
    ]);
  });

  it("does not wait for answers of a lost connection before it takes a new producer [PUB-4]", () => {
    const { chain, ends, send } = chainOf("a", "b", "c");
    chain.accept(send());
    const b = send();
    send();
    chain.reject(b, refusal("producer-unknown"));
    chain.lose();
    expect(ends).toEqual([["c", "unknown"]]);
    expect(numbers(send())).toEqual(["b", 1, 0]);
  });

  it("ends what was sent as unknown, and leaves what was not [PUB-12]", () => {
    const { chain, unsent, ends, send } = chainOf("a", "b");
    send();
    chain.end(new HawserError("closed", "closed"));
    expect(ends).toEqual([["a", "unknown"]]);
    expect(unsent).toEqual(["b"]);
    expect(chain.isEmpty).toBe(true);
  });

  it("takes a log that knows nothing of the producer for one that has accepted nothing, when that may be so [PUB-4]", () => {
    const { chain, ends, send } = chainOf("a", "b");
    const [a, b] = [send(), send()];
    chain.reject(a, refusal("payload-invalid"));
    chain.reject(b, refusal("producer-unknown"));
    expect(ends).toEqual([["a", "rejected"]]);
    expect(numbers(send())).toEqual(["b", 2, 0]);
  });

  it("gives up what the log might append a second time, and only that", () => {
    const { chain, ends, send } = chainOf("a", "b", "c");
    chain.giveUpOld(() => true);
    send();
    send();
    chain.giveUpOld(() => true);
    expect(ends).toEqual([]);
    chain.lose();
    chain.giveUpOld((item) => item === "a");
    expect(ends).toEqual([["a", "unknown"]]);
    expect([send(), send()].map(numbers)).toEqual([
      ["b", 2, 0],
      ["c", 3, 2],
    ]);
  });
});
