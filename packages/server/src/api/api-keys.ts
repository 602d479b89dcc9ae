import { createHash, timingSafeEqual } from "node:crypto";
import { compilePattern, HawserError } from "@hawser/protocol";

/** What a key of the API may be allowed. */
export type ApiScope = "publish" | "history" | "presence" | "send" | "disconnect" | "observe" | "push" | "pools";

/** Every scope there is. */
const apiScopes: readonly ApiScope[] = [
  "publish",
  "history",
  "presence",
  "send",
  "disconnect",
  "observe",
  "push",
  "pools",
];

/** One key by which a back end may use the HTTP API. Exactly one of `key` and `sha256` is given. */
export interface ApiKeyOptions {
  /**
   * Whose key it is, as logs name it: 1 to 32 letters, digits, `-` and `_`. Keys of one name are one back end: they share its rate
   * and its idempotency keys, so that a key can be replaced by another.
   */
  readonly name: string;
  /** The key: 32 to 256 visible ASCII characters. */
  readonly key?: string;
  /** The SHA-256 of the key in hexadecimal digits, so that the key itself lies with the back end alone. */
  readonly sha256?: string;
  /** Default: all. */
  readonly scopes?: readonly ApiScope[];
  /** Patterns of the channels that may be published to, read, and looked at. Default: all. */
  readonly channels?: readonly string[];
}

/** A key that was shown and found. */
export interface ApiKey {
  readonly name: string;
  readonly scopes: ReadonlySet<ApiScope>;
  /** Whether the key is for that channel, too. */
  readonly covers: (channel: string) => boolean;
}

/** More would make each request slow: all are compared. */
const maxKeys = 100;

/** The keys of a server. Only their hashes are kept. */
export class ApiKeys {
  readonly #keys: readonly { readonly digest: Buffer; readonly key: ApiKey }[];

  /** @throws HawserError `option-invalid`, which names the option and never the key. */
  constructor(keys: readonly ApiKeyOptions[]) {
    if (!Array.isArray(keys) || keys.length > maxKeys) refuse("api.keys", `must be a list of at most ${maxKeys} keys`);
    this.#keys = keys.map((options, index) => readKey(options, `api.keys[${index}]`));
    const digests = new Set(this.#keys.map(({ digest }) => digest.toString("hex")));
    if (digests.size < keys.length) refuse("api.keys", "has the same key twice");
  }

  /** The key of that text. All are compared, each in constant time, so that the time tells nothing. */
  find(text: string): ApiKey | undefined {
    const shown = digestOf(text);
    let found: ApiKey | undefined;
    for (const { digest, key } of this.#keys) if (timingSafeEqual(digest, shown)) found = key;
    return found;
  }
}

const optionNames: ReadonlySet<string> = new Set<keyof ApiKeyOptions>(["name", "key", "sha256", "scopes", "channels"]);

function readKey(options: ApiKeyOptions, at: string): { readonly digest: Buffer; readonly key: ApiKey } {
  if (typeof options !== "object" || options === null) refuse(at, "must be an object");
  for (const name of Object.keys(options))
    if (!optionNames.has(name)) refuse(`${at}.${name}`, "is not an option of a key");
  const { name, key, sha256, scopes = apiScopes, channels } = options;
  if (typeof name !== "string" || !/^[\w-]{1,32}$/.test(name))
    refuse(`${at}.name`, "must have 1 to 32 letters, digits, - and _");
  if ((key === undefined) === (sha256 === undefined)) refuse(at, "must have either key or sha256");
  if (key !== undefined && (typeof key !== "string" || !/^[!-~]{32,256}$/.test(key)))
    refuse(`${at}.key`, "must have 32 to 256 visible ASCII characters");
  if (sha256 !== undefined && (typeof sha256 !== "string" || !/^[\da-f]{64}$/i.test(sha256)))
    refuse(`${at}.sha256`, "must have 64 hexadecimal digits");
  if (!Array.isArray(scopes) || !scopes.every((scope) => apiScopes.includes(scope)))
    refuse(`${at}.scopes`, `must be a list of ${apiScopes.join(", ")}`);
  return {
    digest: key === undefined ? Buffer.from(sha256 ?? "", "hex") : digestOf(key),
    key: { name, scopes: new Set(scopes), covers: coversOf(channels, at) },
  };
}

function coversOf(channels: readonly string[] | undefined, at: string): ApiKey["covers"] {
  if (channels === undefined) return () => true;
  if (!Array.isArray(channels) || !channels.every((pattern) => typeof pattern === "string"))
    refuse(`${at}.channels`, "must be a list of patterns");
  const compiled = channels.map(compilePattern);
  return (channel) => compiled.some((matches) => matches(channel));
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function refuse(name: string, reason: string): never {
  throw new HawserError("option-invalid", `${name} ${reason}.`);
}
