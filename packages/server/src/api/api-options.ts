import { HawserError } from "@hawser/protocol";
import type { ApiKeyOptions } from "./api-keys.ts";

/** The HTTP API for back ends. */
export interface ApiOptions {
  /** Who may use it; at most 100. */
  readonly keys: readonly ApiKeyOptions[];
}

/** @throws HawserError `option-invalid`; the keys are looked at where they are read. */
export function checkApi(api: unknown): void {
  if (api === undefined) return;
  if (typeof api !== "object" || api === null || !("keys" in api))
    throw new HawserError("option-invalid", "api must be an object such as { keys: [{ name, key }] }.");
  for (const name of Object.keys(api))
    if (name !== "keys") throw new HawserError("option-invalid", `api.${name} is not an option of api.`);
}
