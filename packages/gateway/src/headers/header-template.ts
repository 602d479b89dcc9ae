import { validateHeaderName, validateHeaderValue } from "node:http";

/** What is known of a client when a target is asked for a socket. */
export interface HeaderFacts {
  /** The name of the pool. */
  readonly pool: string;
  /** What the client asked for, without the query. */
  readonly path: string;
  readonly address: string;
  /** `undefined`: nobody knows who it is. */
  readonly user: string | undefined;
  /** Of a virtual socket. */
  readonly session: string | undefined;
  readonly claims: Readonly<Record<string, unknown>> | undefined;
}

/** The value of a header, with text as it is and what is put in for each client. */
export interface HeaderTemplate {
  readonly name: string;
  /** For a client; `undefined`: one of its placeholders has no value, so that the header is not said. */
  readonly fill: (facts: HeaderFacts) => string | undefined;
}

const facts: readonly (keyof HeaderFacts)[] = ["pool", "path", "address", "user", "session"];
const claimPrefix = "claims.";

/** The handshake's own, which nobody else may say; `sec-websocket-protocol` and its like are among them. */
const handshakeNames = ["connection", "content-length", "host", "transfer-encoding", "upgrade"];

/**
 * Reads headers whose values may hold placeholders: `{user}`, `{session}`, `{address}`, `{path}`, `{pool}` and `{claims.NAME}`; `{{` and
 * `}}` stand for braces.
 *
 * @throws Error that says which header is wrong, and why.
 */
export function headerTemplates(headers: Readonly<Record<string, string>>): readonly HeaderTemplate[] {
  return Object.entries(headers).map(([name, value]) => {
    checkHeader(name, value);
    return { name, fill: compiled(name, value) };
  });
}

/** Fills all; those without a value are left out. */
export function filledHeaders(templates: readonly HeaderTemplate[], facts: HeaderFacts): Record<string, string> {
  const filled = templates.flatMap(({ name, fill }) => {
    const value = fill(facts);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(filled);
}

/**
 * @throws Error for what cannot be sent, and for what only the handshake itself may say.
 */
export function checkHeader(name: string, value: unknown): void {
  const shown = JSON.stringify(name);
  try {
    validateHeaderName(name);
    if (typeof value !== "string") throw new Error("must be text");
    validateHeaderValue(name, value);
  } catch {
    throw new Error(`has a header that cannot be sent: ${shown}`);
  }
}

/** @throws Error for a header that only the handshake itself may say. */
export function checkHandshakeName(name: string): void {
  const plain = name.toLowerCase();
  if (handshakeNames.includes(plain) || plain.startsWith("sec-websocket-"))
    throw new Error(`has a header that is the handshake's own: ${JSON.stringify(name)}`);
}

type Part = string | ((facts: HeaderFacts) => string | undefined);

function compiled(name: string, value: string): HeaderTemplate["fill"] {
  // A doubled brace first, so that `{{user}}` is the text `{user}`.
  const tokens = value.match(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g) ?? [];
  const parts = tokens.map((token): Part => {
    if (token === "{{" || token === "}}") return token[0]!;
    if (token === "{" || token === "}")
      throw new Error(`has a lone brace in ${JSON.stringify(name)}: write {{ or }} for one that is meant as text`);
    return token.startsWith("{") ? placeholder(name, token.slice(1, -1)) : token;
  });
  return (known) => {
    const filled = parts.map((part) => (typeof part === "string" ? part : part(known)));
    return filled.includes(undefined) ? undefined : filled.join("");
  };
}

function placeholder(name: string, what: string): Part {
  if (what.startsWith(claimPrefix) && what.length > claimPrefix.length) {
    const claim = what.slice(claimPrefix.length);
    return ({ claims }) => (claims !== undefined && Object.hasOwn(claims, claim) ? textOf(claims[claim]) : undefined);
  }
  const fact = facts.find((one) => one === what);
  if (fact === undefined)
    throw new Error(`has {${what}} in ${JSON.stringify(name)}: there are {${facts.join("}, {")}} and {claims.NAME}`);
  return (known) => textOf(known[fact]);
}

/** A list is that of its members; "" and what is no text, number, boolean or list of such has no value. */
function textOf(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const members = value.map(textOf);
    return members.length === 0 || members.includes(undefined) ? undefined : members.join(",");
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? encoded(value) : undefined;
}

/**
 * What could end a header or begin another member of a list is percent-encoded (RFC 3986, section 2.1), so that nobody becomes
 * another by his name: all but printable ASCII, and of that space, `"`, `%`, `,`, `;` and `\`.
 */
function encoded(text: string): string {
  return text.replace(/[^!#$&-+\-./0-9:<-[\]-~]+/gu, (unsafe) =>
    [...Buffer.from(unsafe)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
