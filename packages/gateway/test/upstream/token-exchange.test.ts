import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { TokenExchange } from "../../src/upstream/token-exchange.ts";
import type { UpstreamRequest } from "../../src/upstream/upstream-socket.ts";
import { SimulatedPorts } from "../support/simulated-ports.ts";

/** An authorization server that counts what it is asked. */
async function tokenEndpoint(answer: (asked: number) => [status: number, body: unknown]) {
  const forms: URLSearchParams[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      forms.push(new URLSearchParams(Buffer.concat(pieces).toString()));
      authorizations.push(request.headers.authorization);
      const [status, body] = answer(forms.length);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const ports = new SimulatedPorts();
  const exchange = new TokenExchange(
    {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
      clientId: "gate way",
      clientSecret: "s:1",
      audience: "quotes",
      subjectToken: ({ identity }) => identity.user,
    },
    ports,
  );
  return { forms, authorizations, ports, exchange };
}

function requestOf(user: string): UpstreamRequest {
  return { upstream: "quotes", path: "", protocols: [], identity: { user }, session: "s", address: "" };
}

describe("a token exchange", () => {
  it("asks as RFC 8693 says, once for many at once, and again when the token is about to expire", async () => {
    const { exchange, forms, authorizations, ports } = await tokenEndpoint((asked) => [
      200,
      { access_token: `token-${asked}`, expires_in: 90 },
    ]);
    const both = await Promise.all([exchange.exchange(requestOf("ann")), exchange.exchange(requestOf("ann"))]);
    expect(both).toEqual(["token-1", "token-1"]);
    expect(Object.fromEntries(forms[0]!)).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: "ann",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      audience: "quotes",
    });
    expect(authorizations[0]).toBe(`Basic ${Buffer.from("gate%20way:s%3A1").toString("base64")}`);
    expect(await exchange.exchange(requestOf("bob"))).toBe("token-2");
    await ports.advance(59_999);
    expect(await exchange.exchange(requestOf("ann"))).toBe("token-1");
    await ports.advance(1);
    expect(await exchange.exchange(requestOf("ann"))).toBe("token-3");
  });

  it("says whether it is the token's fault or the server's, and asks anew after either", async () => {
    const { exchange } = await tokenEndpoint(
      (asked) =>
        [
          [400, { error: "invalid_request" }],
          [503, {}],
          [200, { access_token: "" }],
          [200, { access_token: "good" }],
        ][asked - 1] as [number, unknown],
    );
    const ann = requestOf("ann");
    await expect(exchange.exchange(ann)).rejects.toMatchObject({ code: "upstream-refused", retry: false });
    await expect(exchange.exchange(ann)).rejects.toMatchObject({ code: "upstream-unavailable", retry: true });
    await expect(exchange.exchange(ann)).rejects.toMatchObject({ code: "upstream-unavailable", retry: true });
    expect(await exchange.exchange(ann)).toBe("good");
  });
});
