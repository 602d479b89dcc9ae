import { describe, expect, it } from "vitest";
import { jsonLogger } from "../../src/observe/logger.ts";
import type { Logger, LogLevel } from "../../src/observe/logger.ts";

const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };

function capture(level?: LogLevel): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  return {
    logger: jsonLogger({ ...(level === undefined ? {} : { level }), write: (line) => void lines.push(line), clock }),
    lines,
  };
}

describe("the JSON logger", () => {
  it("writes one line of JSON as pino does", () => {
    const { logger, lines } = capture();
    logger.info({ node: "a", at: "line\nbreak" }, "listening");
    expect(lines).toEqual(['{"level":30,"time":1700000000000,"node":"a","at":"line\\nbreak","msg":"listening"}\n']);
  });

  it("writes from info on, or from the level that is asked for", () => {
    for (const [level, count] of [
      [undefined, 3],
      ["debug", 4],
      ["error", 1],
      ["silent", 0],
    ] as const) {
      const { logger, lines } = capture(level);
      logger.debug({}, "a");
      logger.info({}, "b");
      logger.warn({}, "c");
      logger.error({}, "d");
      expect(lines).toHaveLength(count);
    }
  });

  it("writes an error as name, code, message and stack, and nothing else that it holds", () => {
    const { logger, lines } = capture();
    logger.error({ error: Object.assign(new TypeError("bad"), { code: "E", token: "secret" }) }, "failed");
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 50,
      error: { name: "TypeError", code: "E", message: "bad", stack: expect.any(String) },
    });
    expect(lines[0]).not.toContain("secret");
  });

  it("never throws for what it is given", () => {
    const { logger, lines } = capture();
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    logger.info(cycle, "cycle");
    logger.info({ big: 5n }, "big");
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["cycle", "big"]);
  });
});
