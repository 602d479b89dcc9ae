import { describe, expect, it } from "vitest";
import type { NodeWord } from "../../src/cluster/cluster-record.ts";
import { Membership } from "../../src/cluster/membership.ts";

const word = (name: string, more: Partial<NodeWord> = {}): NodeWord => ({
  name,
  endpoints: [],
  state: "up",
  version: "1",
  connections: 0,
  sessions: 0,
  relay: "",
  presence: "",
  ...more,
});

function members(options: { patience?: number; maxNodes?: number } = {}) {
  const changes: string[] = [];
  const membership = new Membership({
    patience: 2,
    maxNodes: 10,
    ...options,
    onChange: (change, { instance }) => void changes.push(`${instance} ${change}`),
  });
  return { membership, changes, names: () => [...membership.nodes()].map(({ name }) => name) };
}

describe("membership", () => {
  it("knows a node by its first beat, and what it says by its last", () => {
    const { membership, changes, names } = members();
    membership.beat("a", 1, word("one"));
    membership.beat("a", 3, word("two"));
    membership.beat("a", 2, word("late"));
    expect(names()).toEqual(["two"]);
    expect(changes).toEqual(["a joined", "a changed"]);
  });

  it("takes a node for dead with the first own beat behind as many as patience lasts", () => {
    const { membership, changes } = members({ patience: 2 });
    membership.beat("a", 1, word("a"));
    membership.count();
    membership.count();
    expect(changes).toEqual(["a joined"]);
    membership.count();
    expect(changes).toEqual(["a joined", "a died"]);
  });

  it("counts anew when a node is heard, be it by a beat that was held up", () => {
    const { membership, changes } = members({ patience: 1 });
    membership.beat("a", 5, word("a"));
    for (let round = 0; round < 5; round += 1) {
      membership.count();
      membership.beat("a", 4, word("a"));
    }
    expect(changes).toEqual(["a joined"]);
  });

  it("knows a node that said it goes no more, until it says that it lives", () => {
    const { membership, changes, names } = members();
    membership.beat("a", 1, word("a"));
    membership.leave("a");
    membership.leave("b");
    expect(names()).toEqual([]);
    membership.beat("a", 2, word("a"));
    expect(changes).toEqual(["a joined", "a left", "a joined"]);
  });

  it("knows maxNodes nodes, and no further one", () => {
    const { membership, names } = members({ maxNodes: 2 });
    for (const name of ["a", "b", "c"]) membership.beat(name, 1, word(name));
    expect(names()).toEqual(["a", "b"]);
    membership.leave("a");
    membership.beat("c", 2, word("c"));
    expect(names()).toEqual(["b", "c"]);
  });
});
