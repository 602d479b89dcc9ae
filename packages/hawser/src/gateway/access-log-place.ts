import { closeSync, openSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { jsonAccessLog } from "@hawser/gateway";
import type { AccessLog } from "@hawser/gateway";
import type { Logger } from "@hawser/server";
import { UsageError } from "../exit-codes.ts";
import type { TextOutput, World } from "../world.ts";

/** Lines that wait for whoever reads them. Past it they are dropped, and how many is said when there is room. */
const maxWaitingLines = 10_000;

const lineFeed = 10;

/** Where the lines of the access log go. */
export interface AccessLogPlace {
  readonly log: AccessLog;
  /** Opens the file anew: what was there may have been moved away. Where that cannot be, the lines go on to the former one. */
  reopen(): void;
  /** Writes what waits, and closes the file. */
  close(): void;
}

export interface AccessLogParts {
  readonly world: Pick<World, "stdout">;
  /** Told of lines that could not be written. */
  readonly logger: Logger;
  /** Writes text to an open file. @returns how many bytes it took. Default: the platform's. */
  readonly write?: (file: number, bytes: Uint8Array) => number;
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
  parts: AccessLogParts,
): AccessLogPlace | undefined {
  if (place === undefined) return undefined;
  return place === "stdout" ? toOutput(parts.world.stdout) : toFile(resolve(folder, place), parts);
}

/**
 * The lines of one turn of the event loop are written together. A file that takes none (a disk that is full) ends nobody's
 * connection: the lines are dropped, and how many is said when it takes some again.
 */
function toFile(path: string, { logger, write = writeSync }: AccessLogParts): AccessLogPlace {
  let file = openFile(path);
  let waiting: string[] = [];
  let dropped = 0;
  /** The file ends within a line. */
  let torn = false;
  const flush = (): void => {
    const lines = waiting;
    waiting = [];
    if (lines.length === 0) return;
    const head = dropped === 0 ? "" : `${torn ? "\n" : ""}${JSON.stringify({ dropped })}\n`;
    const bytes = Buffer.from(head + lines.join(""));
    let at = 0;
    try {
      while (at < bytes.length) at += write(file, bytes.subarray(at));
      dropped = 0;
    } catch (error) {
      if (dropped === 0) logger.error({ error, path }, "lines of the access log could not be written");
      dropped += lines.length;
    }
    if (at > 0) torn = bytes[at - 1] !== lineFeed;
  };
  return {
    log: jsonAccessLog((line) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(line);
      if (waiting.length >= maxWaitingLines) flush();
    }),
    reopen: () => {
      flush();
      try {
        const next = openFile(path);
        closeSync(file);
        file = next;
      } catch (error) {
        logger.error({ error, path }, "the access log could not be opened anew");
      }
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
