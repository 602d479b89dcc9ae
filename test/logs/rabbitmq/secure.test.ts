import { afterAll, beforeAll, describe, it } from "vitest";
import { expectServedSecurely } from "../support/secure-serve.ts";
import { RabbitmqServer, rabbitmqServer } from "./rabbitmq-server.ts";

describe.skipIf(rabbitmqServer === undefined && !process.env["CI"])("a RabbitMQ that is spoken to over TLS", () => {
  let server: RabbitmqServer;

  beforeAll(async () => {
    server = await RabbitmqServer.start();
  });
  afterAll(() => server?.remove());

  it.each(["amqps", "rabbitmq-stream+tls"])("is served from by an address of %s:// alone", async (scheme) => {
    await expectServedSecurely({
      address: (password) => `${scheme}://guest:${password}@127.0.0.1:${server.tlsPort}/?stream=${scheme.slice(0, 4)}`,
      password: "guest",
      refusal: /ACCESS_REFUSED/,
    });
  });
});
