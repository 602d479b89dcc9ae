import { describe, expect, it } from "vitest";
import {
  absoluteLogAddress,
  logAddress,
  logAddressText,
  socketAddressOf,
} from "../../src/configuration/log-address.ts";

describe("the address of a log server", () => {
  it.each([
    ["unix:/run/hawser/log.sock", "/run/hawser/log.sock"],
    ["tcp:127.0.0.1:7070", { host: "127.0.0.1", port: 7070 }],
    ["tcp:[::1]:0", { host: "::1", port: 0 }],
    ["tcp:localhost:65535", { host: "localhost", port: 65_535 }],
  ])("is written %s, and read and written again to the same", (text, address) => {
    expect(logAddress(text)).toEqual({ value: text });
    expect(socketAddressOf(text)).toEqual(address);
    expect(logAddressText(address)).toBe(text);
  });

  it("has a path that starts at the folder it was given in", () => {
    expect(absoluteLogAddress("unix:data/log.sock", "/srv")).toBe("unix:/srv/data/log.sock");
    expect(absoluteLogAddress("tcp:127.0.0.1:7070", "/srv")).toBe("tcp:127.0.0.1:7070");
  });

  it.each([
    "",
    "unix:",
    "/run/log.sock",
    "tcp:7070",
    "tcp:10.0.0.1:7070",
    "tcp:127.0.0.1:65536",
    "tcp:0.0.0.0:1",
    7070,
  ])("is not %j", (given) => {
    expect(logAddress(given)).toHaveProperty("mustBe");
  });
});
