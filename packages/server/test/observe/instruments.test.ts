import { describe, expect, it } from "vitest";
import { Registry } from "../../src/observe/instruments.ts";

describe("the Prometheus text format", () => {
  it("of a counter", () => {
    const registry = new Registry();
    const counter = registry.counter("a_total", "Counts a.");
    counter.add();
    counter.add(2);
    expect(registry.expose()).toBe("# HELP a_total Counts a.\n# TYPE a_total counter\na_total 3\n");
  });

  it("of a gauge that is set, and of one that is asked", () => {
    const registry = new Registry();
    const gauge = registry.gauge("a", "A.");
    gauge.add(5);
    gauge.add(-2);
    registry.gauge("b", "B.", () => Number.NaN);
    expect(registry.expose()).toBe("# HELP a A.\n# TYPE a gauge\na 3\n# HELP b B.\n# TYPE b gauge\nb NaN\n");
    gauge.set(0.5);
    expect(registry.expose()).toContain("\na 0.5\n");
  });

  it("of counters with a label, whose values cannot break out of their place", () => {
    const registry = new Registry();
    const counters = registry.counterBy<string>("a_total", "A.", "code", ["known"]);
    counters.add('x"\n\\} 1');
    expect(registry.expose()).toBe(
      '# HELP a_total A.\n# TYPE a_total counter\na_total{code="known"} 0\na_total{code="x\\"\\n\\\\} 1"} 1\n',
    );
  });

  it("of a histogram, whose buckets include those below", () => {
    const registry = new Registry();
    const histogram = registry.histogram("a_ms", "A.", [1, 10]);
    for (const value of [0.5, 1, 5, 50]) histogram.observe(value);
    expect(registry.expose().split("\n").slice(2, -1)).toEqual([
      'a_ms_bucket{le="1"} 2',
      'a_ms_bucket{le="10"} 3',
      'a_ms_bucket{le="+Inf"} 4',
      "a_ms_sum 56.5",
      "a_ms_count 4",
    ]);
  });
});

it("keeps a bounded number of label values apart", () => {
  const registry = new Registry(3);
  const counters = registry.counterBy<string>("a_total", "A.", "code");
  for (let value = 0; value < 100; value += 1) counters.add(String(value));
  counters.add("0");
  expect(registry.expose().split("\n").slice(2, -1)).toEqual([
    'a_total{code="0"} 2',
    'a_total{code="1"} 1',
    'a_total{code="2"} 1',
    'a_total{code="other"} 97',
  ]);
});
