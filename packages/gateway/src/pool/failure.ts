import { HawserError } from "@hawser/protocol";
import { UpstreamRefused } from "../proxy/pool-port.ts";

/** What a server says when not it, but one behind it, does not answer. */
const statusesOfFailure: readonly number[] = [502, 503, 504];

/** Why a connection to a target was not made, if that says something of the target: then another one is tried. */
export function failureOf(error: unknown): string | undefined {
  if (error instanceof UpstreamRefused)
    return statusesOfFailure.includes(error.status) ? String(error.status) : undefined;
  if (error instanceof HawserError) return error.code === "upstream-unavailable" ? error.code : undefined;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === "string" ? code : "failed";
}
