import type { Log } from "@hawser/log";
import { systemPorts } from "@hawser/protocol";
import { channelPolicies, defaultLimits } from "@hawser/server";
import type { ConfigFile } from "../configuration/config-file.ts";
import { defaultChannels } from "./server-options.ts";

/** Opens a log that this process keeps for others, with the policies of the configuration. Rejects as `Log.open` does. */
export async function openLog(log: Log, { config }: ConfigFile): Promise<void> {
  const maxMessageBytes = config.limits?.maxMessageBytes ?? defaultLimits.maxMessageBytes;
  const policyOf = channelPolicies(config.channels ?? defaultChannels, log.capabilities, maxMessageBytes);
  await log.open({ policyOf, ...systemPorts() });
}
