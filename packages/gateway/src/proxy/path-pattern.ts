import { HawserError } from "@hawser/protocol";

/** Whether a path, cut into its decoded segments, is one of those that a pattern stands for. */
export type PathTest = (segments: readonly string[]) => boolean;

/**
 * The paths that a pattern stands for: `*` and `{name}` stand for any one segment, `**`, as the last one, for any that
 * follow, none too; every other segment for itself. So `/graphql` is that path alone, `/chat/**` all below `/chat` and
 * itself, `/rooms/{room}/socket` one for each room.
 *
 * @throws HawserError `option-invalid` for a pattern that does not begin with `/`, and for a wildcard that is not a whole segment.
 */
export function compilePath(pattern: string): PathTest {
  const refuse = (reason: string): never => {
    throw new HawserError("option-invalid", `The path ${JSON.stringify(pattern)} is not valid: ${reason}.`);
  };
  if (!pattern.startsWith("/")) refuse("it must begin with /");
  if (/[?#]/.test(pattern)) refuse("routes do not look at the query");
  const expected = pattern.slice(1).split("/");
  const open = expected.at(-1) === "**";
  if (open) expected.pop();
  const literal = expected.map((segment) => {
    if (segment === "*" || /^\{[^{}*]+\}$/.test(segment)) return undefined;
    if (/[*{}]/.test(segment)) refuse("a wildcard is a whole segment: *, {name}, or ** at the end");
    return segment;
  });
  return (segments) => {
    if (open ? segments.length < literal.length : segments.length !== literal.length) return false;
    return literal.every((segment, index) => segment === undefined || segment === segments[index]);
  };
}

/**
 * A path's segments, decoded, so that no spelling of a path gets around a route.
 *
 * @returns `undefined` for a path that does not begin with `/`, that cannot be decoded, or that has `.` or `..` as a segment:
 *   what a server would make of it is not known.
 */
export function segmentsOf(path: string): readonly string[] | undefined {
  if (!path.startsWith("/")) return undefined;
  try {
    const segments = path.slice(1).split("/").map(decodeURIComponent);
    return segments.some((segment) => segment === "." || segment === ".." || /[/\\\0]/.test(segment))
      ? undefined
      : segments;
  } catch {
    return undefined;
  }
}
