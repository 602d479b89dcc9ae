import type { Lane } from "@hawser/server/core";

/** What the node of a client says about it, beside its frames. */
export type ClientWord =
  /** A stream begins: the connection of that client. */
  | {
      readonly word: "client";
      readonly stream: number;
      readonly user: string;
      readonly session: string;
      readonly address: string;
    }
  /** The connection is gone, and the stream with it. */
  | { readonly word: "gone"; readonly stream: number }
  /** Rights are to be asked anew. */
  | { readonly word: "recheck"; readonly stream: number }
  /** The answer to `ask`; without `may`: it was not found out. */
  | { readonly word: "right"; readonly stream: number; readonly question: number; readonly may?: boolean };

/** What a home says. */
export type HomeWord =
  /** The first word of a link. */
  | { readonly word: "home"; readonly name: string; readonly instance: string }
  /** May the client of that stream open the upstream, or still have it? */
  | {
      readonly word: "ask";
      readonly stream: number;
      readonly question: number;
      readonly upstream: string;
      readonly still: boolean;
    }
  /** A socket is on that stream from now on, in that lane. */
  | { readonly word: "attached"; readonly stream: number; readonly number: number; readonly lane: Lane }
  /** It is not any more. */
  | { readonly word: "released"; readonly stream: number; readonly number: number };

const clientWords = {
  client: { stream: "number", user: "string", session: "string", address: "string" },
  gone: { stream: "number" },
  recheck: { stream: "number" },
  right: { stream: "number", question: "number" },
};
const homeWords = {
  home: { name: "string", instance: "string" },
  ask: { stream: "number", question: "number", upstream: "string", still: "boolean" },
  attached: { stream: "number", number: "number", lane: "string" },
  released: { stream: "number", number: "number" },
};

/** `undefined` for what no node of this version says. */
export function clientWordOf(text: string): ClientWord | undefined {
  return wordOf(text, clientWords) as ClientWord | undefined;
}

/** As `clientWordOf`. */
export function homeWordOf(text: string): HomeWord | undefined {
  return wordOf(text, homeWords) as HomeWord | undefined;
}

function wordOf(text: string, words: Readonly<Record<string, Readonly<Record<string, string>>>>): object | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const word = value as Readonly<Record<string, unknown>>;
  const name = word["word"];
  if (typeof name !== "string" || !Object.hasOwn(words, name)) return undefined;
  const right = Object.entries(words[name]!).every(([member, kind]) => typeof word[member] === kind);
  return right ? word : undefined;
}
