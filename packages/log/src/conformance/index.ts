import { closingCases } from "./cases/closing.ts";
import { deduplicationCases } from "./cases/deduplication.ts";
import { ephemeralCases } from "./cases/ephemeral.ts";
import { followingCases } from "./cases/following.ts";
import { modelCases } from "./cases/model.ts";
import { orderCases } from "./cases/order.ts";
import { payloadCases } from "./cases/payloads.ts";
import { readingCases } from "./cases/reading.ts";
import { reopeningCases } from "./cases/reopening.ts";
import { retentionCases } from "./cases/retention.ts";
import type { ConformanceCase } from "./harness.ts";

export { bindingCases } from "./binding-cases.ts";
export type { BindingCase, BindingHarness } from "./binding-cases.ts";
export { check, checkEqual, checkRejects, ConformanceError } from "./check.ts";
export { LogDriver, numbered, plain, textOf, texts } from "./driver.ts";
export type { Recording } from "./driver.ts";
export type { ConformanceCapabilities, ConformanceCase, ConformanceHarness } from "./harness.ts";

/**
 * All that the log port promises, as named cases. It imports no test runner: hand each case that the log's capabilities
 * need to yours.
 *
 * @example
 * ```ts
 * for (const { name, needs, run } of conformanceCases) {
 *   if (needs(capabilities)) it(name, () => run(makeHarness()));
 * }
 * ```
 */
export const conformanceCases: readonly ConformanceCase[] = [
  ...orderCases,
  ...deduplicationCases,
  ...readingCases,
  ...retentionCases,
  ...followingCases,
  ...ephemeralCases,
  ...payloadCases,
  ...reopeningCases,
  ...closingCases,
  ...modelCases,
];
