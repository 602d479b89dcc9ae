import type { ConnectionStatus } from "@hawser/client";
import { roundTripText } from "../formatting/quantities.ts";
import { element, setText } from "./element.ts";
import { icon } from "./icons.ts";

export interface ConnectionsActions {
  /** Cuts one connection; the others go on, and it comes back by itself. */
  cutOne(id: number): void;
}

interface Row {
  readonly root: HTMLElement;
  readonly name: HTMLElement;
  readonly detail: HTMLElement;
  readonly cut: HTMLButtonElement;
}

/** Every connection of the session, with its state and a button that cuts it. */
export class ConnectionsView {
  readonly root: HTMLElement;
  readonly #rows = new Map<number, Row>();
  readonly #actions: ConnectionsActions;

  constructor(actions: ConnectionsActions) {
    this.#actions = actions;
    this.root = element("ul", { class: "card connections", test: "connections" });
  }

  update(connections: readonly ConnectionStatus[]): void {
    const ids = new Set(connections.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.root.remove();
      this.#rows.delete(id);
    }
    for (const [index, connection] of connections.entries()) {
      const row = this.#rows.get(connection.id) ?? this.#add(connection.id);
      const standing = lampOf(connection);
      row.root.dataset["state"] = standing;
      setText(row.name, placeOf(connection));
      row.name.title = connection.endpoint;
      row.root.dataset["transport"] = connection.transport;
      setText(row.detail, detailOf(connection));
      row.cut.disabled = connection.state !== "connected";
      const before = this.root.children[index];
      if (before !== row.root) this.root.insertBefore(row.root, before ?? null);
    }
  }

  #add(id: number): Row {
    const name = element("span", { class: "connection-name" });
    const detail = element("span", { class: "connection-detail" });
    const cut = element(
      "button",
      {
        class: "round quiet",
        test: "cut-one",
        attributes: { type: "button", title: "Cuts this connection", "aria-label": `Cut connection ${id}` },
        on: { click: () => this.#actions.cutOne(id) },
      },
      icon("scissors"),
    );
    const root = element(
      "li",
      { class: "connection", test: "connection", attributes: { "data-id": String(id) } },
      element("span", { class: "lamp", attributes: { "aria-hidden": true } }),
      element("span", { class: "connection-text" }, name, detail),
      cut,
    );
    this.root.append(root);
    const row = { root, name, detail, cut };
    this.#rows.set(id, row);
    return row;
  }
}

/** Which colour its lamp has, in the names of the states of a session. */
function lampOf({ state, health }: ConnectionStatus): "connected" | "connecting" | "waiting" {
  if (state === "closed") return "waiting";
  return state === "connected" && health === "good" ? "connected" : "connecting";
}

function placeOf({ id, node, endpoint }: ConnectionStatus): string {
  return `${id} · ${node || hostOf(endpoint)}`;
}

function detailOf({ state, health, roundTripMs, streams, transport }: ConnectionStatus): string {
  if (state === "closed") return "closed";
  if (state !== "connected") return "connecting";
  const carried = streams === 1 ? "1 stream" : `${streams} streams`;
  const time = roundTripMs === undefined ? "" : `, ${roundTripText(roundTripMs)}`;
  const way = transportNames.get(transport) ?? transport;
  return health === "good" ? `${way}${carried}${time}` : `${health}, ${way}${carried}${time}`;
}

/** What is worth saying of a transport; of a WebSocket of one's own there is nothing. */
const transportNames: ReadonlyMap<string, string> = new Map([
  ["websocket", ""],
  ["shared-websocket", "shared, "],
  ["http-stream", "HTTP, "],
  ["http-polling", "HTTP polling, "],
]);

function hostOf(endpoint: string): string {
  try {
    return new URL(endpoint).host;
  } catch {
    return endpoint;
  }
}
