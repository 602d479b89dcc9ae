import type { IncomingHttpHeaders } from "node:http";

/** Of use to the transport alone, and to nobody behind it. */
const ofTransport: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
]);

/** What is one client's own, and may be a secret: it goes with its connection. */
const ofOne = ["authorization", "cookie", "proxy-authorization"];

/** Texts that are kept for those who say the same; a bound of memory, nothing else. */
const maxTexts = 256;

/**
 * The headers of handshakes, as connections keep them: each as one piece of text (no header holds a line feed), which takes a
 * fraction of what an object of them does. Clients of one program say the same, and share it.
 */
export class HeaderTexts {
  readonly #known = new Map<string, string>();

  of(headers: IncomingHttpHeaders): string {
    const lines = Object.entries(headers)
      .filter(([name]) => !ofTransport.has(name))
      .flatMap(([name, value]) => [name, textOf(value)]);
    const text = lines.join("\n");
    if (ofOne.some((name) => headers[name] !== undefined)) return text;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= maxTexts) this.#known.clear();
    this.#known.set(text, text);
    return text;
  }
}

/** The headers of such a text: lower case, one string each, and no prototype that a name could reach. */
export function headersOf(text: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const lines = text.split("\n");
  for (let index = 0; index + 1 < lines.length; index += 2) headers[lines[index]!] = lines[index + 1]!;
  return Object.freeze(headers);
}

function textOf(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}
