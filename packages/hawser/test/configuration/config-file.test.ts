import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfigFile } from "../../src/configuration/config-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hawser-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

describe("loadConfigFile", () => {
  it("goes on without a file when there is none and none was named", async () => {
    expect((await loadConfigFile(folder, undefined)).config).toEqual({});
  });

  it("reads TypeScript", async () => {
    write("hawser.config.ts", "const port: number = 1234;\nexport default { port } satisfies { port: number };");
    const file = await loadConfigFile(folder, undefined);
    expect(file).toEqual({
      config: { port: 1234 },
      path: join(folder, "hawser.config.ts"),
      name: "hawser.config.ts",
      folder,
    });
  });

  it("calls a function that is exported", async () => {
    write("own.mjs", "export default async () => ({ memory: true });");
    expect((await loadConfigFile(folder, "own.mjs")).config).toEqual({ memory: true });
  });

  it("refuses a named file that does not exist", async () => {
    await expect(loadConfigFile(folder, "nowhere.ts")).rejects.toThrow(
      "the configuration file nowhere.ts does not exist",
    );
  });

  it("says what is wrong with a file that does not load", async () => {
    write("hawser.config.ts", "export default {{{");
    await expect(loadConfigFile(folder, undefined)).rejects.toThrow("hawser.config.ts could not be loaded");
    write("hawser.config.ts", "throw new Error('no weather today');");
    await expect(loadConfigFile(folder, undefined)).rejects.toThrow("no weather today");
  });

  it("refuses what is no configuration, and settings that it does not know", async () => {
    write("hawser.config.ts", "export const port = 1;");
    await expect(loadConfigFile(folder, undefined)).rejects.toThrow("hawser.config.ts");
    write("hawser.config.ts", "export default { prot: 1 };");
    await expect(loadConfigFile(folder, undefined)).rejects.toThrow("unknown setting prot; did you mean port?");
  });
});
