import type { Payload } from "@hawser/protocol";

/** The content type of each kind of payload. */
export const contentTypes: Readonly<Record<Payload["kind"], string>> = {
  json: "application/json",
  text: "text/plain; charset=utf-8",
  bytes: "application/octet-stream",
};

/** The kind of payload that a content type of anybody says: bytes, where it says nothing. */
export function kindOfContent(contentType: unknown): Payload["kind"] {
  if (typeof contentType !== "string") return "bytes";
  if (/^application\/(.+\+)?json\b/.test(contentType)) return "json";
  return contentType.startsWith("text/") ? "text" : "bytes";
}
