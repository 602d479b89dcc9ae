import type { Append } from "../../log.ts";
import { check, checkEqual } from "../check.ts";
import { LogDriver, plain, textOf } from "../driver.ts";
import { readable } from "../harness.ts";
import type { ConformanceCapabilities, ConformanceCase } from "../harness.ts";
import { ReferenceLog } from "../reference-log.ts";
import { seededNumbers } from "../seeded-numbers.ts";

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const channels = ["a", "b", "c.d"];
const producers = ["", "p", "q", "r"];

/** Random calls, held against a model that is plain enough to be believed. */
export const modelCases: readonly ConformanceCase[] = seeds.map((seed) => ({
  name: `random appends and reads give what the reference model gives (seed ${seed})`,
  needs: (capabilities: ConformanceCapabilities) => capabilities.deduplicates && readable(capabilities),
  run: async (harness) => {
    const log = await LogDriver.open(harness);
    const model = new ReferenceLog();
    const next = seededNumbers(seed);
    const pick = <Item>(items: readonly Item[]): Item => items[next(items.length)]!;
    const recording = await log.follow("a");
    for (let step = 0; step < 60; step += 1) {
      const appends = Array.from({ length: 1 + next(8) }, (_, index): Append => {
        const channel = pick(channels);
        const producer = pick(producers);
        const text = `${step}.${index}`;
        if (producer === "") return plain(channel, text);
        const last = model.lastOf(channel, producer);
        const previous = next(4) > 0 ? last : next(last + 3);
        return plain(channel, text, { producer, previous, sequence: previous + 1 + next(2) });
      });
      const outcomes = await log.append(appends);
      checkEqual(outcomes.length, appends.length, "an outcome for each append");
      for (const [index, append] of appends.entries()) model.check(append, outcomes[index]!);

      const channel = pick(channels);
      const entries = model.entriesOf(channel);
      const at = next((entries.at(-1)?.offset ?? 0) + 2);
      const maxCount = 1 + next(5);
      const forward = await log.read(channel, at, { maxCount });
      const above = entries.filter((entry) => entry.offset > at);
      checkEqual(
        forward.entries.map(textOf),
        above.slice(0, maxCount).map(({ text }) => text),
        `read after ${at}`,
      );
      checkEqual(forward.more, above.length > maxCount, "more, forward");
      const backward = await log.readBackward(channel, at, { maxCount });
      const below = entries.filter((entry) => entry.offset <= at);
      checkEqual(
        backward.entries.map(textOf),
        below.slice(-maxCount).map(({ text }) => text),
        `read through ${at}`,
      );
      checkEqual(backward.more, below.length > maxCount, "more, backward");
    }
    const wanted = model.entriesOf("a");
    await log.until(() => recording.entries.length >= wanted.length, "the follower has all");
    checkEqual(
      recording.entries.map(textOf),
      wanted.map(({ text }) => text),
      "what the follower was given",
    );
    for (const channel of channels) {
      checkEqual(
        await log.texts(channel),
        model.entriesOf(channel).map(({ text }) => text),
        `channel ${channel}`,
      );
      check((await log.head(channel)).end === (model.entriesOf(channel).at(-1)?.offset ?? 0), "the end");
    }
    await log.close();
  },
}));
