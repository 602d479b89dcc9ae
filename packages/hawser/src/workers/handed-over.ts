import type { ChildProcess } from "node:child_process";

/** What `node:cluster` says when it hands a connection to a worker (`act`), and when the worker has it (`ack`). */
interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: number;
  readonly ack?: number;
}

/**
 * Closes the connections that a worker was handed and had not taken when it ended. `node:cluster` forgets them open: their
 * clients would wait in vain until their own time-out, instead of connecting again at once.
 */
export function closeHandedOver(child: ChildProcess): void {
  const handed = new Map<number, { close(): void }>();
  const send = child.send.bind(child) as (...values: unknown[]) => boolean;
  child.send = (...values: unknown[]): boolean => {
    const [message, handle] = values as [ClusterMessage, { close(): void } | undefined];
    if (message.cmd === "NODE_CLUSTER" && message.act === "newconn" && message.seq !== undefined && handle?.close)
      handed.set(message.seq, handle);
    return send(...values);
  };
  child.on("internalMessage", ({ cmd, ack }: ClusterMessage) => {
    if (cmd === "NODE_CLUSTER" && ack !== undefined) handed.delete(ack);
  });
  const close = (): void => {
    for (const handle of handed.values()) handle.close();
    handed.clear();
  };
  // The channel's end is not always told, when it broke in the middle of a message.
  child.once("disconnect", close);
  child.once("exit", close);
}
