import { expect, it } from "vitest";
import { gatherMetrics } from "../../src/workers/gather-metrics.ts";

const text = (worker: string, count: number): string =>
  [
    "# HELP a_total How many.",
    "# TYPE a_total counter",
    `a_total{worker="${worker}"} ${count}`,
    "",
    "# HELP b_ms How long.",
    "# TYPE b_ms histogram",
    `b_ms_bucket{le="1",worker="${worker}"} 0`,
    `b_ms_count{worker="${worker}"} 0`,
    "",
  ].join("\n");

it("puts the samples of a family together, under one head", () => {
  const own = "# HELP c Own.\n# TYPE c gauge\nc 2\n";
  expect(gatherMetrics([text("1", 5), text("2", 7), own])).toBe(
    [
      "# HELP a_total How many.",
      "# TYPE a_total counter",
      'a_total{worker="1"} 5',
      'a_total{worker="2"} 7',
      "",
      "# HELP b_ms How long.",
      "# TYPE b_ms histogram",
      'b_ms_bucket{le="1",worker="1"} 0',
      'b_ms_count{worker="1"} 0',
      'b_ms_bucket{le="1",worker="2"} 0',
      'b_ms_count{worker="2"} 0',
      "",
      "# HELP c Own.",
      "# TYPE c gauge",
      "c 2",
      "",
    ].join("\n"),
  );
});

it("is empty for no texts", () => {
  expect(gatherMetrics([])).toBe("");
});
