import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/arguments.ts";
import { connectionSettings } from "../../src/commands/connection-options.ts";
import type { ConnectionSettings } from "../../src/commands/connection-options.ts";
import { historyCommand } from "../../src/commands/history.ts";
import { testWorld } from "../world.ts";
import type { TestWorldOptions } from "../world.ts";

function settings(words: readonly string[], options: TestWorldOptions = {}): ConnectionSettings {
  return connectionSettings(parseArguments(historyCommand.specification, ["channel", ...words]), testWorld(options));
}

describe("connectionSettings", () => {
  it.each([
    ["localhost:9000", "ws://localhost:9000/hawser"],
    ["http://example.org", "ws://example.org/hawser"],
    ["https://example.org/", "wss://example.org/hawser"],
    ["wss://example.org/other#x", "wss://example.org/other"],
    ["ws://[::1]:8080", "ws://[::1]:8080/hawser"],
    ["tcp://localhost:7420", "tcp://localhost:7420"],
    ["tls://[::1]:7420/", "tls://[::1]:7420"],
  ])("takes %s for %s", (given, url) => {
    expect(settings(["--url", given]).url).toBe(url);
    expect(settings([], { environment: { HAWSER_URL: given } }).url).toBe(url);
  });

  it("connects to this machine when nothing is said, as nobody", () => {
    expect(settings([])).toEqual({ url: "ws://localhost:8080/hawser", token: "", timeoutMs: 10_000 });
  });

  it("takes a flag before the environment", () => {
    const environment = { HAWSER_URL: "ws://a", HAWSER_TOKEN: "of-environment" };
    expect(settings(["--url", "ws://b", "--token", "of-flag"], { environment })).toMatchObject({
      url: "ws://b/hawser",
      token: "of-flag",
    });
    expect(settings(["--user", "ann"], { environment }).token).toBe("ann");
    expect(settings([], { environment }).token).toBe("of-environment");
  });

  it("reads the token from a file, without its line break", () => {
    const folder = mkdtempSync(join(tmpdir(), "hawser-token-"));
    writeFileSync(join(folder, "token"), "abc\n");
    expect(settings(["--token-file", "token"], { folder }).token).toBe("abc");
    expect(() => settings(["--token-file", "nowhere"], { folder })).toThrow(
      "--token-file cannot be read: ENOENT nowhere",
    );
    rmSync(folder, { recursive: true });
  });

  it.each([
    [["--url", "ftp://example.org"], "--url must start with"],
    [["--url", "ws://"], "--url must be a URL"],
    [["--url", "ws://ann:word@example.org"], "--url must not hold a user or a password"],
    [["--token", "a", "--user", "b"], "give only one of --token, --user"],
    [["--timeout", "0"], "--timeout must be a whole number from 1 on"],
  ])("refuses %j", (words, text) => {
    expect(() => settings(words)).toThrow(text);
  });
});
