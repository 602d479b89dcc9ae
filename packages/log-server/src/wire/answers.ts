import type { AppendOutcome, Entry, Head, LogCapabilities, Page } from "@hawser/log";
import type { Interval } from "@hawser/protocol";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { encodeEntries } from "./entry-blocks.ts";
import type { EntryBlock } from "./entry-blocks.ts";
import {
  readCapabilities,
  readEntry,
  readHead,
  readOutcome,
  writeCapabilities,
  writeHead,
  writeOutcome,
} from "./log-values.ts";
import { withLength } from "./requests.ts";
import { WireError } from "./wire-error.ts";

/** What the server says. */
export type Answer =
  | WelcomeAnswer
  /** In place of `welcome`; the link is closed behind it. */
  | ({ readonly type: "refused" } & Failure)
  | { readonly type: "outcomes"; readonly id: number; readonly outcomes: readonly AppendOutcome[] }
  /** To `head` and to `follow`. */
  | { readonly type: "head"; readonly id: number; readonly head: Head }
  | { readonly type: "page"; readonly id: number; readonly page: Page }
  | ({ readonly type: "failed"; readonly id: number } & Failure)
  | FollowerAnswer
  | { readonly type: "pong" };

/** What is told to a follower; `id` is that of its `follow`. */
export type FollowerAnswer =
  | { readonly type: "entries"; readonly id: number; readonly interval: Interval; readonly entries: readonly Entry[] }
  | { readonly type: "floor"; readonly id: number; readonly floor: number }
  | { readonly type: "epoch"; readonly id: number; readonly head: Head }
  | { readonly type: "available"; readonly id: number; readonly available: boolean };

export interface WelcomeAnswer {
  readonly type: "welcome";
  /** The largest frame that the server takes. */
  readonly maxFrameBytes: number;
  readonly capabilities: LogCapabilities;
}

/** A `HawserError` as it travels. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly retry: boolean;
}

const maxMessageLength = 1_000;

const types = {
  welcome: 65,
  refused: 66,
  outcomes: 67,
  head: 68,
  page: 69,
  failed: 70,
  entries: 71,
  floor: 72,
  epoch: 73,
  available: 74,
  pong: 75,
} as const;

/** The answer as a frame, its length before it. */
export function encodeAnswer(answer: Exclude<Answer, { type: "entries" }>): Uint8Array {
  const writer = new ByteWriter(128).uint32(0).byte(types[answer.type]);
  switch (answer.type) {
    case "welcome":
      writer.varint(answer.maxFrameBytes);
      writeCapabilities(writer, answer.capabilities);
      break;
    case "refused":
      writeFailure(writer, answer);
      break;
    case "outcomes":
      writer.varint(answer.id);
      for (const outcome of answer.outcomes) writeOutcome(writer, outcome);
      break;
    case "head":
    case "epoch":
      writer.varint(answer.id);
      writeHead(writer, answer.head);
      break;
    case "page":
      writer.varint(answer.id);
      writePage(writer, answer.page);
      break;
    case "failed":
      writer.varint(answer.id);
      writeFailure(writer, answer);
      break;
    case "floor":
      writer.varint(answer.id).varint(answer.floor);
      break;
    case "available":
      writer.varint(answer.id).boolean(answer.available);
      break;
    case "pong":
      break;
  }
  return withLength(writer);
}

/** What stands before the bytes of a block, which follow it on the link, so that one block serves all followers. */
export function encodeEntriesHeader(id: number, { interval, bytes }: EntryBlock): Uint8Array {
  const writer = new ByteWriter(32).uint32(0).byte(types.entries);
  const header = withLength(writer.varint(id).varint(interval.from).varint(interval.to));
  header.writeUInt32LE(header.readUInt32LE(0) + bytes.byteLength, 0);
  return header;
}

/** The answer in a frame; payloads are views of it. Throws `WireError` for anything else. */
export function decodeAnswer(frame: Uint8Array): Answer {
  const reader = new ByteReader(frame);
  const answer = read(reader);
  reader.end();
  return answer;
}

function read(reader: ByteReader): Answer {
  const type = reader.byte();
  switch (type) {
    case types.welcome:
      return { type: "welcome", maxFrameBytes: reader.varint(), capabilities: readCapabilities(reader) };
    case types.refused:
      return { type: "refused", ...readFailure(reader) };
    case types.outcomes: {
      const id = reader.varint();
      const outcomes: AppendOutcome[] = [];
      while (!reader.done) outcomes.push(readOutcome(reader));
      return { type: "outcomes", id, outcomes };
    }
    case types.head:
      return { type: "head", id: reader.varint(), head: readHead(reader) };
    case types.page:
      return { type: "page", id: reader.varint(), page: readPage(reader) };
    case types.failed:
      return { type: "failed", id: reader.varint(), ...readFailure(reader) };
    case types.entries: {
      const id = reader.varint();
      const interval = { from: reader.varint(), to: reader.varint() };
      return { type: "entries", id, interval, entries: readEntries(reader) };
    }
    case types.floor:
      return { type: "floor", id: reader.varint(), floor: reader.varint() };
    case types.epoch:
      return { type: "epoch", id: reader.varint(), head: readHead(reader) };
    case types.available:
      return { type: "available", id: reader.varint(), available: reader.boolean() };
    case types.pong:
      return { type: "pong" };
    default:
      throw new WireError(`an answer of type ${type}`);
  }
}

function writePage(writer: ByteWriter, { epoch, floor, interval, entries, more }: Page): void {
  writer.varint(epoch).varint(floor).varint(interval.from).varint(interval.to).boolean(more);
  writer.raw(encodeEntries(entries));
}

function readPage(reader: ByteReader): Page {
  const epoch = reader.varint();
  const floor = reader.varint();
  const interval = { from: reader.varint(), to: reader.varint() };
  const more = reader.boolean();
  return { epoch, floor, interval, entries: readEntries(reader), more };
}

function readEntries(reader: ByteReader): Entry[] {
  const entries: Entry[] = [];
  while (!reader.done) entries.push(readEntry(reader));
  return entries;
}

function writeFailure(writer: ByteWriter, { code, message, retry }: Failure): void {
  writer.text(code).text(message.slice(0, maxMessageLength)).boolean(retry);
}

function readFailure(reader: ByteReader): Failure {
  return { code: reader.text(), message: reader.text(), retry: reader.boolean() };
}
