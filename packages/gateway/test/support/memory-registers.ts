import type { OnRegistered, PartHost, Register } from "@hawser/server";

/** The registers of a log, in memory: each node that opens one has a host of its own. */
export class MemoryRegisters {
  readonly #values = new Map<string, unknown>();
  readonly #nodes = new Set<OnRegistered>();

  host(): PartHost {
    return {
      openRegister: async (_, onChange): Promise<Register> => {
        this.#nodes.add(onChange);
        for (const [key, value] of this.#values) onChange(key, value);
        return {
          values: this.#values,
          set: async (key, value) => {
            if (value === undefined) this.#values.delete(key);
            else this.#values.set(key, JSON.parse(JSON.stringify(value)));
            for (const told of this.#nodes) told(key, value);
          },
        };
      },
    };
  }
}
