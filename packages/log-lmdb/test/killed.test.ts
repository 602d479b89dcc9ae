import { join } from "node:path";
import { expect, it } from "vitest";
import { Child } from "./support/child-process.ts";
import type { Said } from "./support/child-process.ts";
import { everything, numbered, openLog } from "./support/open-log.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

type Outcome = Extract<Said, { kind: "outcome" }>;

const channels = ["commit.a", "commit.b", "flush.a"];
const rounds = 12;
const decoder = new TextDecoder();

it(
  "has every acknowledged entry after each of many kills, in order and once, and knows its producers",
  { timeout: 120_000 },
  async () => {
    const path = join(await temporaryFolder(), "data");
    const producers = channels.flatMap((channel) => ["p", "q"].map((producer) => ({ channel, producer, next: 1 })));
    const acknowledged: Outcome[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const child = new Child("write", { path, channels, producers });
      await child.hearOf("open");
      const killAfter = 1 + Math.floor(Math.random() * 400);
      for (let heard = 0; heard < killAfter; heard += 1) acknowledged.push(await child.hearOf("outcome"));
      const killed = child.kill();
      // What was in the pipe by then was acknowledged as well.
      for (let said = await child.hear(); said !== undefined; said = await child.hear()) {
        if (said.kind === "outcome") acknowledged.push(said);
      }
      await killed;
      for (const { outcome } of acknowledged) expect(outcome).toMatchObject({ kind: "accepted" });

      const log = await openLog({ path });
      for (const channel of channels) {
        const { entries } = await log.read(channel, 0, everything);
        const sequences = new Map<string, number>();
        for (const [index, { offset, payload }] of entries.entries()) {
          expect(offset).toBe(index + 1);
          const [producer = "", sequence] = decoder.decode(payload?.data).split("-");
          expect(Number(sequence)).toBe((sequences.get(producer) ?? 0) + 1);
          sequences.set(producer, Number(sequence));
        }
        const head = await log.head(channel);
        for (const said of acknowledged.filter((each) => each.channel === channel)) {
          if (said.outcome.kind !== "accepted") continue;
          const { offset, epoch } = said.outcome;
          expect(decoder.decode(entries[offset - 1]?.payload?.data)).toBe(`${said.producer}-${said.sequence}`);
          expect(head.lineage.findLast(({ start }) => start < offset)?.epoch).toBe(epoch);
        }
        for (const producer of producers.filter((each) => each.channel === channel)) {
          const last = sequences.get(producer.producer) ?? 0;
          const resent = [last, last + 1].filter((sequence) => sequence > 0);
          const outcomes = await log.append(resent.map((sequence) => numbered(channel, producer.producer, sequence)));
          expect(outcomes.map(({ kind }) => kind)).toEqual(last > 0 ? ["duplicate", "accepted"] : ["accepted"]);
          producer.next = last + 2;
        }
      }
      await log.close();
    }
    expect(acknowledged.length).toBeGreaterThan(rounds);
  },
);
