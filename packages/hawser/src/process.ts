import { Interrupted } from "./exit-codes.ts";
import { main } from "./main.ts";
import type { World } from "./world.ts";

/**
 * Runs the command line of this process and ends the process with its exit code. The first SIGINT or SIGTERM asks the
 * command to end; the second one ends the process at once.
 */
export async function run(): Promise<never> {
  const interruption = new AbortController();
  const outputClosed = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
      interruption.abort(new Interrupted(signal));
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
      if (stream === process.stdout) outputClosed.abort();
    });
  }
  const world: World = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    folder: process.cwd(),
    interrupted: interruption.signal,
    onHangup: (listener) => {
      process.on("SIGHUP", listener);
      return () => process.off("SIGHUP", listener);
    },
    outputClosed: outputClosed.signal,
  };
  const code = await main(process.argv.slice(2), world);
  // A pipe takes what was written asynchronously on some platforms: the process must not end before.
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable || stream.writableLength === 0) resolve();
    else stream.write("", () => resolve());
  });
}
