import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { BoundedCounter } from "../../src/observe/bounded-counter.ts";

const samples = async (registry: Registry): Promise<string[]> => (await registry.metrics()).trim().split("\n").slice(2);

it("a bounded counter keeps so many label values apart, and counts the others together", async () => {
  const registry = new Registry();
  const counter = new BoundedCounter<string>({
    registry,
    name: "a_total",
    help: "A.",
    labelName: "code",
    maxLabels: 3,
  });
  for (let value = 0; value < 100; value += 1) counter.add(String(value));
  counter.add("0", 5);
  expect(await samples(registry)).toEqual([
    'a_total{code="0"} 6',
    'a_total{code="1"} 1',
    'a_total{code="2"} 1',
    'a_total{code="other"} 97',
  ]);
});

it("a bounded counter shows what is known from the start, and no label breaks out of its place", async () => {
  const registry = new Registry();
  const known = ["known"];
  const counter = new BoundedCounter<string>({ registry, name: "a_total", help: "A.", labelName: "code", known });
  counter.add('x"\n\\} 1');
  expect(await samples(registry)).toEqual(['a_total{code="known"} 0', 'a_total{code="x\\"\\n\\\\} 1"} 1']);
});
