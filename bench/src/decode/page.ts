// What runs in the page in which the clients are measured in Chromium.
import { installFakeSocket } from "./fake-socket.ts";
import { Scene } from "./scene.ts";
import type { Case } from "./scene.ts";
import type { SocketIo } from "./socket-io-receiver.ts";

declare const io: SocketIo;

const scenes = new Map<string, Scene>();

async function measure(of: Case, durationMs: number): Promise<number> {
  const name = `${of.client} ${of.perMessage}`;
  let scene = scenes.get(name);
  if (scene === undefined) {
    scene = await Scene.start(of, io);
    scenes.set(name, scene);
  }
  return scene.measure(durationMs);
}

installFakeSocket();
Object.assign(globalThis, { measure });
