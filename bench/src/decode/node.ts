// The process in which the clients are measured in Node.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";
import { answer } from "../processes/child.ts";
import { installFakeSocket } from "./fake-socket.ts";
import { Scene } from "./scene.ts";
import type { Case } from "./scene.ts";
import { socketIoClientPath } from "./socket-io-client-path.ts";
import type { SocketIo } from "./socket-io-receiver.ts";

export interface MeasureCommand {
  readonly of: Case;
  readonly durationMs: number;
}

installFakeSocket();
// As in a page: the file puts its client among the globals.
runInThisContext(readFileSync(socketIoClientPath, "utf8"));

const scenes = new Map<string, Scene>();

answer<MeasureCommand, number>(async ({ of, durationMs }) => {
  const name = `${of.client} ${of.perMessage}`;
  let scene = scenes.get(name);
  if (scene === undefined) {
    scene = await Scene.start(of, (globalThis as unknown as { io: SocketIo }).io);
    scenes.set(name, scene);
  }
  return scene.measure(durationMs);
});
