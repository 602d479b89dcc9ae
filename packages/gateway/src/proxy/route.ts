import { validateHeaderName, validateHeaderValue } from "node:http";
import { HawserError } from "@hawser/protocol";
import { headerTemplates } from "../headers/header-template.ts";
import type { HeaderTemplate } from "../headers/header-template.ts";
import { compilePath } from "./path-pattern.ts";
import type { PathTest } from "./path-pattern.ts";

/** What is done to the headers of a handshake. */
export interface HeaderChanges {
  /**
   * Put in the place of any of the same name. In those of a request values may hold `{user}`, `{address}`, `{path}`, `{pool}` and
   * `{claims.NAME}`, percent-encoded so that none ends its header; where one has no value, the header is taken out.
   */
  readonly set?: Readonly<Record<string, string>>;
  /** Taken out, by name. */
  readonly remove?: readonly string[];
}

/** Which plain clients go to which pool. */
export interface RouteOptions {
  /** In logs and counts, and what a route is known by over a reload. Default: its hosts and path. */
  readonly name?: string;
  /** `example.com`, or `*.example.com` for all names below it. Default: every host. */
  readonly hosts?: readonly string[];
  /** `/graphql`, `/chat/**`, `/rooms/{room}`: see `compilePath`. Default `/**`: every path. */
  readonly path?: string;
  /** The client must offer one of these. Default: whatever it offers, nothing too. */
  readonly subprotocols?: readonly string[];
  /** The name of the pool. */
  readonly pool: string;
  /**
   * Where the pool is from: the `configuration`, in which it has to be, or the HTTP `api`, over which it is put at run time; clients that come before
   * that are refused with 503. Default `configuration`.
   */
  readonly poolFrom?: "configuration" | "api";
  /** Taken from the path before it is added to the target's own; whole segments. Default: nothing. */
  readonly stripPrefix?: string;
  /** Whose name the target is shown in `Host`. Default `client`. */
  readonly host?: "client" | "target";
  /** Changes to what the target is asked with, after all others. */
  readonly request?: HeaderChanges;
  /** Changes to what the target answers with. */
  readonly response?: HeaderChanges;
  /** How the target is told of the client: `X-Forwarded-For`, `-Proto` and `-Host`, `Forwarded` (RFC 7239), both or neither. Default `x-forwarded`. */
  readonly forwarded?: "x-forwarded" | "forwarded" | "both" | "none";
  /** A PROXY protocol header of this version goes before everything else to the target. Default: none. */
  readonly proxyProtocol?: "v1" | "v2";
  /** In the place of the limit of the same name. */
  readonly idleTimeoutMs?: number;
  /** In the place of `maxConnectionsPerRoute`. */
  readonly maxConnections?: number;
}

/** A route that was found good. */
export interface Route {
  readonly name: string;
  readonly options: RouteOptions;
  readonly hostMatches: (host: string) => boolean;
  readonly pathMatches: PathTest;
  /** What `request.set` sets, for each client. */
  readonly requestHeaders: readonly HeaderTemplate[];
}

/** What a route is chosen by. */
export interface RouteQuery {
  /** Lower case, without a port. */
  readonly host: string;
  readonly segments: readonly string[];
  readonly subprotocols: readonly string[];
}

/**
 * @throws HawserError `option-invalid` for a path, host or header that can be none, and when two routes have one name.
 */
export function compileRoutes(all: readonly RouteOptions[]): readonly Route[] {
  const names = new Set<string>();
  return all.map((options) => {
    const { hosts, path = "/**", subprotocols, idleTimeoutMs, maxConnections } = options;
    const { name = [hosts?.join(",") ?? "", path, subprotocols?.map((one) => ` ${one}`).join(",") ?? ""].join("") } =
      options;
    if (names.has(name)) throw invalid(name, "another route has the same name");
    names.add(name);
    for (const host of hosts ?? []) {
      if (!/^(\*\.)?[^*/\s]+$/.test(host) || /:\d*$/.test(host))
        throw invalid(
          name,
          `${JSON.stringify(host)} is not a host: write example.com or *.example.com, without a port`,
        );
    }
    const requestHeaders = templatesOf(name, options.request);
    checkHeaders(name, options.response);
    if (options.stripPrefix !== undefined && !/^(\/[^/?#]+)+$/.test(options.stripPrefix))
      throw invalid(name, "stripPrefix begins with / and does not end with one");
    for (const limit of [idleTimeoutMs, maxConnections]) {
      if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1 || limit >= 2 ** 31))
        throw invalid(name, "idleTimeoutMs and maxConnections are integers from 1 to 2147483647");
    }
    return { name, options, hostMatches: compileHosts(hosts), pathMatches: compilePath(path), requestHeaders };
  });
}

/** The first route that fits, in the order in which they were given. */
export function chooseRoute(routes: readonly Route[], { host, segments, subprotocols }: RouteQuery): Route | undefined {
  return routes.find(
    ({ options, hostMatches, pathMatches }) =>
      hostMatches(host) &&
      pathMatches(segments) &&
      (options.subprotocols === undefined || options.subprotocols.some((one) => subprotocols.includes(one))),
  );
}

/** The host of a `Host` header, as routes know it: lower case, without port and last dot. */
export function plainHost(header: string): string {
  return header.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
}

/** The path and query that the target is asked for. */
export function pathToTarget(route: Route, basePath: string, url: string): string {
  const { stripPrefix } = route.options;
  const [path = "", ...query] = url.split("?");
  const stripped =
    stripPrefix !== undefined && (path === stripPrefix || path.startsWith(`${stripPrefix}/`))
      ? path.slice(stripPrefix.length)
      : path;
  const base = basePath.endsWith("/") ? basePath.slice(0, -1) : basePath;
  const joined = `${base}${stripped}`;
  return [joined === "" ? "/" : joined, ...query].join("?");
}

function compileHosts(hosts: readonly string[] | undefined): (host: string) => boolean {
  if (hosts === undefined) return () => true;
  const exact = new Set<string>();
  const suffixes: string[] = [];
  for (const host of hosts) {
    if (host.startsWith("*.")) suffixes.push(plainHost(host.slice(1)));
    else exact.add(plainHost(host));
  }
  return (host) => exact.has(host) || suffixes.some((suffix) => host.endsWith(suffix) && host.length > suffix.length);
}

function checkHeaders(route: string, changes: HeaderChanges | undefined): void {
  try {
    for (const name of changes?.remove ?? []) validateHeaderName(name);
    for (const [name, value] of Object.entries(changes?.set ?? {})) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  } catch (error) {
    throw invalid(route, error instanceof Error ? error.message : String(error));
  }
}

function templatesOf(route: string, changes: HeaderChanges | undefined): readonly HeaderTemplate[] {
  checkHeaders(route, changes);
  try {
    return headerTemplates(changes?.set ?? {});
  } catch (error) {
    throw invalid(route, `request.set ${error instanceof Error ? error.message : String(error)}`);
  }
}

function invalid(route: string, reason: string): HawserError {
  return new HawserError("option-invalid", `The route ${JSON.stringify(route)}: ${reason}.`);
}
