import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { Printer } from "../../src/output/printer.ts";
import { testWorld } from "../world.ts";

class SlowOutput extends EventEmitter {
  written = "";
  write(text: string): boolean {
    this.written += text;
    return false;
  }
}

it("waits until a slow reader has taken what was written", async () => {
  const stdout = new SlowOutput();
  let done = false;
  const line = new Printer({ ...testWorld(), stdout }).line("one").then(() => (done = true));
  await Promise.resolve();
  expect(stdout.written).toBe("one\n");
  expect(done).toBe(false);
  stdout.emit("drain");
  await line;
  expect(stdout.listenerCount("drain")).toBe(0);
});

it("does not wait for a reader that has gone", async () => {
  const stdout = new SlowOutput();
  const closed = new AbortController();
  const printer = new Printer({ ...testWorld(), stdout, outputClosed: closed.signal });
  const line = printer.line("one");
  closed.abort();
  await line;
  await printer.line("two");
  expect(stdout.written).toBe("one\n");
});
