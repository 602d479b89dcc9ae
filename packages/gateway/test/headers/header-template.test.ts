import { validateHeaderValue } from "node:http";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filledHeaders, headerTemplates } from "../../src/headers/header-template.ts";
import type { HeaderFacts } from "../../src/headers/header-template.ts";

const ann: HeaderFacts = {
  pool: "quotes",
  path: "/EUR",
  address: "2001:db8::1",
  user: "ann@example.org",
  session: "s1",
  claims: { tenant: "acme", level: 7, admin: false, roles: ["reader", "writer"], nested: { a: 1 }, none: [], "": "x" },
};

const fill = (value: string, facts: HeaderFacts = ann): string | undefined =>
  filledHeaders(headerTemplates({ "x-one": value }), facts)["x-one"];

describe("a header with placeholders", () => {
  it("has what is known of the client", () => {
    expect(fill("{user} at {address} wants {path} of {pool} in {session}")).toBe(
      "ann@example.org at 2001:db8::1 wants /EUR of quotes in s1",
    );
    expect(fill("{claims.tenant}/{claims.level}/{claims.admin}/{claims.roles}")).toBe("acme/7/false/reader,writer");
  });

  it("is text as it is without one, with doubled braces for braces", () => {
    expect(fill("a b, c; 100%")).toBe("a b, c; 100%");
    expect(fill('{{"user":"{user}"}}')).toBe('{"user":"ann@example.org"}');
    expect(fill("")).toBe("");
  });

  it.each(["{claims.other}", "{claims.nested}", "{claims.none}", "{claims.toString}", "Bearer {claims.other}"])(
    "is not sent when %s has no value",
    (value) => expect(fill(value)).toBeUndefined(),
  );

  it("is not sent when nobody knows who the client is", () => {
    expect(fill("{user}", { ...ann, user: undefined })).toBeUndefined();
    expect(fill("{claims.tenant}", { ...ann, claims: undefined })).toBeUndefined();
  });

  it("cannot be ended, made longer or made a list by a value", () => {
    expect(fill("{user}", { ...ann, user: "x\r\nx-admin: yes" })).toBe("x%0D%0Ax-admin:%20yes");
    expect(fill("{user}", { ...ann, user: 'ann, "bob"; q=1\0\t' })).toBe("ann%2C%20%22bob%22%3B%20q=1%00%09");
    expect(fill("{claims.roles}", { ...ann, claims: { roles: ["a,admin"] } })).toBe("a%2Cadmin");
    expect(fill("{user}", { ...ann, user: "Zoë 🚀" })).toBe("Zo%C3%AB%20%F0%9F%9A%80");
  });

  it("has each text in a form that can be sent, and that decodes to it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (user) => {
        const value = fill("{user}", { ...ann, user }) ?? "";
        validateHeaderValue("x-one", value);
        expect(value).toMatch(/^[\x21-\x7e]+$/);
        expect(decodeURIComponent(value)).toBe(user);
      }),
    );
    expect(fill("{user}", { ...ann, user: "\ud800" })).toBe("%EF%BF%BD");
  });

  it.each([
    [{ "x-one": "{usr}" }, 'has {usr} in "x-one": there are {pool}, {path}, {address}, {user}, {session}'],
    [{ "x-one": "{claims.}" }, "has {claims.}"],
    [{ "x-one": "{user" }, 'has a lone brace in "x-one"'],
    [{ "x-one": "user}" }, "has a lone brace"],
    [{ "x-one": "{}" }, "has {}"],
    [{ "x-one": "a\r\nb" }, 'has a header that cannot be sent: "x-one"'],
    [{ "a b": "c" }, 'has a header that cannot be sent: "a b"'],
    [{ "x-one": 1 as never }, "has a header that cannot be sent"],
  ])("is refused as %j", (headers, message) => {
    expect(() => headerTemplates(headers)).toThrow(message);
  });
});
