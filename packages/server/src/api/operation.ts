import type { ApiScope, ApiKey } from "./api-keys.ts";

/** What an operation is told of its request, once the key was found to have its scope. */
export interface ApiCall {
  readonly key: ApiKey;
  /** The key's text, for an operation that asks another node in the same name. */
  readonly shownKey: string;
  /** Those of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  /** Those of the query, each given once. */
  readonly query: ReadonlyMap<string, string>;
  /** The JSON of the body; `undefined` for none. */
  readonly body: unknown;
  /**
   * Takes so many more operations of the key's rate.
   *
   * @throws ApiError `rate-limited`.
   */
  readonly charge: (operations: number) => void;
}

/** What is answered: a JSON object with a status. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: object;
}

/** One thing that can be asked. */
export interface Operation {
  /** As metrics and the OpenAPI file call it. */
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the API's own path; `{name}` stands for a parameter. */
  readonly path: string;
  readonly scope: ApiScope;
  /** Parameters of the query; others are refused. */
  readonly query: readonly string[];
  readonly run: (call: ApiCall) => Promise<ApiAnswer>;
}
