import { HawserError } from "@hawser/protocol";
import { segmentsOf } from "../proxy/path-pattern.ts";

/**
 * A target's URL with what a client asks for added to its path.
 *
 * @param path - "": nothing is added; else it begins with `/`, and may have a query.
 * @throws HawserError `upstream-refused` for a path that would lead out of the target's own.
 */
export function targetUrl(target: URL, path: string): URL {
  if (path === "") return target;
  const [own = "", ...query] = path.split("?");
  if (own !== "" && segmentsOf(own) === undefined)
    throw new HawserError("upstream-refused", "The path must begin with /, be decodable, and have no . and .. in it.");
  const url = new URL(target);
  url.pathname = `${target.pathname.replace(/\/$/, "")}${own}`;
  url.search = query.join("?");
  return url;
}
