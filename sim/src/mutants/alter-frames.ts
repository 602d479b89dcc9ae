import { jsonCodec, protobufCodec } from "@hawser/protocol";
import type { ClientFrame, ServerFrame } from "@hawser/protocol";
import type { World } from "../world/world.ts";

/** Puts other frames in the place of those that a node sends. */
export function alterDown(world: World, edit: (frame: ServerFrame) => readonly ServerFrame[]): void {
  world.network.tap.alter((connection, way, message) => {
    if (way === "up") return [message];
    const codec = connection.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec;
    return codec
      .decodeServer(message)
      .flatMap(edit)
      .map((frame) => codec.encode(frame));
  });
}

/** Puts other frames in the place of those that a client sends. */
export function alterUp(world: World, edit: (frame: ClientFrame) => readonly ClientFrame[]): void {
  world.network.tap.alter((connection, way, message) => {
    if (way === "down") return [message];
    const codec = connection.subprotocol === "hawser.v1" ? protobufCodec : jsonCodec;
    return codec
      .decodeClient(message)
      .flatMap(edit)
      .map((frame) => codec.encode(frame));
  });
}

/** True once in so many times. */
export function everyTime(count: number): () => boolean {
  let left = count;
  return () => {
    left -= 1;
    if (left > 0) return false;
    left = count;
    return true;
  };
}
