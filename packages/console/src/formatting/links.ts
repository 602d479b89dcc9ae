/** A piece of a message's text: plain, or a link that may be followed. */
export type TextPiece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly url: string };

const candidates = /\bhttps?:\/\/[^\s<>"']+/gi;

/**
 * Splits text at its links. Only `http:` and `https:` addresses become links; marks that end a sentence, and a closing
 * bracket without its opening one, do not belong to the address.
 */
export function splitLinks(text: string): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  let end = 0;
  for (const match of text.matchAll(candidates)) {
    const address = trimEnd(match[0]);
    const url = safeUrl(address);
    if (url === undefined) continue;
    if (match.index > end) pieces.push({ kind: "text", text: text.slice(end, match.index) });
    pieces.push({ kind: "link", text: address, url });
    end = match.index + address.length;
  }
  if (end < text.length) pieces.push({ kind: "text", text: text.slice(end) });
  return pieces;
}

function trimEnd(address: string): string {
  let text = address.replace(/[.,;:!?…]+$/, "");
  while (text.endsWith(")") && text.split(")").length > text.split("(").length) {
    text = text.slice(0, -1).replace(/[.,;:!?…]+$/, "");
  }
  return text;
}

function safeUrl(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const safe = (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
  return safe ? url.href : undefined;
}
