import { memoryLog } from "@hawser/log";
import { expect, it } from "vitest";
import { shortestDeduplicationMs } from "../../src/policy/channel-options.ts";

const { capabilities } = memoryLog();

it("clients are told the shortest window of the channels that they may publish to", () => {
  expect(shortestDeduplicationMs([], capabilities)).toBe(3_600_000);
  const options = [
    { pattern: "quick.*", deduplicateMs: 60_000 },
    { pattern: "slow.*", deduplicateMs: 7_200_000 },
    { pattern: "news", deduplicateMs: 5, clientsPublish: false },
    { pattern: "$user.**", deduplicateMs: 5 },
    { pattern: "none", deduplicateMs: 0 },
  ];
  expect(shortestDeduplicationMs(options, capabilities)).toBe(60_000);
  expect(shortestDeduplicationMs(options, { ...capabilities, deduplicates: false })).toBe(0);
});
