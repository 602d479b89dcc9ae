import { describe, expect, it } from "vitest";
import { Roster } from "../../src/presence/roster.ts";

function rosterOf(): { roster: Roster; ended: string[]; closing: string[] } {
  const ended: string[] = [];
  const closing: string[] = [];
  const roster = new Roster({
    onEnded: (instance) => ended.push(instance),
    onClosing: (instance, graceMs) => closing.push(`${instance} ${graceMs}`),
  });
  return { roster, ended, closing };
}

const beat = (instance: string, number: number) =>
  ({ kind: "beat", instance, node: `node of ${instance}`, beat: number }) as const;

describe("Roster", () => {
  it("finds a node silent when the time of four of its own beats went by without one", () => {
    const { roster } = rosterOf();
    roster.fold(beat("other", 1));
    for (let own = 1; own <= 4; own += 1) roster.count("own");
    expect(roster.silent()).toEqual([]);
    roster.fold(beat("other", 2));
    for (let own = 5; own <= 8; own += 1) roster.count("own");
    expect(roster.silent()).toEqual([]);
    roster.count("own");
    expect(roster.silent()).toEqual([{ instance: "other", beat: 2 }]);
  });

  it("never counts its own silence", () => {
    const { roster } = rosterOf();
    roster.fold(beat("own", 1));
    for (let own = 1; own <= 9; own += 1) roster.count("own");
    expect(roster.silent()).toEqual([]);
  });

  it("ends a node that another found silent, unless it beat in the meantime", () => {
    const { roster, ended } = rosterOf();
    roster.fold(beat("other", 7));
    roster.fold({ kind: "ended", instance: "other", after: 6 });
    expect(ended).toEqual([]);
    roster.fold({ kind: "ended", instance: "other", after: 7 });
    roster.fold({ kind: "ended", instance: "other", after: 7 });
    expect(ended).toEqual(["other"]);
    expect(roster.hasEnded("other")).toBe(true);
  });

  it("takes nothing from a life that has ended", () => {
    const { roster, ended, closing } = rosterOf();
    roster.fold(beat("other", 1));
    roster.fold({ kind: "ended", instance: "other", after: 1 });
    roster.fold(beat("other", 2));
    roster.meet("other");
    roster.fold({ kind: "closing", instance: "other", graceMs: 5 });
    expect(roster.hasEnded("other")).toBe(true);
    expect(roster.beatOf("other")).toBe(0);
    expect(ended).toEqual(["other"]);
    expect(closing).toEqual([]);
  });

  it("waits for a node of which only a lease was read as for any other", () => {
    const { roster } = rosterOf();
    roster.meet("stranger");
    for (let own = 1; own <= 5; own += 1) roster.count("own");
    expect(roster.silent()).toEqual([{ instance: "stranger", beat: 0 }]);
  });

  it("tells of a node that goes by itself", () => {
    const { roster, closing } = rosterOf();
    roster.fold({ kind: "closing", instance: "other", graceMs: 10_000 });
    expect(closing).toEqual(["other 10000"]);
  });
});
