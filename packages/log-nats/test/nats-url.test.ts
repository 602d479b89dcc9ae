import { describe, expect, it } from "vitest";
import { natsOptionsOf } from "@hawser/log-nats";

describe("the address of a log in NATS", () => {
  it.each([
    ["nats://localhost", { servers: ["localhost:4222"] }],
    [
      "nats://h:1?stream=chat&partitions=4&replicas=3",
      { servers: ["h:1"], stream: "chat", partitions: 4, replicas: 3 },
    ],
    ["nats://a%40b:p%3A@h:1", { servers: ["h:1"], user: "a@b", pass: "p:" }],
    ["nats://:t0ken@h:1", { servers: ["h:1"], token: "t0ken" }],
    ["tls://h:1?servers=i:2,j:3", { servers: ["h:1", "i:2", "j:3"], tls: {} }],
    [
      "nats://h:1?flush=declared&storage=file&discard=new",
      { servers: ["h:1"], flush: "declared", storage: "file", discard: "new" },
    ],
    ["nats://h:1?flush=http://h:8222", { servers: ["h:1"], flush: { monitoring: ["http://h:8222"] } }],
    [
      "nats://h:1?maxAgeMs=1000&maxBytes=2&maxMessages=3",
      { servers: ["h:1"], maxAgeMs: 1000, maxBytes: 2, maxMessages: 3 },
    ],
    ["nats://h:1?credentialsFile=/run/a.creds", { servers: ["h:1"], credentialsFile: "/run/a.creds" }],
  ])("%s says its options", (address, options) => {
    expect(natsOptionsOf(address)).toEqual(options);
  });

  it.each([
    "http://h:1",
    "nats://h:1/chat",
    "nats://h:1?strem=a",
    "nats://h:1?partitions=x",
    "nats://h:1?storage=disk",
    "nats:x",
    "nats://ann@h:1",
  ])("%s is refused", (address) => {
    expect(() => natsOptionsOf(address)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});
