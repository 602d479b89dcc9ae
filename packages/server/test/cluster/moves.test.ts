import { describe, expect, it } from "vitest";
import { Moves } from "../../src/cluster/moves.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

class Client {
  told: readonly string[] | undefined;
  dismissed = false;

  move(_deadlineMs: number, endpoints: readonly string[]): boolean {
    this.told = endpoints;
    return true;
  }

  dismiss(): void {
    this.dismissed = true;
  }
}

function begin(count: number) {
  const ports = new SimulatedPorts();
  const events: string[] = [];
  const moves = new Moves<Client>({
    clock: ports,
    timers: ports,
    onMove: (event) => void events.push(event),
  });
  const clients = Array.from({ length: count }, () => new Client());
  moves.begin({
    connections: clients,
    endpointsOf: (told) => [`to-${told}`],
    maxMovesPerSecond: 10,
    onDone: () => void events.push("done"),
  });
  return { ports, events, moves, clients };
}

describe("moves", () => {
  it("tell each where to go, paced, and are done when all have gone", async () => {
    const { ports, events, moves, clients } = begin(3);
    expect(clients.map(({ told }) => told)).toEqual([["to-0"], undefined, undefined]);
    await ports.advance(250);
    expect(clients.map(({ told }) => told)).toEqual([["to-0"], ["to-1"], ["to-2"]]);
    for (const client of clients) {
      expect(moves.has(client)).toBe(true);
      moves.forget(client);
    }
    expect(events).toEqual(["told", "told", "told", "moved", "moved", "moved", "done"]);
    expect(moves.has(clients[0]!)).toBe(false);
  });

  it("end the connection of who stays beyond his deadline (CON-12)", async () => {
    const { ports, clients } = begin(1);
    await ports.advance(9_999);
    expect(clients[0]!.dismissed).toBe(false);
    await ports.advance(2);
    expect(clients[0]!.dismissed).toBe(true);
  });

  it("tell and end nobody once they are stopped", async () => {
    const { ports, events, moves, clients } = begin(3);
    moves.stop();
    await ports.advance(60_000);
    expect(clients.map(({ told, dismissed }) => [told !== undefined, dismissed])).toEqual([
      [true, false],
      [false, false],
      [false, false],
    ]);
    moves.forget(clients[0]!);
    expect(events).toEqual(["told"]);
    expect(ports.pending).toBe(0);
  });
});
