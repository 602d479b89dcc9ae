import { HawserError } from "@hawser/protocol";
import { describe, expect, it } from "vitest";
import { headersFor } from "../../src/headers/client-headers.ts";
import type { UpstreamRequest } from "../../src/upstream/upstream-socket.ts";

const request: UpstreamRequest = {
  upstream: "quotes",
  path: "/EUR?token=secret",
  protocols: [],
  identity: { user: "ann", claims: { tenant: "acme" } },
  session: "s1",
  address: "192.0.2.1",
};

describe("headers for a virtual socket", () => {
  it("have what is known of its client, of the path no query", async () => {
    expect(await headersFor({ "x-user": "{user}", "x-path": "{path}", "x-not": "{claims.none}" })(request)).toEqual({
      "x-user": "ann",
      "x-path": "/EUR",
    });
  });

  it("are what a function says of the request, at once or later", async () => {
    expect(await headersFor(({ identity }) => ({ "x-user": identity.user }))(request)).toEqual({ "x-user": "ann" });
    expect(await headersFor(async ({ session }) => ({ "x-session": session }))(request)).toEqual({ "x-session": "s1" });
  });

  it.each([
    ["throws", () => Promise.reject(new Error("the vault is sealed"))],
    ["says a line break", () => ({ "x-user": "ann\r\nx-admin: yes" })],
    ["says a name that is none", () => ({ "x user": "ann" })],
    ["says no text", () => ({ "x-user": undefined as never })],
    ["says what is the handshake's own", () => ({ "Sec-WebSocket-Protocol": "other" })],
  ])("are not sent when a function %s", async (_, headers) => {
    await expect(headersFor(headers)(request)).rejects.toMatchObject({
      code: "upstream-unavailable",
      retry: true,
      message: "The upstream quotes is not available: its headers for this client could not be made.",
    });
  });

  it("pass on what a function refuses by a code of its own", async () => {
    const refused = headersFor(() => Promise.reject(new HawserError("forbidden", "No contract.")));
    await expect(refused(request)).rejects.toMatchObject({ code: "forbidden", message: "No contract." });
  });

  it.each(["host", "Connection", "upgrade", "Content-Length", "transfer-encoding", "Sec-WebSocket-Key"])(
    "may not have %s, which is the handshake's own",
    (name) => expect(() => headersFor({ [name]: "x" })).toThrow("the handshake's own"),
  );
});
