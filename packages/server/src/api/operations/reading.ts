import type { Page } from "@hawser/log";
import { HawserError, isChannelName } from "@hawser/protocol";
import type { HawserNode } from "../../node.ts";
import type { PageRequest } from "../../history/read-page.ts";
import type { ChannelPresence } from "../../presence/channel-presence.ts";
import { requestInvalid } from "../api-error.ts";
import { messageJson, positionOf, positionText } from "../message-json.ts";
import type { Operation } from "../operation.ts";
import { checkCovers } from "./covers.ts";

export interface ReadingParts {
  readonly node: Pick<HawserNode, "history">;
  readonly presence: (channel: string) => Promise<ChannelPresence>;
}

/** The operations that look at a channel. */
export function reading({ node, presence }: ReadingParts): readonly Operation[] {
  return [
    {
      name: "history",
      method: "GET",
      path: "channels/{channel}/messages",
      scope: "history",
      query: ["position", "limit", "backward"],
      run: async ({ key, path: { channel = "" }, query }) => {
        checkCovers(key, channel);
        if (!isChannelName(channel) || channel.startsWith("$"))
          throw new HawserError("channel-invalid", `${JSON.stringify(channel)} is not a channel that can be read.`);
        const request = pageRequestOf(query);
        return { status: 200, body: pageJson(await node.history(channel, request), request.backward) };
      },
    },
    {
      name: "presence",
      method: "GET",
      path: "channels/{channel}/presence",
      scope: "presence",
      query: [],
      run: async ({ key, path: { channel = "" } }) => {
        checkCovers(key, channel);
        return { status: 200, body: await presence(channel) };
      },
    },
  ];
}

function pageRequestOf(query: ReadonlyMap<string, string>): PageRequest {
  const position = query.get("position");
  const limit = query.get("limit");
  const backward = query.get("backward") ?? "false";
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit))
    throw requestInvalid("limit must be a whole number above 0.");
  if (backward !== "true" && backward !== "false") throw requestInvalid("backward must be true or false.");
  return {
    position: position === undefined ? undefined : positionOf(position),
    limit: Number(limit ?? 0),
    backward: backward === "true",
  };
}

function pageJson({ epoch, floor, interval, entries, more }: Page, backward: boolean): object {
  return {
    epoch,
    floor,
    from: interval.from,
    to: interval.to,
    messages: entries.map(messageJson),
    more,
    next: positionText({ epoch, offset: backward ? interval.from : interval.to }),
  };
}
