import type { HawserError, Ports } from "@hawser/protocol";
import type { Links } from "./links.ts";
import type { SessionPart } from "./session-part.ts";
import type { Session } from "./session.ts";

/** What a part that is added works with. */
export interface PartContext {
  readonly links: Links;
  readonly ports: Ports;
  /** There is one by the time that anything happens. */
  readonly session: () => Session;
}

/** Makes a part, and is what the part is known by. */
export type MakePart<Part extends SessionPart> = (context: PartContext) => Part;

/** The parts of a session: those that every client has, and those that are there once an application uses them. */
export class PartSet implements Iterable<SessionPart> {
  readonly #context: PartContext;
  readonly #parts: SessionPart[];
  readonly #made = new Map<MakePart<SessionPart>, SessionPart>();

  /** @param parts - Those that every client has; the set's own from now on. */
  constructor(context: PartContext, parts: SessionPart[]) {
    this.#context = context;
    this.#parts = parts;
  }

  [Symbol.iterator](): Iterator<SessionPart> {
    return this.#parts.values();
  }

  /** The part that `make` makes; made once, and then told of what the session has already. */
  get<Part extends SessionPart>(make: MakePart<Part>): Part {
    const known = this.#made.get(make);
    if (known !== undefined) return known as Part;
    const part = make(this.#context);
    this.#made.set(make, part);
    this.#parts.push(part);
    for (const link of this.#context.links) part.onLink(link);
    const { state } = this.#context.session();
    if (state.kind === "closed") part.onEnd(state.error satisfies HawserError | undefined);
    return part;
  }
}
