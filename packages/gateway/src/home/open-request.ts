import { HawserError } from "@hawser/protocol";
import type { OpenSocketFrame } from "@hawser/protocol";
import { lanes } from "@hawser/server/core";
import type { Lane } from "@hawser/server/core";

const maxPathLength = 2_048;
const maxProtocols = 32;
/** Of RFC 9110, section 5.6.2: what a subprotocol is. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,255}$/;
/** Visible characters of a path and a query, without a fragment. */
const pathText = /^[/?][!"$-[\]-~]*$/;
/** A segment that leads out of the upstream's own path. */
const dots = /(?:^|\/)(?:\.|%2e){1,2}(?:$|[/?])/i;

/**
 * What is wrong with an `open-socket` whatever the upstream says: a path that is none, or that leads out of the upstream's own;
 * subprotocols that are none, or named twice; a lane that there is not.
 *
 * @throws HawserError `payload-invalid`.
 */
export function checkOpen({ path, protocols, lane }: OpenSocketFrame): void {
  const refuse = (what: string): never => {
    throw new HawserError("payload-invalid", `This open-socket has ${what}.`);
  };
  if (path !== "" && (!pathText.test(path) || path.length > maxPathLength)) refuse("a path that is none");
  if (dots.test(path.split("?", 1)[0]!)) refuse("a path that leads out of that of the upstream");
  if (protocols.length > maxProtocols || !protocols.every((name) => token.test(name)))
    refuse("subprotocols that are none");
  if (new Set(protocols).size !== protocols.length) refuse("a subprotocol twice");
  if (lane !== "" && !lanes.includes(lane as Lane)) refuse("a lane that there is not");
}

/** The lane that an `open-socket` names. */
export function laneOf(lane: string): Lane {
  return lane === "" ? "normal" : (lane as Lane);
}
