/** Answers each command of the parent process with what `handle` returns. A failure ends this process. */
export function answer<Command, Reply>(handle: (command: Command) => Reply | Promise<Reply>): void {
  process.on("message", (command: Command) => {
    void Promise.resolve(handle(command)).then((reply) => process.send?.(reply));
  });
  // The parent went away: nobody is left to measure for.
  process.on("disconnect", () => process.exit());
}
