/** Which log is filled, and where its folder is if it has one. */
export interface FillCommand {
  readonly log: "memory" | "embedded";
  readonly folder: string;
  readonly channels: number;
}

/** What the process holds more than before; bytes. */
export interface Filled {
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly seconds: number;
}
