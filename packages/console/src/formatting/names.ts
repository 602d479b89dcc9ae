/** What a person typed, made into a name that a server takes: no white space, at most 32 characters. */
export function cleanName(typed: string): string {
  const joined = typed
    .normalize("NFC")
    .trim()
    .replace(/[\s*{}]+/gu, "-")
    .replace(/[\p{C}\p{Z}]/gu, "");
  return [...joined]
    .slice(0, 32)
    .join("")
    .replace(/^-+|-+$/g, "");
}

/** What a person typed, made into a room's name: letters, digits, `-` and `_`, at most 48 characters. */
export function cleanRoom(typed: string): string {
  const joined = typed
    .normalize("NFC")
    .trim()
    .toLowerCase()
    .replace(/^#+/, "")
    .replace(/[\s.]+/gu, "-");
  return [...joined.replace(/[^\p{L}\p{N}\p{M}_-]/gu, "")]
    .slice(0, 48)
    .join("")
    .replace(/^-+|-+$/g, "");
}

/** One or two letters that stand for a name in its round picture. */
export function initials(name: string): string {
  const words = name
    .replace(/^anonymous-/, "?")
    .split(/[\s._-]+/u)
    .filter((word) => word !== "");
  const letters = words.length > 1 ? [firstOf(words[0]), firstOf(words[1])] : [...(words[0] ?? "?")].slice(0, 2);
  return letters.join("").toLocaleUpperCase();
}

/** One of the page's ten colours for names: the same name always has the same. */
export function tint(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash % 10;
}

/** The name of one who brought none is long; people see a short form. */
export function displayName(publisher: string): string {
  if (publisher === "") return "Server";
  return /^anonymous-[0-9a-f]{16}$/.test(publisher) ? `Guest ${publisher.slice(10, 14)}` : publisher;
}

function firstOf(word: string | undefined): string {
  return [...(word ?? "")][0] ?? "";
}
