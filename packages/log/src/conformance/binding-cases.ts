import type { Clock, Random, Timers } from "@hawser/protocol";
import type { Log } from "../log.ts";
import { check, checkEqual } from "./check.ts";
import { LogDriver, plain, textOf, texts } from "./driver.ts";
import type { ConformanceHarness } from "./harness.ts";

/** What runs the cases of bindings: made anew for each of them, over topics that are new. */
export interface BindingHarness {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A log, not opened, whose channels `orders.{id}` are those of a topic by the key `{id}`; each one over the same topic. */
  create(): Promise<Log>;
  /** Appends as another program does, in order; `undefined` is a value that cannot be carried. Resolves when it is there. */
  write(key: string, values: readonly (string | undefined)[]): Promise<void>;
  /** Makes the topic anew, empty. Left out where it cannot be done. */
  readonly recreate?: () => Promise<void>;
  drive<Result>(work: Promise<Result>): Promise<Result>;
  settle(): Promise<void>;
}

/** One fact of logs with bound channels. */
export interface BindingCase {
  readonly name: string;
  readonly needs: (harness: BindingHarness) => boolean;
  /** Rejects when the fact does not hold. */
  readonly run: (harness: BindingHarness) => Promise<void>;
}

const always = (): boolean => true;

/** What every log holds to whose channels are those of a topic that other programs write. It imports no test runner. */
export const bindingCases: readonly BindingCase[] = [
  {
    name: "a channel has the records of its key, as they are and in their order",
    needs: always,
    run: async (harness) => {
      await harness.write("1", ["a", "b"]);
      await harness.write("2", ["x"]);
      await harness.write("1", ["c"]);
      const log = await opened(harness);
      checkEqual(await log.texts("orders.1"), ["a", "b", "c"], "the entries of one");
      checkEqual(await log.texts("orders.2"), ["x"], "the entries of the other");
      checkEqual(await log.texts("orders.3"), [], "the entries of a key without records");
      await log.close();
    },
  },
  {
    name: "history is paged in both directions, without a gap",
    needs: always,
    run: async (harness) => {
      const all = texts("v", 1, 60);
      for (const value of all) {
        await harness.write("1", [value]);
        await harness.write("2", ["between"]);
      }
      const log = await opened(harness);
      const forward: string[] = [];
      let after = 0;
      for (let more = true; more;) {
        const page = await log.read("orders.1", after, { maxCount: 7 });
        checkEqual(page.interval.from, after, "the begin of a page");
        forward.push(...page.entries.map(textOf));
        ({ more } = page);
        after = page.interval.to;
      }
      checkEqual(forward, all, "what was read forward");
      checkEqual(after >= (await log.head("orders.1")).end, true, "that the last page goes to the end");
      const backward: string[] = [];
      let through = Number.MAX_SAFE_INTEGER;
      for (let more = true; more;) {
        const page = await log.readBackward("orders.1", through, { maxCount: 7 });
        backward.unshift(...page.entries.map(textOf));
        ({ more } = page);
        through = page.interval.from;
      }
      checkEqual(backward, all, "what was read backward");
      await log.close();
    },
  },
  {
    name: "a follower is given what is written after it began, and nothing else",
    needs: always,
    run: async (harness) => {
      await harness.write("1", ["before"]);
      const log = await opened(harness);
      const one = await log.follow("orders.1");
      const other = await log.follow("orders.2");
      await harness.write("1", ["a"]);
      await harness.write("2", ["x"]);
      await harness.write("3", ["nobody's"]);
      await harness.write("1", ["b"]);
      await log.until(() => one.entries.length === 2 && other.entries.length === 1, "the entries");
      checkEqual(one.entries.map(textOf), ["a", "b"], "the entries of one");
      checkEqual(other.entries.map(textOf), ["x"], "the entries of the other");
      const history = await log.read("orders.1", one.follower.head.end);
      checkEqual(history.entries, one.entries, "the same entries, read");
      await log.close();
    },
  },
  {
    name: "nodes agree on the epoch and on positions",
    needs: always,
    run: async (harness) => {
      await harness.write("1", ["a", "b"]);
      const [one, other] = [await opened(harness), await opened(harness)];
      const [head, same] = [await one.head("orders.1"), await other.head("orders.1")];
      check(head.epoch > 0, "a bound channel has an epoch");
      checkEqual(same.epoch, head.epoch, "the epoch on the other node");
      const { entries } = await one.read("orders.1", 0, { maxCount: 1 });
      const rest = await other.read("orders.1", entries[0]!.offset);
      checkEqual(rest.entries.map(textOf), ["b"], "what the other node has behind a position");
      check((await other.head("orders.1")).end >= head.end, "no node is behind a head that was told");
      await one.close();
      await other.close();
    },
  },
  {
    name: "a node that comes later goes on in the same epoch, at the same positions",
    needs: always,
    run: async (harness) => {
      await harness.write("1", ["a", "b"]);
      const before = await opened(harness);
      const head = await before.head("orders.1");
      await before.close();
      await harness.write("1", ["c"]);
      const log = await opened(harness);
      checkEqual((await log.head("orders.1")).epoch, head.epoch, "the epoch");
      checkEqual((await log.read("orders.1", head.end)).entries.map(textOf), ["c"], "what came since");
      await log.close();
    },
  },
  {
    name: "what cannot be carried is a hole",
    needs: always,
    run: async (harness) => {
      const log = await opened(harness);
      const recording = await log.follow("orders.1");
      await harness.write("1", ["a", undefined, "b"]);
      await log.until(() => recording.entries.length === 3, "the entries");
      checkEqual(
        recording.entries.map(({ payload }) => payload === undefined),
        [false, true, false],
        "which of them are holes",
      );
      checkEqual((await log.read("orders.1", 0)).entries, recording.entries, "the same entries, read");
      await log.close();
    },
  },
  {
    name: "the log's own channels are beside them",
    needs: always,
    run: async (harness) => {
      const log = await opened(harness);
      const own = await log.follow("own");
      const [outcome] = await log.append([plain("own", "mine")]);
      checkEqual(outcome?.kind, "accepted", "the outcome");
      await log.until(() => own.entries.length === 1, "the entry");
      checkEqual(await log.texts("own"), ["mine"], "the entries");
      await log.close();
    },
  },
  {
    name: "a topic that was made anew begins a higher epoch, and followers are told",
    needs: ({ recreate }) => recreate !== undefined,
    run: async (harness) => {
      await harness.write("1", ["a", "b"]);
      const log = await opened(harness);
      const recording = await log.follow("orders.1");
      const { epoch } = await log.head("orders.1");
      await harness.recreate!();
      await log.until(() => recording.heads.length > 0, "the new epoch");
      check(recording.heads[0]!.epoch > epoch, "the new epoch is higher");
      await harness.write("1", ["c"]);
      await log.until(() => recording.entries.length > 0, "the entry");
      checkEqual(recording.entries.map(textOf), ["c"], "the entries of the new epoch");
      checkEqual(await log.texts("orders.1"), ["c"], "the same entries, read");
      await log.close();
    },
  },
];

function opened(harness: BindingHarness): Promise<LogDriver> {
  const capabilities: ConformanceHarness["capabilities"] = {
    name: "bound",
    durabilities: ["memory"],
    deduplicates: false,
    history: "scan",
    ephemeral: true,
    reopens: false,
    controlsTime: false,
    trims: [],
    maxPayloadBytes: 0,
  };
  return LogDriver.open({
    capabilities,
    clock: harness.clock,
    timers: harness.timers,
    random: harness.random,
    create: () => harness.create(),
    drive: (work) => harness.drive(work),
    settle: () => harness.settle(),
  });
}
