import { describe, expect, it } from "vitest";
import { maxRooms, settings } from "../../src/model/settings.ts";
import type { KeptText } from "../../src/model/settings.ts";

function storage(entries: Record<string, string> = {}): KeptText {
  const kept = new Map(Object.entries(entries));
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  };
}

describe("settings", () => {
  it("gives back what was kept, also with the proof of the right to read", () => {
    const kept = storage();
    settings(kept).name = "ann";
    settings(kept).rooms = ["general", "news"];
    settings(kept).setRead("news", { epoch: 1, offset: 2, grant: "AA==" });
    expect(settings(kept).name).toBe("ann");
    expect(settings(kept).rooms).toEqual(["general", "news"]);
    expect(settings(kept).read("news")).toEqual({ epoch: 1, offset: 2, grant: "AA==" });
    expect(settings(kept).read("general")).toBeUndefined();
  });

  it("is as on a first visit where the storage holds something else", () => {
    const kept = settings(storage({ "hawser.name": "{", "hawser.rooms": '{"a":1}', "hawser.read.x": '{"epoch":"1"}' }));
    expect([kept.name, kept.rooms, kept.read("x")]).toEqual(["", [], undefined]);
  });

  it("works without a storage, and with one that refuses", () => {
    const refuse = (): never => {
      throw new Error("forbidden");
    };
    for (const kept of [settings(undefined), settings({ getItem: refuse, setItem: refuse })]) {
      kept.name = "ann";
      expect(kept.name).toBe("");
    }
  });

  it("keeps rooms up to its limit, and not one more", () => {
    const kept = settings(storage());
    const rooms = Array.from({ length: maxRooms + 1 }, (_, index) => `room-${index}`);
    kept.rooms = rooms.slice(0, maxRooms);
    expect(kept.rooms).toHaveLength(maxRooms);
    kept.rooms = rooms;
    expect(kept.rooms).toHaveLength(maxRooms);
  });
});
