import { closeSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { jsonAccessLog } from "@hawser/gateway";
import type { AccessLog } from "@hawser/gateway";
import { UsageError } from "../exit-codes.ts";
import type { TextOutput, World } from "../world.ts";

/** Lines that wait for whoever reads them. Past it they are dropped, and how many is said when there is room. */
const maxWaitingLines = 10_000;

/** Where the lines of the access log go. */
export interface AccessLogPlace {
  readonly log: AccessLog;
  /** Opens the file anew: what was there may have been moved away. */
  reopen(): void;
  /** Writes what waits, and closes the file. */
  close(): void;
}

/**
 * The access log of a configuration; `undefined`: none is wanted.
 *
 * @param place - `stdout`, or a file, seen from `folder`.
 * @throws UsageError when the file cannot be opened.
 */
export function openAccessLog(
  place: string | undefined,
  folder: string,
  world: Pick<World, "stdout">,
): AccessLogPlace | undefined {
  if (place === undefined) return undefined;
  return place === "stdout" ? toOutput(world.stdout) : toFile(resolve(folder, place));
}

/** The lines of one turn of the event loop are written together. */
function toFile(path: string): AccessLogPlace {
  let file = openFile(path);
  let waiting: string[] = [];
  const flush = (): void => {
    const text = waiting.join("");
    waiting = [];
    if (text !== "") writeSync(file, text);
  };
  return {
    log: jsonAccessLog((line) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(line);
      if (waiting.length >= maxWaitingLines) flush();
    }),
    reopen: () => {
      flush();
      const next = openFile(path);
      closeSync(file);
      file = next;
    },
    close: () => {
      flush();
      closeSync(file);
    },
  };
}

function toOutput(output: TextOutput): AccessLogPlace {
  let waiting: string[] = [];
  let dropped = 0;
  let blocked = false;
  const write = (text: string): void => {
    blocked = !output.write(text);
    if (blocked) output.once("drain", goOn);
  };
  const goOn = (): void => {
    blocked = false;
    const lines = dropped === 0 ? waiting : [...waiting, `${JSON.stringify({ dropped })}\n`];
    waiting = [];
    dropped = 0;
    if (lines.length > 0) write(lines.join(""));
  };
  return {
    log: jsonAccessLog((line) => {
      if (!blocked) write(line);
      else if (waiting.length < maxWaitingLines) waiting.push(line);
      else dropped += 1;
    }),
    reopen: () => {},
    close: () => {
      if (blocked) output.off("drain", goOn);
      goOn();
    },
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, "a", 0o640);
  } catch (error) {
    const { code = "error" } = error as NodeJS.ErrnoException;
    throw new UsageError(`the access log cannot be written: ${code} ${path}`);
  }
}
