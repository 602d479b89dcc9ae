import type { IncomingMessage } from "node:http";
import type { Clock, Timers } from "@hawser/protocol";
import type { AddressOf } from "../http/address.ts";
import type { HawserNode } from "../node.ts";
import type { Logger } from "../observe/logger.ts";
import type { PolicyOf } from "../policy/channel-options.ts";
import type { Limits } from "../policy/limits.ts";
import type { ChannelPresence } from "../presence/channel-presence.ts";
import type { ApplicationPublisher } from "../publish/application-publisher.ts";
import { ApiKeys } from "./api-keys.ts";
import type { ApiOptions } from "./api-options.ts";
import type { Operation } from "./operation.ts";
import { HttpApi } from "./http-api.ts";
import type { ApiObserver } from "./http-api.ts";
import { operating } from "./operations/operating.ts";
import { publishing } from "./operations/publishing.ts";
import { reading } from "./operations/reading.ts";

export interface ApiParts {
  /** That of the WebSocket. */
  readonly path: string;
  readonly node: HawserNode;
  readonly publisher: ApplicationPublisher;
  readonly presence: (channel: string) => Promise<ChannelPresence>;
  readonly policyOf: PolicyOf;
  readonly limits: Limits;
  readonly addressOf: AddressOf;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly observer: ApiObserver;
  readonly occupy: (request: IncomingMessage) => () => void;
  /** Those of a part that the server was given, such as a gateway. */
  readonly others: readonly Operation[];
}

/**
 * The HTTP API of a server, with all of its operations; `undefined` where no key is configured.
 *
 * @throws HawserError `option-invalid` for keys that are none.
 */
export function apiOf(options: ApiOptions | undefined, parts: ApiParts): HttpApi | undefined {
  if (options === undefined || options.keys.length === 0) return undefined;
  const operations = [
    ...publishing({ ...parts, maxBatch: parts.limits.maxApiBatch }),
    ...reading(parts),
    ...operating(parts.node),
    ...parts.others,
  ];
  return new HttpApi({ ...parts, path: `${parts.path}/api/v1`, keys: new ApiKeys(options.keys), operations });
}
