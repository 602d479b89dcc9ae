/** What a stream for text must do. `process.stdout` and `process.stderr` do. */
export interface TextOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** `false` when the reader is slow: then `drain` follows. */
  write(text: string): boolean;
  once(event: "drain", listener: () => void): unknown;
  off(event: "drain", listener: () => void): unknown;
}

/** Everything of the process that commands use, so that a test can bring its own. */
export interface World {
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The working folder; relative paths start here. */
  readonly folder: string;
  /** Aborted by the first SIGINT or SIGTERM, with an `Interrupted` as its reason. */
  readonly interrupted: AbortSignal;
  /** Calls back at each SIGHUP, in the place of what the signal does otherwise, until what is returned is called. */
  readonly onHangup: (listener: () => void) => () => void;
  /** Aborted when who reads the standard output has gone (`| head`). */
  readonly outputClosed: AbortSignal;
}
