import { HawserError } from "./errors.ts";

/** Ends decoding: the peer's bytes are not frames (WIRE-3). `what` is said of the frame: "ends within a number". */
export function malformed(what: string): never {
  throw new HawserError("frame-malformed", `A frame ${what}.`);
}
