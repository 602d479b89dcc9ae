import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConnectionSet } from "../../src/connection-set/connection-set.ts";
import { fakePlatform, FakeSocket } from "../reconnecting-websocket/fake-platform.ts";
import { SimulatedPorts } from "../simulated-ports.ts";

const names = ["a", "b", "c"] as const;

type Step =
  | { readonly kind: "open" | "end"; readonly name: (typeof names)[number] }
  | { readonly kind: "send" }
  | { readonly kind: "advance"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom("open" as const, "end" as const), name: fc.constantFrom(...names) }),
  fc.constant({ kind: "send" as const }),
  fc.record({ kind: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
);

/** A world of three servers, in which every message that a socket takes is noted in one place. */
function world(standby: "cold" | "warm", switchBackAfterMs: number | "never") {
  const ports = new SimulatedPorts();
  const taken: string[] = [];
  class Noting extends FakeSocket {
    override send(data: unknown): void {
      taken.push(data as string);
    }
    /** The server answers at once. */
    override close(...closing: unknown[]): void {
      super.close(...closing);
      ports.timers.soon(() => this.end(1000));
    }
  }
  const platform = fakePlatform(Noting);
  const set = new ConnectionSet({
    policy: { kind: "failover", standby, switchBackAfterMs },
    members: Object.fromEntries(names.map((name) => [name, { url: `ws://${name}/` }])),
    defaults: { WebSocket: platform.WebSocket, ports, pageLife: { listen: () => () => {} } },
  });
  const live = (name: string): FakeSocket | undefined =>
    platform.sockets.findLast(({ url, onopen }) => url === `ws://${name}/` && onopen !== null);
  const act = async (action: Step, number: number): Promise<void> => {
    if (action.kind === "send") set.send(String(number));
    else if (action.kind === "advance") await ports.advance(action.ms);
    else {
      const socket = live(action.name);
      if (action.kind === "open" && socket?.readyState === 0) socket.open();
      if (action.kind === "end" && socket !== undefined && socket.readyState < 2) socket.end();
    }
  };
  return { ports, set, taken, act };
}

describe("failover, whatever happens", () => {
  it.each(["cold", "warm"] as const)(
    "uses an open member whenever there is one, and sends every message once, in order (%s)",
    async (standby) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { maxLength: 60 }),
          fc.constantFrom("never" as const, 500),
          async (steps, switchBackAfterMs) => {
            const { ports, set, taken, act } = world(standby, switchBackAfterMs);
            const sent: string[] = [];
            for (const [number, action] of steps.entries()) {
              if (action.kind === "send") sent.push(String(number));
              await act(action, number);
              const { members, active, state } = set.status;
              const open = members.filter((member) => member.state === "open").map(({ id }) => id);
              expect(open.length > 0).toBe(state === "open");
              if (open.length > 0) expect(open).toContain(active);
              expect(members.filter((member) => member.active).length).toBe(1);
            }
            // The world heals: whatever is tried opens, within the longest delay.
            for (let waitedMs = 0; waitedMs <= 30_000; waitedMs += 100) {
              for (const name of names) await act({ kind: "open", name }, 0);
              await ports.advance(100);
            }
            expect(set.status.state).toBe("open");
            expect(taken).toEqual(sent);
            const closing = set.close();
            await ports.advance(10_000);
            await closing;
            expect(ports.pending).toBe(0);
          },
        ),
        { numRuns: 150 },
      );
    },
  );
});
