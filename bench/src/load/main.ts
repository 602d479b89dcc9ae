// The process that makes the load of one server: all subscribers and the publisher, told by its parent what to do.
import type { LoadCommand, LoadReply } from "../processes/messages.ts";
import { answer } from "../processes/child.ts";
import { Load } from "./load.ts";

let load: Load | undefined;

answer<LoadCommand, LoadReply>(async (command) => {
  if (command.type === "start") {
    load = await Load.start(command);
    return { type: "started" };
  }
  if (load === undefined) throw new Error("not started");
  return { type: "measured", measurement: await load.measure(command.pace, command.warmUpMs, command.durationMs) };
});
