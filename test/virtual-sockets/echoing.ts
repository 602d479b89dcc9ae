import { createHash } from "node:crypto";
import type { VirtualSocket } from "@hawser/client";

/** What became of messages that were to come back. */
export interface Echo {
  readonly code: number;
  /** By all that was said, and by all that was heard: each message's length and bytes, in order. */
  readonly said: string;
  readonly heard: string;
}

/** Resolves with the event. */
export function until(socket: VirtualSocket, type: "open" | "close"): Promise<Event> {
  return new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
}

/**
 * Says messages of all sizes to an upstream that echoes, twenty of them under way, and closes behind the last.
 *
 * @param more is told how many have come, and says whether there are to be more.
 */
export async function echo(socket: VirtualSocket, more: (came: number) => boolean): Promise<Echo> {
  socket.binaryType = "arraybuffer";
  const [said, heard] = [createHash("sha256"), createHash("sha256")];
  const closed = new Promise<number>((resolve) => (socket.onclose = ({ code }) => resolve(code)));
  let [next, came] = [0, 0];
  const say = (): void => {
    const message = new Uint8Array(next % 100 === 0 ? 200_000 : next % 700).fill(next);
    next += 1;
    said.update(`${message.length} `).update(message);
    socket.send(message);
  };
  socket.onmessage = ({ data }) => {
    const message = new Uint8Array(data as ArrayBuffer);
    heard.update(`${message.length} `).update(message);
    came += 1;
    if (more(came)) say();
    else if (came === next) socket.close(1000);
  };
  for (let underWay = 0; underWay < 20; underWay += 1) say();
  return { code: await closed, said: said.digest("hex"), heard: heard.digest("hex") };
}
