// Sends messages to an echo server and waits for them: the same bare sockets whatever lies between.
import { answer } from "../processes/child.ts";
import { EchoLoad } from "./echo-load.ts";
import type { LoadCommand, LoadReply } from "./messages.ts";

let load: EchoLoad | undefined;

answer<LoadCommand, LoadReply>(async (command) => {
  switch (command.type) {
    case "connect":
      load = await EchoLoad.connect(command);
      return { type: "connected" };
    case "measure":
      return { type: "measured", measurement: await load!.measure(command) };
    case "disconnect":
      load?.close();
      return { type: "disconnected" };
  }
});
