import { describe, expect, it } from "vitest";
import { originCheck } from "../../src/http/origin.ts";

const site = { host: "app.example.com", secure: false };
const sameOrigin = originCheck("same-origin");
const listed = originCheck(["https://app.example.com", "http://localhost:5173", "https://[2001:db8::1]:8443"]);

/** None of these may connect to `app.example.com`, whether by being of the same origin or by the list above. */
const hostile: readonly string[] = [
  // Suffixes, prefixes and neighbours of the name
  "https://evil-app.example.com",
  "https://evilapp.example.com",
  "https://app.example.com.evil.com",
  "https://app.example.comevil.com",
  "https://app.example.co",
  "https://app.example.comm",
  "https://example.com",
  "https://sub.app.example.com",
  "https://app-example.com",
  "https://appXexample.com",
  "https://app.example.com-evil.com",
  "https://evil.com",
  "https://evil.com#app.example.com",
  "https://evil.com/app.example.com",
  "https://evil.com?app.example.com",
  "https://evil.com/https://app.example.com",
  "https://evil.com\\app.example.com",
  // Userinfo
  "https://app.example.com@evil.com",
  "https://app.example.com:443@evil.com",
  "https://evil.com@app.example.com",
  "https://user:pass@app.example.com",
  "https://@app.example.com",
  "https://app.example.com%40evil.com",
  // Ports
  "https://app.example.com:8443",
  "https://app.example.com:443",
  "http://app.example.com:80",
  "https://app.example.com:80",
  "http://app.example.com:443",
  "https://app.example.com:",
  "https://app.example.com:0",
  "https://app.example.com:443.evil.com",
  "https://app.example.com:4430",
  "http://localhost",
  "http://localhost:5174",
  "http://localhost:51730",
  "http://127.0.0.1:5173",
  // Case, white space and other characters that no browser sends
  "https://APP.example.com",
  "HTTPS://app.example.com",
  "https://app.example.com ",
  " https://app.example.com",
  "https://app.example.com\t",
  "https://app. example.com",
  "https://app.example.com%00",
  "https://app.example.com%2eevil.com",
  "https://app%2eexample.com",
  "https://app_example.com",
  "https://app.example.com\u0000.evil.com",
  "https://app.example.com\u3002",
  "https://app\u3002example.com",
  // Trailing dots, paths and slashes
  "https://app.example.com.",
  "https://app.example.com..",
  "https://app.example.com/",
  "https://app.example.com//",
  "https://app.example.com/path",
  "https://app.example.com?",
  "https://app.example.com#",
  "https:/app.example.com",
  "https:app.example.com",
  "https:\\\\app.example.com",
  // International names
  "https://\u0430pp.example.com",
  "https://app.ex\u00e4mple.com",
  "https://xn--pp-7kc.example.com",
  "https://\uff41pp.example.com",
  "https://app.example.\uff43om",
  // Other schemes, and no origin at all
  "null",
  "",
  "*",
  "undefined",
  "app.example.com",
  "//app.example.com",
  "ws://app.example.com",
  "wss://app.example.com",
  "ftp://app.example.com",
  "file://app.example.com",
  "file://",
  "data:text/html,app.example.com",
  "blob:https://app.example.com",
  "javascript:app.example.com",
  "chrome-extension://app.example.com",
  "about:blank",
  // Two in one
  "https://app.example.com, https://evil.com",
  "https://evil.com, https://app.example.com",
  "https://app.example.com https://evil.com",
  "https://app.example.com,https://app.example.com",
  // Addresses
  "https://[2001:db8::1]",
  "https://[2001:db8:0::1]:8443",
  "https://[2001:DB8::1]:8443",
  "https://2001:db8::1:8443",
  "http://0x7f000001:5173",
  "http://2130706433:5173",
];

describe("a hostile origin", () => {
  it("is one of more than sixty", () => {
    expect(new Set(hostile).size).toBe(hostile.length);
    expect(hostile.length).toBeGreaterThanOrEqual(60);
  });

  it.each(hostile)("%j is not of the same origin", (origin) => {
    expect(sameOrigin({ ...site, origin })).toBe(false);
  });

  it.each(hostile)("%j is not one of a list", (origin) => {
    expect(listed({ ...site, origin })).toBe(false);
  });
});

describe("same-origin", () => {
  it.each([
    ["https://app.example.com", "app.example.com"],
    ["http://app.example.com", "app.example.com"],
    ["https://app.example.com", "APP.EXAMPLE.COM"],
    ["https://app.example.com", "app.example.com:443"],
    ["http://app.example.com", "app.example.com:80"],
    ["https://app.example.com:8443", "app.example.com:8443"],
    ["http://localhost:8080", "localhost:8080"],
    ["http://127.0.0.1:8080", "127.0.0.1:8080"],
    ["http://[::1]:8080", "[::1]:8080"],
    ["https://xn--bcher-kva.example", "xn--bcher-kva.example"],
  ])("lets %j through to the host %j", (origin, host) => {
    expect(sameOrigin({ origin, host, secure: false })).toBe(true);
  });

  it.each([
    ["http://localhost:8080", "localhost"],
    ["http://localhost:8080", "localhost:80800"],
    ["http://localhost:8080", "127.0.0.1:8080"],
    ["https://app.example.com", "app.example.com:80"],
    ["https://app.example.com", "app.example.com:8443"],
    ["https://app.example.com", "user@app.example.com"],
    ["https://app.example.com", "app.example.com."],
    ["https://app.example.com", "app.example.com/"],
    ["https://app.example.com", "app.example.com, evil.com"],
    ["https://app.example.com", ""],
    ["https://app.example.com", undefined],
  ])("refuses %j for the host %j", (origin, host) => {
    expect(sameOrigin({ origin, host, secure: false })).toBe(false);
  });

  it("refuses a page that came in the clear where the site is known to be behind TLS", () => {
    expect(sameOrigin({ origin: "http://app.example.com", host: "app.example.com", secure: true })).toBe(false);
    expect(sameOrigin({ origin: "https://app.example.com", host: "app.example.com", secure: true })).toBe(true);
  });
});

describe("a list of origins", () => {
  it.each(["https://app.example.com", "http://localhost:5173", "https://[2001:db8::1]:8443"])(
    "lets %j through",
    (origin) => {
      expect(listed({ ...site, origin })).toBe(true);
    },
  );

  it("does not let the same origin through that it does not name", () => {
    expect(originCheck([])({ origin: "https://app.example.com", ...site })).toBe(false);
  });

  it.each([
    "https://app.example.com/",
    "app.example.com",
    "*",
    "https://*.example.com",
    "null",
    "https://APP.example.com",
    "https://app.example.com:443",
  ])("cannot hold %j, which would never match", (origin) => {
    expect(() => originCheck([origin])).toThrow(expect.objectContaining({ code: "option-invalid" }));
  });
});

describe("every policy", () => {
  it("lets programs through, which send no origin", () => {
    for (const check of [sameOrigin, listed, originCheck("any")])
      expect(check({ ...site, origin: undefined })).toBe(true);
  });

  it("any lets every page through", () => {
    expect(originCheck("any")({ ...site, origin: "https://evil.com" })).toBe(true);
  });
});
