import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keptSecret, readSecretFile } from "../../src/configuration/secret-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hawser-secret-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("keptSecret", () => {
  it("draws a secret once, and gives the same one afterwards", () => {
    const first = keptSecret(folder);
    expect(first).toMatch(/^[\w-]{43}$/);
    expect(keptSecret(folder)).toBe(first);
    expect(readdirSync(folder)).toEqual(["server-secret"]);
  });

  it("draws another one in another folder", () => {
    expect(keptSecret(join(folder, "a"))).not.toBe(keptSecret(join(folder, "b")));
  });

  it("lets only the owner read it, also when its rights were wider", () => {
    keptSecret(folder);
    const path = join(folder, "server-secret");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    keptSecret(folder);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("does not take an empty file for a secret", () => {
    writeFileSync(join(folder, "server-secret"), "");
    expect(() => keptSecret(folder)).toThrow("is empty");
  });
});

describe("readSecretFile", () => {
  it("leaves out the line break at the end", () => {
    writeFileSync(join(folder, "secret"), "abc\n");
    expect(readSecretFile(join(folder, "secret"), "--secret-file")).toBe("abc");
  });

  it("names where the path came from when it cannot be read", () => {
    expect(() => readSecretFile(join(folder, "nowhere"), "--secret-file")).toThrow(
      "the file of --secret-file cannot be read: ENOENT",
    );
  });
});
