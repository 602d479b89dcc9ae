import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { memoryLog } from "@hawser/log";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/arguments.ts";
import { logCommand } from "../../src/commands/log.ts";
import { serveCommand } from "../../src/commands/serve.ts";
import type { HawserConfig } from "../../src/configuration/define-config.ts";
import { resolveLogSettings, resolveSettings, unknownVariables } from "../../src/configuration/settings.ts";
import type { LogSettings, Settings } from "../../src/configuration/settings.ts";

interface Given {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly config?: HawserConfig;
}

const secret = "0123456789abcdef0123456789abcdef";

function settings({ flags = [], environment = {}, config = {} }: Given): Settings {
  const given = parseArguments(serveCommand.specification, flags);
  return resolveSettings(
    given,
    environment,
    { config, path: "/etc/hawser/hawser.config.ts", name: "hawser.config.ts", folder: "/etc/hawser" },
    "/home/ann",
  );
}

describe("resolveSettings", () => {
  it("takes a flag before the environment, that before the file, and that before the default", () => {
    const all = { flags: ["--port", "1"], environment: { HAWSER_PORT: "2", PORT: "3" }, config: { port: 4 } };
    expect(settings(all).port).toEqual({ value: 1, from: "--port" });
    expect(settings({ ...all, flags: [] }).port).toEqual({ value: 2, from: "environment variable HAWSER_PORT" });
    expect(settings({ environment: { PORT: "3" }, config: { port: 4 } }).port).toEqual({
      value: 3,
      from: "environment variable PORT",
    });
    expect(settings({ config: { port: 4 } }).port).toEqual({ value: 4, from: "port in hawser.config.ts" });
    expect(settings({}).port).toEqual({ value: 8080, from: "default" });
  });

  it("takes the addresses of this node from flags, a list, or those of the cluster in the file", () => {
    const urls = ["wss://a.example.org/hawser", "https://a.example.org/hawser"];
    expect(settings({}).addresses.value).toEqual([]);
    expect(settings({ flags: ["--address", urls[0]!, "--address", urls[1]!] }).addresses.value).toEqual(urls);
    expect(settings({ environment: { HAWSER_ADDRESSES: urls.join(", ") } }).addresses.value).toEqual(urls);
    expect(settings({ config: { cluster: { endpoints: urls } } }).addresses.value).toEqual(urls);
    expect(settings({ config: { cluster: true } }).addresses.value).toEqual([]);
    expect(() => settings({ flags: ["--address", "a.example.org"] })).toThrow("addresses must be");
  });

  it("finds the file of the API's keys from where the command runs", () => {
    expect(settings({}).apiKeyFile.value).toBeUndefined();
    expect(settings({ flags: ["--api-key-file", "keys.json"] }).apiKeyFile.value).toBe("/home/ann/keys.json");
    expect(settings({ environment: { HAWSER_API_KEY_FILE: "/run/keys" } }).apiKeyFile.value).toBe("/run/keys");
  });

  it("takes an empty environment variable for none", () => {
    expect(settings({ environment: { PORT: "" } }).port.value).toBe(8080);
  });

  it("listens on this machine only when nothing else is said", () => {
    expect(settings({}).host.value).toBe("127.0.0.1");
  });

  it("has a port for programs only when one is named", () => {
    expect(settings({}).tcpPort).toEqual({ value: undefined, from: "default" });
    expect(settings({ environment: { HAWSER_TCP_PORT: "7420" } }).tcpPort.value).toBe(7420);
    expect(settings({ config: { tcp: { port: 7421, host: "::1" } } }).tcpPort.value).toBe(7421);
  });

  it("takes a number of workers, or one per core", () => {
    expect(settings({}).workers).toEqual({ value: 1, from: "default" });
    expect(settings({ flags: ["-w", "4"] }).workers.value).toBe(4);
    expect(settings({ environment: { HAWSER_WORKERS: "128" } }).workers.value).toBe(128);
    expect(settings({ config: { workers: "auto" } }).workers.value).toBe(Math.min(availableParallelism(), 128));
    for (const wrong of ["0", "129", "1.5", "all"])
      expect(() => settings({ flags: ["--workers", wrong] })).toThrow("workers must be a whole number from 1 to 128");
  });

  it("takes certificate and key of that port together, and only with it", () => {
    const files = ["--tcp-cert", "cert.pem", "--tcp-key", "key.pem"];
    const given = settings({ flags: ["--tcp-port", "7420", ...files] });
    expect([given.tcpCert.value, given.tcpKey.value]).toEqual([
      resolve("/home/ann/cert.pem"),
      resolve("/home/ann/key.pem"),
    ]);
    expect(() => settings({ flags: files })).toThrow("--tcp-port, which is not given");
    expect(() => settings({ flags: ["--tcp-port", "7420", "--tcp-key", "key.pem"] })).toThrow("go together");
  });

  it("starts the file's folders at the file, the others at the working folder", () => {
    expect(settings({ config: { data: "store" } }).data.value).toBe(resolve("/etc/hawser/store"));
    expect(settings({ flags: ["--data", "store"] }).data.value).toBe(resolve("/home/ann/store"));
    expect(settings({}).data.value).toBe(resolve("/home/ann/data"));
  });

  it("lists everything that is wrong, with where it came from", () => {
    const wrong = { flags: ["--port", "99999"], environment: { HAWSER_LOG_LEVEL: "loud" }, config: { path: "hawser" } };
    expect(() => settings(wrong)).toThrow(
      [
        'port must be a whole number from 0 to 65535, but --port says "99999"',
        'path must be a path that starts with /, but path in hawser.config.ts says "hawser"',
        'logLevel must be one of debug, info, warn, error, silent, but environment variable HAWSER_LOG_LEVEL says "loud"',
      ].join("\n"),
    );
  });

  it("does not fall back to a lower source when a higher one is wrong", () => {
    expect(() => settings({ flags: ["--port", "x"], environment: { PORT: "3" } })).toThrow("--port");
  });

  it("reads origins from flags, commas and lists", () => {
    expect(settings({}).origins.value).toBe("same-origin");
    expect(settings({ flags: ["--origin", "any"] }).origins.value).toBe("any");
    expect(settings({ environment: { HAWSER_ORIGINS: "https://a.org, https://b.org" } }).origins.value).toEqual([
      "https://a.org",
      "https://b.org",
    ]);
    expect(() => settings({ flags: ["--origin", "https://a.org/path"] })).toThrow("origins must be");
  });

  it("reads the address of a log, whose path starts where it was given", () => {
    expect(settings({}).log).toEqual({ value: undefined, from: "default" });
    expect(settings({ flags: ["--log", "unix:log.sock"] }).log.value).toBe("unix:/home/ann/log.sock");
    expect(settings({ config: { log: "unix:log.sock" } }).log.value).toBe("unix:/etc/hawser/log.sock");
    expect(settings({ environment: { HAWSER_LOG: "tcp:127.0.0.1:7070" } }).log.value).toBe("tcp:127.0.0.1:7070");
    expect(() => settings({ flags: ["--log", "/run/log.sock"] })).toThrow("log must be unix:PATH");
    expect(() => settings({ flags: ["--memory", "--log", "unix:log.sock"] })).toThrow("contradict");
  });

  it("leaves a log that the file made to the server", () => {
    expect(settings({ config: { log: memoryLog() } }).log).toEqual({ value: undefined, from: "default" });
  });

  it("reads the addresses of other nodes from flags, commas and lists", () => {
    const urls = ["wss://b.example.org/hawser", "wss://c.example.org/hawser"];
    expect(settings({}).peers.value).toEqual([]);
    expect(settings({ flags: ["--peer", urls[0]!, "--peer", urls[1]!] }).peers.value).toEqual(urls);
    expect(settings({ environment: { HAWSER_PEERS: urls.join(", ") } }).peers.value).toEqual(urls);
    expect(settings({ config: { peers: urls } }).peers.value).toEqual(urls);
    expect(() => settings({ flags: ["--peer", "b.example.org"] })).toThrow("peers must be");
  });

  it("reads how long a drain may take, with a unit, or in milliseconds from the file", () => {
    expect(settings({}).drainMs.value).toBe(10_000);
    expect(settings({ flags: ["--drain", "500ms"] }).drainMs.value).toBe(500);
    expect(settings({ flags: ["--drain", "0"] }).drainMs.value).toBe(0);
    expect(settings({ environment: { HAWSER_DRAIN: "2m" } }).drainMs.value).toBe(120_000);
    expect(settings({ config: { drainMs: 2 ** 31 - 1 } }).drainMs.value).toBe(2 ** 31 - 1);
    for (const wrong of ["10", "-1s", "soon", "25d"])
      expect(() => settings({ flags: [`--drain=${wrong}`] })).toThrow("drainMs must be a time");
    expect(() => settings({ config: { drainMs: 2 ** 31 } })).toThrow("drainMs must be a time");
  });

  it("never shows a secret, also not a wrong one", () => {
    expect(() => settings({ flags: ["--secret", "hunter2"] })).toThrow(
      /^the secret of --secret must be at least 32 bytes long/,
    );
    expect(() => settings({ flags: ["--secret", "hunter2"] })).not.toThrow(/hunter2/);
    expect(settings({ environment: { HAWSER_SECRET: secret } }).secret).toEqual({
      value: secret,
      from: "environment variable HAWSER_SECRET",
    });
  });

  it("refuses what contradicts itself", () => {
    expect(() => settings({ flags: ["--memory", "--data", "x"] })).toThrow("contradict");
    expect(() => settings({ flags: ["--secret", secret], config: { authenticate: () => ({ user: "ann" }) } })).toThrow(
      "contradict",
    );
  });
});

describe("resolveLogSettings", () => {
  const logSettings = ({ flags = [], environment = {}, config = {} }: Given): LogSettings =>
    resolveLogSettings(
      parseArguments(logCommand.specification, flags),
      environment,
      { config, path: "/etc/hawser/hawser.config.ts", name: "hawser.config.ts", folder: "/etc/hawser" },
      "/home/ann",
    );

  it("listens in the data folder where nothing else is said", () => {
    expect(logSettings({ flags: ["--data", "store"] }).log.value).toBe("unix:/home/ann/store/log.sock");
  });

  it("listens where serve looks for a log by the same file and environment", () => {
    for (const given of [
      { config: { log: "unix:run/log.sock" } },
      { environment: { HAWSER_LOG: "tcp:127.0.0.1:7070" } },
    ])
      expect(logSettings(given).log).toEqual(settings(given).log);
  });

  it("lists everything that is wrong, with where it came from", () => {
    expect(() => logSettings({ flags: ["--listen", "tcp:0.0.0.0:7070", "--log-level", "loud"] })).toThrow(
      /^log must be unix:PATH, .* but --listen says "tcp:0\.0\.0\.0:7070"\nlogLevel must be/,
    );
  });
});

describe("unknownVariables", () => {
  it("names variables that look like settings and are none", () => {
    expect(unknownVariables({ HAWSER_PROT: "1", HAWSER_PORT: "2", HOME: "/" })).toEqual([
      "environment variable HAWSER_PROT is not a setting; did you mean HAWSER_PORT?",
    ]);
  });
});
