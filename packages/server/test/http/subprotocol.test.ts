import { describe, expect, it } from "vitest";
import { chooseSubprotocol, offeredSubprotocols } from "../../src/http/subprotocol.ts";

describe("the subprotocol", () => {
  it.each([
    ["hawser.v1", "hawser.v1"],
    ["hawser.v1.json", "hawser.v1.json"],
    ["hawser.v1.json, hawser.v1", "hawser.v1"],
    ["chat,hawser.v1.json ,other", "hawser.v1.json"],
    ["hawser.v2", undefined],
    ["HAWSER.V1", undefined],
    ["hawser.v1.jsonx", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("of the offer %j is %j", (offer, chosen) => {
    expect(chooseSubprotocol(offeredSubprotocols(offer))).toBe(chosen);
  });
});
