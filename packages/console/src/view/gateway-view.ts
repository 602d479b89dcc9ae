import { bytesText, countText, plural, roundTripText } from "../formatting/quantities.ts";
import type { PoolFacts, TargetFacts } from "../model/gateway-facts.ts";
import { element, setText } from "./element.ts";

interface Row {
  readonly root: HTMLElement;
  readonly name: HTMLElement;
  readonly detail: HTMLElement;
}

/** The pools of the gateway that the page came from, with their targets. Nothing is shown where there is none. */
export class GatewayView {
  readonly root: HTMLElement;
  readonly #list: HTMLElement;
  /** By pool and target. */
  readonly #rows = new Map<string, Row>();

  constructor() {
    this.#list = element("ul", { class: "card connections", test: "pools" });
    this.root = element(
      "section",
      { class: "gateway", attributes: { hidden: true, "aria-label": "Gateway" } },
      element("h3", { text: "Gateway" }),
      this.#list,
    );
  }

  update(pools: readonly PoolFacts[] | undefined): void {
    this.root.hidden = pools === undefined;
    const shown = new Set<Row>();
    for (const pool of pools ?? []) {
      for (const target of pool.targets) {
        const row = this.#row(`${pool.name} ${target.name}`);
        shown.add(row);
        row.root.dataset["state"] = lampOf(target);
        setText(row.name, `${pool.name} · ${target.name}`);
        row.name.title = target.name;
        row.detail.title = target.failures;
        setText(row.detail, detailOf(pool, target));
        this.#list.append(row.root);
      }
    }
    for (const [key, row] of this.#rows) {
      if (shown.has(row)) continue;
      row.root.remove();
      this.#rows.delete(key);
    }
  }

  #row(key: string): Row {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const name = element("span", { class: "connection-name" });
    const detail = element("span", { class: "connection-detail" });
    const root = element(
      "li",
      { class: "connection", test: "target" },
      element("span", { class: "lamp", attributes: { "aria-hidden": true } }),
      element("span", { class: "connection-text" }, name, detail),
    );
    const row = { root, name, detail };
    this.#rows.set(key, row);
    return row;
  }
}

/** Which colour its lamp has, in the names of the states of a session. */
function lampOf({ state }: TargetFacts): "connected" | "connecting" | "waiting" {
  if (state === "up") return "connected";
  return state === "draining" ? "connecting" : "waiting";
}

function detailOf({ kind, panics }: PoolFacts, target: TargetFacts): string {
  const { rates } = target;
  const parts = [
    target.state === "up" ? "" : panics && target.state === "down" ? "down, tried all the same" : target.state,
    plural(target.open, "socket"),
    kind === "http" ? "HTTP" : bytesText(target.bytes),
    rates && rates.messagesPerSecond > 0 ? `${countText(Math.round(rates.messagesPerSecond))} messages/s` : "",
    rates && rates.bytesPerSecond > 0 ? `${bytesText(rates.bytesPerSecond)}/s` : "",
    target.latencyMs > 0 ? roundTripText(target.latencyMs) : "",
    target.p99Ms > 0 ? `p99 ${roundTripText(target.p99Ms)}` : "",
    target.errors > 0 ? `${countText(target.errors)} failed` : "",
    target.lost > 0 ? `${countText(target.lost)} lost` : "",
    target.ejections > 0 ? `${countText(target.ejections)} × ejected` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}
