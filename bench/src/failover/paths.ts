// The ways between receivers and servers, in a process of their own.
import { answer } from "../processes/child.ts";
import { DelayedPath } from "./delayed-path.ts";
import type { PathsCommand, PathsReply } from "./messages.ts";

const groups = new Map<string, readonly DelayedPath[]>();

answer<PathsCommand, PathsReply>(async (command) => {
  if (command.type === "lay") {
    const { group, targets, oneWayMs } = command;
    const paths = await Promise.all(targets.map((target) => DelayedPath.to(target, oneWayMs)));
    groups.set(group, paths);
    return { type: "laid", ports: paths.map(({ port }) => port) };
  }
  let connections = 0;
  for (const group of command.groups) {
    const standing = (groups.get(group) ?? []).flatMap((path) => path.connections);
    const oldest = standing.reduce<(typeof standing)[number] | undefined>(
      (found, one) => (found !== undefined && found.since <= one.since ? found : one),
      undefined,
    );
    if (oldest === undefined) continue;
    oldest.reset();
    connections += 1;
  }
  return { type: "reset", connections };
});
