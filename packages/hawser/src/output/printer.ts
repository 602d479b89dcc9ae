import type { World } from "../world.ts";

/**
 * Writes lines: results to the standard output, at the pace of who reads them, and notes to the standard error.
 * When the reader of the standard output has gone, lines go nowhere.
 */
export class Printer {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Resolves when more may be written. A caller that awaits it never gets ahead of a slow reader. */
  async line(text: string): Promise<void> {
    const { stdout, outputClosed } = this.#world;
    if (outputClosed.aborted || stdout.write(`${text}\n`)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stdout.off("drain", done);
        outputClosed.removeEventListener("abort", done);
        resolve();
      };
      stdout.once("drain", done);
      outputClosed.addEventListener("abort", done);
    });
  }

  /** For people and logs: what happened beside the results. */
  note(text: string): void {
    this.#world.stderr.write(`${text}\n`);
  }
}
