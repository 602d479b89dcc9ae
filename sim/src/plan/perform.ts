import { inject } from "../faults/inject.ts";
import { closeSocket, openSocketSomewhere, sayOnSocket, stopReadingSocket } from "../sockets/socket-work.ts";
import type { RandomStream } from "../random/random-stream.ts";
import {
  call,
  churn,
  publish,
  pry,
  compareHistory,
  save,
  sendToInbox,
  subscribeSomebody,
  subscribeToSome,
} from "../workload/workload.ts";
import type { World } from "../world/world.ts";
import { isFault } from "./action.ts";
import type { Action, WorkKind } from "./action.ts";
import type { NumberSet } from "./number-set.ts";

const work: Readonly<Record<WorkKind, (world: World, random: RandomStream) => void>> = {
  publish,
  churn,
  save,
  "send to inbox": sendToInbox,
  "read history": compareHistory,
  pry,
  call,
  subscribe: subscribeSomebody,
  "open a socket": openSocketSomewhere,
  "say on a socket": sayOnSocket,
  "stop reading a socket": stopReadingSocket,
  "close a socket": closeSocket,
};

/** Has everything of a plan happen at its time, but for what is left out. Each action draws from a stream of its own. */
export function followPlan(world: World, plan: readonly Action[], without: NumberSet): void {
  const starting = [...world.clients];
  for (const { number, atMs, kind } of plan) {
    if (without.has(number)) continue;
    const random = world.random.actions.split(String(number));
    if (kind === "client starts") {
      subscribeToSome(world, starting.shift()!, random);
      continue;
    }
    world.time.after(atMs, () => {
      world.trace.action(number, kind);
      if (!isFault(kind)) work[kind](world, random);
      else if (inject(world, kind, random)) world.faults.add(kind);
    });
  }
}
