import { createSecureContext } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import { HawserError } from "@hawser/protocol";

/**
 * Options come from files and over the HTTP API, too: they may be anything. What is misspelt must not be taken for left out.
 *
 * @param value - Options, by their types.
 * @param known - The names of all of them.
 * @param at - What errors call them.
 * @throws HawserError `option-invalid` for what is no object, and for a name that is not known.
 */
export function checkMembers<Options extends object>(
  value: Options,
  known: Readonly<Record<keyof Options, true>>,
  at: string,
): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new HawserError("option-invalid", `${at} must be an object.`);
  for (const name of Object.keys(value))
    if (!Object.hasOwn(known, name)) throw new HawserError("option-invalid", `${at}.${name} is not known.`);
}

/**
 * @param tls - As `tls.connect` takes it.
 * @throws HawserError `option-invalid` for what every connection would fail by.
 */
export function checkTls(tls: ConnectionOptions | undefined, at: string): void {
  if (tls === undefined) return;
  if (typeof tls !== "object" || tls === null || Array.isArray(tls))
    throw new HawserError("option-invalid", `${at} must be an object.`);
  if (tls.servername !== undefined && typeof tls.servername !== "string")
    throw new HawserError("option-invalid", `${at}.servername must be text.`);
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new HawserError("option-invalid", `${at} is not what TLS takes: ${String((error as Error).message)}.`);
  }
}
