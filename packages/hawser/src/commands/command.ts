import type { Arguments, CommandSpecification } from "../arguments.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { World } from "../world.ts";

/** One command of `hawser`. */
export interface Command {
  readonly specification: CommandSpecification;
  /** Resolves with the exit code. What it throws is printed, and gives the exit code by `exitCodeOf`. */
  run(given: Arguments, world: World): Promise<ExitCode>;
}
