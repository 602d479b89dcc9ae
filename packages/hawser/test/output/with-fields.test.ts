import { jsonLogger } from "@hawser/server";
import { expect, it } from "vitest";
import { withFields } from "../../src/output/with-fields.ts";

it("says its fields on every line, ahead of the line's own, which count where they have the same name", () => {
  const lines: unknown[] = [];
  const inner = jsonLogger({ level: "debug", write: (line) => lines.push(JSON.parse(line)) });
  const logger = withFields(inner, { worker: 2 });
  logger.debug({}, "a");
  logger.info({ user: "ann" }, "b");
  logger.warn({ worker: 3 }, "c");
  logger.error({}, "d");
  expect(lines).toMatchObject([
    { level: 20, worker: 2, msg: "a" },
    { level: 30, worker: 2, user: "ann", msg: "b" },
    { level: 40, worker: 3, msg: "c" },
    { level: 50, worker: 2, msg: "d" },
  ]);
});
