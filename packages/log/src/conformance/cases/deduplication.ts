import type { AppendOutcome } from "../../log.ts";
import { check, checkEqual } from "../check.ts";
import { LogDriver, numbered, plain, texts } from "../driver.ts";
import { deduplicating } from "../harness.ts";
import type { ConformanceCase } from "../harness.ts";

const timed = (capabilities: Parameters<typeof deduplicating>[0]): boolean =>
  capabilities.deduplicates && capabilities.controlsTime;

/** The conditional append, in all its branches (PUB-1 to PUB-4, PUB-7). */
export const deduplicationCases: readonly ConformanceCase[] = [
  {
    name: "an append is accepted when `previous` is the last accepted sequence, be it the next number or not [PUB-1]",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      for (const [sequence, previous] of [
        [1, 0],
        [2, 1],
        [7, 2],
        [8, 7],
      ] as const) {
        await log.accept(numbered("a", "p", sequence, previous));
      }
      checkEqual(await log.texts("a"), ["p-1", "p-2", "p-7", "p-8"], "the entries");
      await log.close();
    },
  },
  {
    name: "a producer may start at any sequence when it names no previous one",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      await log.accept(numbered("a", "p", 40, 0));
      await log.accept(numbered("a", "p", 41, 40));
      await log.close();
    },
  },
  {
    name: "a sequence at or below the last accepted one is a duplicate, answered with its position and not appended [PUB-2]",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const offsets = [];
      for (let sequence = 1; sequence <= 3; sequence += 1) offsets.push(await log.accept(numbered("a", "p", sequence)));
      const { epoch } = await log.head("a");
      for (let sequence = 1; sequence <= 3; sequence += 1) {
        checkEqual(
          await log.appendOne(numbered("a", "p", sequence)),
          { kind: "duplicate", epoch, offset: offsets[sequence - 1] },
          `sequence ${sequence} again`,
        );
      }
      checkEqual(await log.texts("a"), ["p-1", "p-2", "p-3"], "the entries");
      await log.close();
    },
  },
  {
    name: "a repeat in the same call is a duplicate",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const outcomes = await log.append([numbered("a", "p", 1), numbered("a", "p", 1), numbered("a", "p", 2)]);
      checkEqual(kinds(outcomes), ["accepted", "duplicate", "accepted"], "the outcomes");
      checkEqual(await log.texts("a"), ["p-1", "p-2"], "the entries");
      await log.close();
    },
  },
  {
    name: "a duplicate whose position is no longer known is a duplicate all the same",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const appends = texts("", 1, 3_000).map((_, index) => numbered("a", "p", index + 1));
      const first = (await log.append(appends))[0];
      const again = await log.appendOne(numbered("a", "p", 1));
      check(again.kind === "duplicate", `it is a duplicate, not ${again.kind}`);
      const known = first?.kind === "accepted" && again.offset === first.offset && again.epoch === first.epoch;
      check(known || (again.offset === 0 && again.epoch === 0), "it has its own position or none");
      await log.close();
    },
  },
  {
    name: "anything else is out of order, answered with the last accepted sequence and not appended [PUB-3]",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      await log.append([numbered("a", "p", 1), numbered("a", "p", 2)]);
      for (const [sequence, previous] of [
        [4, 3],
        [5, 1],
        [3, 0],
        [9, 8],
      ] as const) {
        checkEqual(
          await log.appendOne(numbered("a", "p", sequence, previous)),
          { kind: "out-of-order", last: 2 },
          `sequence ${sequence} with previous ${previous}`,
        );
      }
      checkEqual(await log.texts("a"), ["p-1", "p-2"], "the entries");
      await log.close();
    },
  },
  {
    name: "what was rejected in the middle stops what follows until the producer has chained anew",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      await log.append(texts("", 1, 4).map((_, index) => numbered("a", "p", index + 1)));
      // 5 was refused elsewhere and never came here; 6 and 7 were under way.
      const outcomes = await log.append([numbered("a", "p", 6), numbered("a", "p", 7)]);
      checkEqual(
        outcomes,
        [
          { kind: "out-of-order", last: 4 },
          { kind: "out-of-order", last: 4 },
        ],
        "6 and 7",
      );
      checkEqual(
        kinds(await log.append([numbered("a", "p", 6, 4), numbered("a", "p", 7, 6)])),
        ["accepted", "accepted"],
        "chained",
      );
      checkEqual((await log.appendOne(numbered("a", "p", 5, 4))).kind, "duplicate", "a late 5 does no harm");
      checkEqual(await log.texts("a"), ["p-1", "p-2", "p-3", "p-4", "p-6", "p-7"], "the entries");
      await log.close();
    },
  },
  {
    name: "a `previous` from a producer of which nothing is known is answered producer-unknown [PUB-4]",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      checkEqual(await log.appendOne(numbered("a", "p", 2, 1)), { kind: "producer-unknown" }, "the outcome");
      checkEqual((await log.head("a")).end, 0, "the end");
      await log.accept(numbered("a", "p", 3, 0));
      checkEqual(await log.appendOne(numbered("b", "p", 4, 3)), { kind: "producer-unknown" }, "in another channel");
      await log.close();
    },
  },
  {
    name: "appends without a producer are appended each time [PUB-7]",
    needs: () => true,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const outcomes = await log.append([plain("a", "x"), plain("a", "x"), plain("a", "x")]);
      checkEqual(kinds(outcomes), ["accepted", "accepted", "accepted"], "the outcomes");
      await log.close();
    },
  },
  {
    name: "a log that does not de-duplicate appends a repeat again",
    needs: (capabilities) => !capabilities.deduplicates,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const outcomes = await log.append([numbered("a", "p", 1), numbered("a", "p", 1), numbered("a", "p", 9)]);
      checkEqual(kinds(outcomes), ["accepted", "accepted", "accepted"], "the outcomes");
      await log.close();
    },
  },
  {
    name: "many producers of one channel are told apart, also those that share a prefix or differ in case",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const producers = [...texts("p", 1, 300), "P1", "p1 ", "ünï/😀", "x".repeat(200)];
      const appends = [1, 2].flatMap((sequence) => producers.map((producer) => numbered("a", producer, sequence)));
      const outcomes = await log.append(appends);
      check(
        outcomes.every((outcome) => outcome.kind === "accepted"),
        "all are accepted",
      );
      const again = await log.append(appends);
      checkEqual(
        again,
        outcomes.map((outcome) => ({ ...outcome, kind: "duplicate" })),
        "all again",
      );
      await log.close();
    },
  },
  {
    name: "sequences up to 2^53 - 1 are told apart",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness);
      const top = Number.MAX_SAFE_INTEGER;
      await log.accept(numbered("a", "p", top - 1, 0));
      await log.accept(numbered("a", "p", top));
      checkEqual((await log.appendOne(numbered("a", "p", top - 1, top - 2))).kind, "duplicate", "the one below");
      await log.close();
    },
  },
  {
    name: "a producer is remembered for its window after its last accepted append, and not for longer",
    needs: timed,
    run: async (harness) => {
      const log = await LogDriver.open(harness, { deduplicateMs: 60_000 });
      await log.accept(numbered("a", "p", 1));
      await log.advance(40_000);
      await log.accept(numbered("a", "p", 2));
      await log.advance(40_000);
      checkEqual((await log.appendOne(numbered("a", "p", 1))).kind, "duplicate", "inside the window");
      await log.advance(40_000);
      checkEqual(
        await log.appendOne(numbered("a", "p", 3)),
        { kind: "producer-unknown" },
        "a duplicate does not renew it",
      );
      await log.accept(numbered("a", "p", 9, 0));
      await log.close();
    },
  },
  {
    name: "a producer is remembered although its entries were trimmed",
    needs: deduplicating,
    run: async (harness) => {
      const log = await LogDriver.open(harness, { retainCount: 2 });
      const first = await log.accept(numbered("a", "p", 1));
      await log.append(texts("x", 1, 50).map((text) => plain("a", text)));
      const again = await log.appendOne(numbered("a", "p", 1));
      check(again.kind === "duplicate" && (again.offset === first || again.offset === 0), "it is a duplicate");
      await log.accept(numbered("a", "p", 2));
      await log.close();
    },
  },
];

function kinds(outcomes: readonly AppendOutcome[]): string[] {
  return outcomes.map((outcome) => outcome.kind);
}
