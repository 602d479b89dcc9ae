import { writeFile } from "node:fs/promises";

const key = "a-key-of-the-tests-of-the-logs-00000";

/** Writes the file of keys with which nodes let {@link askNode} in. */
export function writeApiKeys(file: string): Promise<void> {
  return writeFile(file, JSON.stringify([{ name: "tests", key }]));
}

/** Asks a node over the HTTP API, or tells it something. Its answer; throws for one that is no success. */
export async function askNode(url: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const told =
    body === undefined
      ? {}
      : { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`${url.replace("ws", "http")}/api/v1/${path}`, {
    ...told,
    headers: { ...told.headers, authorization: `Bearer ${key}` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
