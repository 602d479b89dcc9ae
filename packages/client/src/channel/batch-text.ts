import type { Message } from "@hawser/protocol";

/** A byte order mark is a character like any other here. */
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The JSON texts of a batch, decoded at once: the platform's decoder takes as long for a short text as for many. Where what
 * stands between the texts, or in them, is more than ASCII, each is to be decoded by itself.
 *
 * @returns what gives the text of each of the messages; `undefined`: it is to be decoded by itself.
 */
export function textsOf(messages: readonly Message[]): (message: Message) => string | undefined {
  const first = messages[0]?.payload?.data;
  const last = messages.at(-1)?.payload?.data;
  // One after the other in what came, as our codec leaves them.
  if (first !== undefined && first !== last && first.buffer === last?.buffer) {
    const start = first.byteOffset;
    const bytes = new Uint8Array(first.buffer, start, last.byteOffset + last.length - start);
    const text = decoder.decode(bytes);
    // No character stands for less than a byte: where there are as many, the places in the text are those in the bytes.
    if (text.length === bytes.length) {
      return ({ payload }) => {
        if (payload?.kind !== "json" || payload.data.buffer !== first.buffer) return undefined;
        const at = payload.data.byteOffset - start;
        return text.slice(at, at + payload.data.length);
      };
    }
  }
  return byItself;
}

const byItself = (): undefined => undefined;
