import { ApiError, requestInvalid } from "./api-error.ts";
import type { Operation } from "./operation.ts";

/** An operation that a request asks for, and what its path says. */
export interface Route {
  readonly operation: Operation;
  readonly path: Readonly<Record<string, string>>;
}

/** Finds operations by method and path. */
export class Router {
  readonly #known: readonly { readonly operation: Operation; readonly segments: readonly string[] }[];

  constructor(operations: readonly Operation[]) {
    this.#known = operations.map((operation) => ({ operation, segments: operation.path.split("/") }));
  }

  /**
   * @param path below that of the API, without a slash in front.
   * @throws ApiError `path-unknown`, `method-not-allowed`, `request-invalid`.
   */
  route(method: string, path: string): Route {
    const actual = path.split("/");
    const fitting = this.#known.filter(({ segments }) => fits(segments, actual));
    if (fitting.length === 0) throw new ApiError(404, "path-unknown", "The HTTP API has no such path.");
    const found = fitting.find(({ operation }) => operation.method === method);
    if (found === undefined) {
      const allowed = fitting.map(({ operation }) => operation.method).join(" or ");
      throw new ApiError(405, "method-not-allowed", `Only ${allowed} is answered here.`);
    }
    return { operation: found.operation, path: parametersOf(found.segments, actual) };
  }
}

function fits(segments: readonly string[], actual: readonly string[]): boolean {
  return (
    segments.length === actual.length && segments.every((segment, at) => isParameter(segment) || segment === actual[at])
  );
}

function parametersOf(segments: readonly string[], actual: readonly string[]): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [at, segment] of segments.entries())
    if (isParameter(segment)) parameters[segment.slice(1, -1)] = decoded(actual[at] ?? "");
  return parameters;
}

function isParameter(segment: string): boolean {
  return segment.startsWith("{");
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw requestInvalid("The path is not percent-encoded UTF-8.");
  }
}

/** The parameters of a query. @throws ApiError `request-invalid` for one that is not known, or stands there twice. */
export function queryOf(url: string, known: readonly string[]): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(url.slice(url.indexOf("?") + 1 || url.length))) {
    if (!known.includes(name) || parameters.has(name))
      throw requestInvalid(
        `The query takes ${known.join(", ") || "nothing"}, each once; not ${JSON.stringify(name.slice(0, 64))}.`,
      );
    parameters.set(name, value);
  }
  return parameters;
}
