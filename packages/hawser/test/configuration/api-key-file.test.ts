import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readApiKeyFile } from "../../src/configuration/api-key-file.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "hawser-keys-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const keys = [{ name: "billing", key: "k".repeat(32) }];

function file(text: string): string {
  const path = join(folder, "keys.json");
  writeFileSync(path, text);
  return path;
}

describe("the file of the API's keys", () => {
  it("holds a list, or an object with keys", () => {
    expect(readApiKeyFile(file(JSON.stringify(keys)), "--api-key-file")).toEqual({ keys });
    expect(readApiKeyFile(file(JSON.stringify({ keys })), "--api-key-file")).toEqual({ keys });
  });

  it("is refused by where its path came from, and nothing of it is said", () => {
    const path = file(`"${"k".repeat(32)}"`);
    expect(() => readApiKeyFile(path, "--api-key-file")).toThrow("--api-key-file");
    expect(() => readApiKeyFile(path, "--api-key-file")).not.toThrow("kkk");
    expect(() => readApiKeyFile(file("{"), "--api-key-file")).toThrow("must be JSON");
    expect(() => readApiKeyFile(join(folder, "none"), "HAWSER_API_KEY_FILE")).toThrow("ENOENT");
  });
});
