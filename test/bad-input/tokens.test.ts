import { HawserError } from "@hawser/protocol";
import { anonymous, jwt } from "@hawser/server";
import type { Authenticate } from "@hawser/server";
import { SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { clientFrame, handshake, RawSocket } from "../../packages/server/test/raw-socket.ts";
import { openTarget } from "./target.ts";

const marker = "SECRETtokenSECRETtokenSECRET";
const secret = "a secret of at least thirty-two bytes.";
const signed = (claims: Record<string, unknown>, key = secret): Promise<string> =>
  new SignJWT({ sub: "ann", exp: 4_000_000_000, note: marker, ...claims })
    .setProtectedHeader({ alg: "HS256", kid: marker })
    .sign(Buffer.from(key));

/** What may not be seen of a token: itself, its parts, and what it says in the clear. */
function piecesOf(token: string): string[] {
  return [token, ...token.split(".").filter((part) => part.length > 16), marker].filter((piece) => piece !== "");
}

/** Everything that a server shows to anybody while it is handled like this. */
async function shownWhile(
  authenticate: Authenticate,
  attack: (url: string, server: Awaited<ReturnType<typeof openTarget>>) => Promise<string>,
): Promise<string> {
  const everybody = anonymous();
  const target = await openTarget({
    authenticate: (request) => (request.token === "" ? everybody(request) : authenticate(request)),
    authorize: ({ name }) => {
      if (name === "throws") throw new Error("the hook failed");
      return true;
    },
    calls: {
      fail: () => {
        throw new Error("the handler failed");
      },
    },
    limits: { maxTokenBytes: 2_000 },
  });
  const answered = await attack(target.url, target);
  await target.bystander.roundTrip();
  const metrics = await target.metrics();
  await target.close();
  expect(target.logged.length).toBeGreaterThan(0);
  return [answered, metrics, ...target.logged].join("\n");
}

/** What a client sees that says these frames, up to the close. */
async function answers(url: string, ...texts: readonly string[]): Promise<string> {
  const raw = await RawSocket.upgraded(url);
  for (const text of texts) raw.write(clientFrame(text));
  const { code, reason, texts: answered } = await raw.closed();
  return [code, reason, ...answered].join("\n");
}

const connect = (token: string): string => JSON.stringify({ type: "connect", token });
const end = '{"type":"connect"}';

describe("a token is shown nowhere", () => {
  const byJwt = jwt({ algorithms: ["HS256"], secret });

  it.each<[string, () => Promise<string> | string, number]>([
    ["good", () => signed({}), 4500],
    ["expired", () => signed({ exp: 1_000 }), 4006],
    ["signed by another", () => signed({}, "another secret of thirty-two bytes.."), 4503],
    ["not yet valid", () => signed({ nbf: 4_000_000_000 }), 4503],
    ["without a user", () => signed({ sub: undefined }), 4503],
    ["with a user that is no name", () => signed({ sub: `${marker} ${marker}` }), 4503],
    ["with capabilities that are none", () => signed({ capabilities: [marker] }), 4503],
    ["no token at all", () => marker, 4503],
    ["too long", () => marker.repeat(100), 4503],
    ["cut off", async () => (await signed({})).slice(0, -10), 4503],
  ])("when it is %s", async (_what, make, code) => {
    const token = await make();
    const shown = await shownWhile(byJwt, (url) => answers(url, connect(token), ...(code === 4500 ? [end] : [])));
    expect(shown.startsWith(`${code}\n`)).toBe(true);
    for (const piece of piecesOf(token)) expect(shown).not.toContain(piece);
  });

  it.each<[string, () => unknown]>([
    ["an error", () => new Error(`no user for ${marker}`)],
    ["an error with a cause", () => new Error("failed", { cause: { token: marker } })],
    [
      "an error with members",
      () => Object.assign(new Error("failed"), { request: { headers: { authorization: marker } } }),
    ],
    ["a refusal", () => new HawserError("token-invalid", `The token ${marker} is bad.`)],
    ["a refusal with a cause", () => new HawserError("token-expired", "Expired.", { cause: new Error(marker) })],
    ["text", () => `no user for ${marker}`],
    ["a part of it", () => new Error(`no user for ${marker.slice(5, 20)}`)],
  ])("when authenticate throws it in %s", async (_what, make) => {
    const fail: Authenticate = () => {
      throw make();
    };
    const shown = await shownWhile(fail, (url) => answers(url, connect(marker)));
    expect(shown).not.toContain(marker.slice(5, 20));
  });

  it("when a live connection is given it anew, good or bad", async () => {
    const token = await signed({});
    const other = await signed({ sub: "bob" });
    for (const fresh of [token, other, marker, await signed({ exp: 1_000 }), marker.repeat(100)]) {
      const shown = await shownWhile(byJwt, (url) =>
        answers(url, connect(token), JSON.stringify({ type: "authenticate", id: 1, token: fresh }), end),
      );
      for (const piece of [...piecesOf(token), ...piecesOf(fresh)]) expect(shown).not.toContain(piece);
    }
  });

  it.each([
    ["cut off", `{"type":"connect","token":"${marker}`],
    ["of a wrong kind", `{"type":"connect","token":{"a":"${marker}"}}`],
    ["with an escape that is none", `{"type":"connect","token":"${marker}\\x"}`],
    ["of an unknown type", `{"type":"${marker}","token":"${marker}"}`],
    ["with a lone surrogate", `{"type":"connect","token":"${marker}\\ud800"}`],
    ["as text alone", marker],
  ])("when it stands in a frame that is malformed, %s", async (_what, text) => {
    expect(await shownWhile(byJwt, (url) => answers(url, text))).not.toContain(marker);
  });

  it("when it stands in a handshake, where it does not belong", async () => {
    const shown = await shownWhile(byJwt, async (url) => {
      const heads: string[] = [];
      for (const [target, headers] of [
        [`${url}?token=${marker}`, {}],
        [`${url}?token=${marker}`, { "sec-websocket-protocol": "other" }],
        [`${url}/${marker}`, {}],
        [url, { "sec-websocket-protocol": `hawser.v1.json, ${marker}` }],
        [url, { authorization: `Bearer ${marker}`, cookie: `token=${marker}`, origin: `https://${marker}.example` }],
        [url, { authorization: `Bearer ${marker}`, "sec-websocket-key": marker }],
        [url, { [marker]: marker, "sec-websocket-version": marker }],
      ] as const) {
        const raw = await RawSocket.to(target);
        raw.write(handshake(target, headers));
        heads.push((await raw.head()) ?? "");
        raw.destroy();
      }
      return heads.join("\n");
    });
    expect(shown).not.toContain(marker);
  });

  it("when hooks and handlers fail on a connection that has one", async () => {
    const token = await signed({});
    const shown = await shownWhile(byJwt, (url) =>
      answers(
        url,
        connect(token),
        '{"type":"subscribe","id":1,"channel":"throws"}',
        '{"type":"call","id":2,"method":"fail","json":{}}',
        '{"type":"publish","id":3,"channel":"a","json":1}',
        '{"type":"history","id":4,"channel":"a"}',
        end,
      ),
    );
    for (const piece of piecesOf(token)) expect(shown).not.toContain(piece);
  });
});
