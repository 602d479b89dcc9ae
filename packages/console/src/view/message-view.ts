import { splitLinks } from "../formatting/links.ts";
import { displayName, initials, tint } from "../formatting/names.ts";
import { clockText, fullText } from "../formatting/times.ts";
import type { Row } from "../model/arrangement.ts";
import type { OutgoingState } from "../model/outgoing.ts";
import { element } from "./element.ts";
import { icon } from "./icons.ts";
import type { IconName } from "./icons.ts";

/** What a person can do with a message of theirs that was not accepted. */
export interface MessageActions {
  sendAgain(id: number): void;
  discard(id: number): void;
}

/** What a row shows, in one string: when it changes, the row is drawn anew. */
export function rowSignature(row: Row): string {
  switch (row.kind) {
    case "message":
      return `${row.opens}|${row.closes}|${row.own}|${row.accepted}|${row.newest}|${row.message.time}`;
    case "outgoing":
      return `${row.opens}|${row.closes}|${JSON.stringify(row.outgoing.state)}`;
    case "day":
    case "notice":
      return row.text;
    case "new":
      return "";
  }
}

/** Draws one row. */
export function rowView(row: Row, me: string, actions: MessageActions): HTMLElement {
  switch (row.kind) {
    case "day":
      return element("div", { class: "day", attributes: { role: "separator" } }, element("span", { text: row.text }));
    case "new":
      return element(
        "div",
        { class: "new", test: "new-mark", attributes: { role: "separator" } },
        element("span", { text: "New" }),
      );
    case "notice":
      return element("div", { class: "notice", test: "notice" }, icon("alert"), element("span", { text: row.text }));
    case "message":
      return messageRow(row, {
        publisher: row.message.publisher,
        time: row.message.time,
        own: row.own,
        state: row.accepted ? "accepted" : row.own ? "own" : "other",
        body: textView(row.message.text, row.message.code),
        tick: row.accepted ? "check" : undefined,
        foot: row.newest && row.accepted ? stateLine("Accepted") : undefined,
        offset: row.message.offset,
      });
    case "outgoing":
      return messageRow(row, {
        publisher: me,
        time: row.outgoing.writtenAt,
        own: true,
        state: row.outgoing.state.kind,
        body: textView(row.outgoing.text, false),
        tick: ticks[row.outgoing.state.kind],
        foot: outgoingFoot(row.outgoing.id, row.outgoing.state, row.closes, actions),
        offset: undefined,
      });
  }
}

interface MessageParts {
  readonly publisher: string;
  readonly time: number;
  readonly own: boolean;
  readonly state: string;
  readonly body: HTMLElement;
  /** Drawn in the bubble: how far a message of one's own has come. */
  readonly tick: IconName | undefined;
  readonly foot: HTMLElement | undefined;
  readonly offset: number | undefined;
}

function messageRow(group: { readonly opens: boolean; readonly closes: boolean }, parts: MessageParts): HTMLElement {
  const name = displayName(parts.publisher);
  const kind = ["message", parts.own ? "own" : "other", group.opens && "opens", group.closes && "closes"];
  return element(
    "article",
    {
      class: kind.filter(Boolean).join(" "),
      test: "message",
      attributes: {
        "data-state": parts.state,
        "data-offset": parts.offset,
        "data-tint": tint(parts.publisher),
        "aria-label": `${name}, ${clockText(parts.time)}`,
      },
    },
    group.opens &&
      !parts.own &&
      element("span", { class: "avatar", text: initials(parts.publisher), attributes: { "aria-hidden": true } }),
    group.opens &&
      element(
        "header",
        {},
        !parts.own && element("span", { class: "publisher", test: "publisher", text: name }),
        element("time", {
          text: clockText(parts.time),
          attributes: { datetime: new Date(parts.time).toISOString(), title: fullText(parts.time) },
        }),
      ),
    element(
      "div",
      { class: "bubble", attributes: { title: fullText(parts.time) } },
      parts.body,
      parts.tick && tickView(parts.tick),
    ),
    parts.foot,
  );
}

function textView(text: string, code: boolean): HTMLElement {
  if (code) return element("pre", { class: "text", test: "message-text", text });
  const view = element("p", { class: "text", test: "message-text", attributes: { dir: "auto" } });
  for (const piece of splitLinks(text)) {
    view.append(
      piece.kind === "text"
        ? piece.text
        : element("a", {
            text: piece.text,
            attributes: { href: piece.url, target: "_blank", rel: "noopener noreferrer nofollow" },
          }),
    );
  }
  if (/^\p{Extended_Pictographic}{1,3}$/u.test(text)) view.classList.add("large");
  return view;
}

function outgoingFoot(
  id: number,
  state: OutgoingState,
  closes: boolean,
  actions: MessageActions,
): HTMLElement | undefined {
  switch (state.kind) {
    case "queued":
      return closes ? stateLine("Queued") : undefined;
    case "sent":
      return closes ? stateLine("Sent") : undefined;
    case "accepted":
      return closes ? stateLine("Accepted") : undefined;
    case "rejected":
      return failure(`Not sent: ${state.reason}`, id, actions);
    case "unknown":
      return failure(`It is not known whether this was sent: ${state.reason}`, id, actions);
  }
}

const ticks = { queued: "clock", sent: "send", accepted: "check", rejected: "alert", unknown: "alert" } as const;

function tickView(name: IconName): SVGSVGElement {
  const drawing = icon(name);
  drawing.classList.add("tick");
  return drawing;
}

function stateLine(text: string): HTMLElement {
  return element("footer", { class: "state" }, element("span", { test: "message-state", text }));
}

function failure(text: string, id: number, actions: MessageActions): HTMLElement {
  return element(
    "footer",
    { class: "state failed", attributes: { role: "alert" } },
    icon("alert"),
    element("span", { test: "message-state", text }),
    element("button", {
      class: "link",
      test: "send-again",
      text: "Send again",
      attributes: { type: "button" },
      on: { click: () => actions.sendAgain(id) },
    }),
    element("button", {
      class: "link",
      test: "discard",
      text: "Discard",
      attributes: { type: "button" },
      on: { click: () => actions.discard(id) },
    }),
  );
}
