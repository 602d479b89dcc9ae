import { describe, expect, it } from "vitest";
import { parseBrokerAddress } from "../src/broker-address.ts";

describe("the address of RabbitMQ", () => {
  it("has what an AMQP URI has, and the stream", () => {
    expect(parseBrokerAddress("amqps://a%40b:p%2Fw@rabbit:5999/my%2Fvhost?stream=chat&partitions=4")).toEqual({
      isTls: true,
      hosts: [{ host: "rabbit", port: 5999 }],
      username: "a@b",
      password: "p/w",
      vhost: "my/vhost",
      stream: "chat",
      partitions: 4,
    });
  });

  it("has defaults for all but the host", () => {
    expect(parseBrokerAddress("rabbitmq-stream://rabbit")).toEqual({
      isTls: false,
      hosts: [{ host: "rabbit", port: 5672 }],
      username: "guest",
      password: "guest",
      vhost: "/",
      stream: undefined,
      partitions: undefined,
    });
    expect(parseBrokerAddress("amqps://rabbit/").hosts).toEqual([{ host: "rabbit", port: 5671 }]);
  });

  it("may name the nodes of a cluster", () => {
    expect(parseBrokerAddress("amqp://ann:secret@one:1000,two,[::1]:3000/v?stream=s")).toMatchObject({
      hosts: [
        { host: "one", port: 1000 },
        { host: "two", port: 5672 },
        { host: "::1", port: 3000 },
      ],
      username: "ann",
      vhost: "v",
      stream: "s",
    });
  });

  it.each([
    "",
    "rabbit:5672",
    "http://rabbit",
    "amqp://",
    "amqp://rabbit:port",
    "amqp://one,two:x",
    "amqp://rabbit?strem=a",
  ])("is refused as %j, and not repeated", (address) => {
    expect(() => parseBrokerAddress(address)).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });

  it("is not shown in an error, since a password may stand in it", () => {
    expect(() => parseBrokerAddress("http://ann:secret@rabbit")).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  });
});
