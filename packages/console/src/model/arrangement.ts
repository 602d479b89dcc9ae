import { dayText, sameDay } from "../formatting/times.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Room } from "./room.ts";
import type { ChatMessage } from "./timeline.ts";

/** One row of the chat, in the order in which they stand. `key` names it from one arrangement to the next. */
export type Row =
  | { readonly kind: "day"; readonly key: string; readonly text: string }
  | { readonly kind: "new"; readonly key: string }
  | { readonly kind: "notice"; readonly key: string; readonly text: string }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly message: ChatMessage;
      readonly own: boolean;
      /** This page sent it, and knows that it was accepted. */
      readonly accepted: boolean;
      /** Nothing stands below it. */
      readonly newest: boolean;
      readonly opens: boolean;
      readonly closes: boolean;
    }
  | {
      readonly kind: "outgoing";
      readonly key: string;
      readonly outgoing: Outgoing;
      readonly opens: boolean;
      readonly closes: boolean;
    };

/** Messages of one person that follow each other within this time stand together under one name. */
export const groupMs = 5 * 60_000;

/** Lays out a room: days, the mark of what is new, notices, messages in groups, and last what is being sent. */
export function arrange(room: Room, me: string, now: number): readonly Row[] {
  const { messages } = room.timeline;
  const rows: Row[] = [];
  const notices = [...room.timeline.notices];
  let newMarked = room.newAfter === undefined;
  let before: ChatMessage | undefined;
  for (const [index, message] of messages.entries()) {
    let parted = false;
    while (notices[0] !== undefined && notices[0].offset < message.offset) {
      rows.push(noticeRow(notices.shift()));
      parted = true;
    }
    if (before === undefined || !sameDay(before.time, message.time)) {
      rows.push({ kind: "day", key: `day-${message.offset}`, text: dayText(message.time, now) });
      parted = true;
    }
    if (!newMarked && message.offset > (room.newAfter ?? 0) && message.publisher !== me) {
      rows.push({ kind: "new", key: "new" });
      newMarked = true;
      parted = true;
    }
    const opens = parted || !together(before, message);
    if (opens) closeLast(rows);
    const last = index === messages.length - 1;
    rows.push({
      kind: "message",
      key: `message-${message.offset}`,
      message,
      own: message.publisher === me,
      accepted: room.outgoing.accepted(message.offset),
      newest: false,
      opens,
      closes: last,
    });
    before = message;
  }
  for (const notice of notices) rows.push(noticeRow(notice));
  addOutgoing(rows, room, me, before);
  const tail = rows.at(-1);
  if (tail?.kind === "message") rows[rows.length - 1] = { ...tail, newest: true };
  return rows;
}

function noticeRow(notice: { offset: number; text: string } | undefined): Row {
  return { kind: "notice", key: `notice-${notice?.offset}-${notice?.text}`, text: notice?.text ?? "" };
}

function together(before: ChatMessage | undefined, message: ChatMessage): boolean {
  return before !== undefined && before.publisher === message.publisher && message.time - before.time < groupMs;
}

/** The last message row ends its group. */
function closeLast(rows: Row[]): void {
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (row?.kind !== "message") continue;
    rows[index] = { ...row, closes: true };
    return;
  }
}

function addOutgoing(rows: Row[], room: Room, me: string, last: ChatMessage | undefined): void {
  const outgoing = room.outgoing.visible(arrivedBeforeAnswer(room, me));
  const joins = last !== undefined && last.publisher === me && rows.at(-1)?.kind === "message";
  const tail = rows.at(-1);
  if (outgoing.length > 0 && joins && tail?.kind === "message") rows[rows.length - 1] = { ...tail, closes: false };
  for (const [index, message] of outgoing.entries()) {
    rows.push({
      kind: "outgoing",
      key: `outgoing-${message.id}`,
      outgoing: message,
      opens: index === 0 && !joins,
      closes: index === outgoing.length - 1,
    });
  }
}

/** One's own messages at the end of the stream that no answer of a publish has named yet. */
function arrivedBeforeAnswer(room: Room, me: string): readonly string[] {
  const open = room.outgoing.open;
  if (open === 0) return [];
  const oldest = room.outgoing.all[0]?.writtenAt ?? 0;
  return room.timeline.messages
    .slice(-4 * open)
    .filter(
      ({ publisher, offset, time }) =>
        publisher === me && !room.outgoing.accepted(offset) && time > oldest - clockSkewMs,
    )
    .map(({ text }) => text);
}

/** The server's clock and the page's may differ by so much. */
const clockSkewMs = 10 * 60_000;
