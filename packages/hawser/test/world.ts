import { tmpdir } from "node:os";
import type { World } from "../src/world.ts";

/** A world of a test: what the command writes is kept as text. */
export interface TestWorld extends World {
  readonly out: () => string;
  readonly errors: () => string;
}

export interface TestWorldOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly input?: string;
  readonly terminal?: boolean;
}

export function testWorld(options: TestWorldOptions = {}): TestWorld {
  let out = "";
  let errors = "";
  const output = (write: (text: string) => void): World["stdout"] => ({
    isTTY: options.terminal ?? false,
    write: (text) => {
      write(text);
      return true;
    },
    once: () => undefined,
    off: () => undefined,
  });
  return {
    stdin: (async function* () {
      yield Buffer.from(options.input ?? "");
    })(),
    stdout: output((text) => (out += text)),
    stderr: output((text) => (errors += text)),
    environment: options.environment ?? {},
    folder: options.folder ?? tmpdir(),
    interrupted: new AbortController().signal,
    outputClosed: new AbortController().signal,
    onHangup: () => () => {},
    out: () => out,
    errors: () => errors,
  };
}
