import fc from "fast-check";
import { expect, it } from "vitest";
import { Few } from "../../src/delivery/few.ts";

const names = fc.constantFrom("", "a", "b", "c");
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("set" as const), name: names }),
    fc.record({ kind: fc.constant("delete" as const), name: names }),
    fc.record({ kind: fc.constant("clear" as const), name: names }),
  ),
  { maxLength: 12 },
);

it("holds what a Map holds, in its order, whatever is set, deleted and cleared", () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const few = new Few<object>();
      const map = new Map<string, object>();
      for (const { kind, name } of taken) {
        const value = {};
        for (const one of [few, map]) {
          if (kind === "set") one.set(name, value);
          else if (kind === "delete") one.delete(name);
          else one.clear();
        }
        expect(few.size).toBe(map.size);
        expect([...few.values()]).toEqual([...map.values()]);
        for (const one of ["", "a", "b", "c"]) expect(few.get(one)).toBe(map.get(one));
      }
    }),
  );
});
