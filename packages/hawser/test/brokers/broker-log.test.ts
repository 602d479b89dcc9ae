import { describe, expect, it } from "vitest";
import { brokerLog, isBrokerUrl, withoutSecrets } from "../../src/brokers/broker-log.ts";
import { logPlace } from "../../src/configuration/log-address.ts";

describe("the address of a broker", () => {
  it.each(["unix:/run/log.sock", "tcp:127.0.0.1:7070", "gopher://localhost", "redis", ""])("is not %j", (address) => {
    expect(isBrokerUrl(address)).toBe(false);
  });

  it("has a scheme that there is an adapter for, or is refused by name", async () => {
    expect(logPlace("gopher://localhost")).toHaveProperty("mustBe");
    await expect(brokerLog("gopher://ann:secret@localhost")).rejects.toMatchObject({
      code: "option-invalid",
      message: expect.not.stringContaining("secret"),
    });
  });

  it("may be a list of hosts, which is no URL", () => {
    const address = "kafka://ann:secret@one:9092,two:9092/chat?partitions=4";
    expect(isBrokerUrl(address)).toBe(true);
    expect(withoutSecrets(address)).toBe("kafka://ann@one:9092,two:9092/chat?partitions=4");
  });

  it("is shown without its password, and the rest of it as it was given", () => {
    expect(withoutSecrets("redis://ann:secret@localhost:6379/2")).toBe("redis://ann@localhost:6379/2");
    expect(withoutSecrets("redis://localhost:6379")).toBe("redis://localhost:6379");
    expect(withoutSecrets("not a url")).toBe("not a url");
  });
});

describe("where a node's log is", () => {
  it("may be a log server too", () => {
    expect(logPlace("unix:/run/hawser/log.sock")).toEqual({ value: "unix:/run/hawser/log.sock" });
    expect(logPlace(7070)).toHaveProperty("mustBe");
  });
});
