import { HawserError } from "@hawser/protocol";
import { isUserName } from "../auth/user-name.ts";
import type { HawserNode } from "../node.ts";

/** Why, where the application does not say it. */
export const disconnectedByApplication = "The application ended this session.";
const maxReasonBytes = 1_024;

/** See `HawserServer.disconnectUser`. */
export async function disconnectUser(
  node: Pick<HawserNode, "disconnectUser" | "cluster">,
  user: string,
  reason = disconnectedByApplication,
): Promise<number> {
  if (!isUserName(user)) throw new HawserError("channel-invalid", `${JSON.stringify(user)} cannot be a user's name.`);
  if (typeof reason !== "string" || Buffer.byteLength(reason) > maxReasonBytes)
    throw new HawserError("payload-invalid", `The reason must be a string of at most ${maxReasonBytes} bytes.`);
  const connections = node.disconnectUser(user, reason);
  await node.cluster.disconnect(user, reason);
  return connections;
}
