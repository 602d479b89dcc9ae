import { createHmac } from "node:crypto";
import { HawserError } from "@hawser/protocol";

const secretPrefix = "whsec_";
const minSecretBytes = 24;
const maxSecretBytes = 64;

/**
 * The keys of secrets as Standard Webhooks writes them: `whsec_` and base64.
 *
 * @throws HawserError `option-invalid`, without the secret.
 */
export function parseSecrets(secrets: string | readonly string[], at: string): readonly Uint8Array[] {
  const all = typeof secrets === "string" ? [secrets] : secrets;
  const keys = Array.isArray(all) ? all.map(keyOf) : [];
  if (keys.length === 0 || keys.length > 4 || keys.includes(undefined))
    throw new HawserError(
      "option-invalid",
      `${at} must be ${secretPrefix} and ${minSecretBytes} to ${maxSecretBytes} bytes in base64, or a list of up to four such.`,
    );
  return keys as Uint8Array[];
}

/**
 * The headers that sign a request (Standard Webhooks 1.0.0, "Signature scheme"): HMAC-SHA256 over `id.timestamp.body`.
 *
 * @param id - The same for each attempt of one event. Without a full stop.
 * @param nowMs - When this attempt is made.
 */
export function signed(
  id: string,
  nowMs: number,
  body: Uint8Array,
  keys: readonly Uint8Array[],
): Readonly<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signatures = keys.map(
    (key) => `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`,
  );
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}

function keyOf(secret: unknown): Uint8Array | undefined {
  if (typeof secret !== "string" || !secret.startsWith(secretPrefix)) return undefined;
  const text = secret.slice(secretPrefix.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, "base64");
  return key.length < minSecretBytes || key.length > maxSecretBytes ? undefined : key;
}
