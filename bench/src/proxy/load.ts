// Sends messages to an echo server and waits for them: the same whatever lies between.
import { answer } from "../processes/child.ts";
import { EchoLoad } from "./echo-load.ts";
import type { LoadCommand, LoadReply } from "./messages.ts";
import { plainPath } from "./plain-paths.ts";
import { clientOf, virtualPaths } from "./virtual-paths.ts";

let load: EchoLoad | undefined;

answer<LoadCommand, LoadReply>(async (command) => {
  switch (command.type) {
    case "connect": {
      const { port, connections, payloadBytes, virtual } = command;
      const paths = virtual
        ? await virtualPaths(clientOf(port), connections, payloadBytes)
        : await Promise.all(Array.from({ length: connections }, () => plainPath(port, payloadBytes)));
      load = new EchoLoad(paths);
      return { type: "connected" };
    }
    case "measure":
      return { type: "measured", measurement: await load!.measure(command) };
    case "disconnect":
      load?.close();
      return { type: "disconnected" };
  }
});
