import { randomBytes } from "node:crypto";
import { memoryLog } from "@hawser/log";
import type { Codec, Position } from "@hawser/protocol";
import { createServer, jwt, silentLogger } from "@hawser/server";
import type { Capability, HawserServer } from "@hawser/server";
import { SignJWT } from "jose";
import { Wiretap } from "./wiretap.ts";

const secret = "a secret of this test, which nobody else has";

/** A text that stands nowhere else, to be found again in what a client received. */
export function newMarker(): string {
  return `marker${randomBytes(15).toString("hex")}`;
}

/** How a marker can look in bytes: as it is, in hexadecimal, and in base64 from each of the three places in a group. */
function shapesOf(marker: string): Buffer[] {
  const inBase64 = [0, 1, 2].map((before) => {
    const text = Buffer.from("\0".repeat(before) + marker).toString("base64");
    // The characters at both ends hold bits of what is around.
    return text.slice(before === 0 ? 0 : 4, -4);
  });
  const hexadecimal = Buffer.from(marker).toString("hex");
  return [
    marker,
    hexadecimal,
    ...inBase64,
    ...inBase64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ].map((text) => Buffer.from(text));
}

/** Whether a marker is among all the bytes that a client received, in any shape. */
export function holds(tap: Wiretap, marker: string): boolean {
  const { received } = tap;
  return shapesOf(marker).some((shape) => received.includes(shape));
}

/** The payloads in which a marker is published: of each kind, at each place of base64, and as a key. */
export function payloadsOf(marker: string): unknown[] {
  return [
    marker,
    { deep: [{ said: marker }] },
    ...[0, 1, 2].map((before) => Buffer.from(`${"-".repeat(before)}${marker}`)),
  ];
}

export interface TokenOptions {
  readonly capabilities?: readonly Capability[];
  readonly expiresAtSeconds?: number;
  readonly secret?: string;
}

/** A server with something to hide, over a memory log. */
export class Vault {
  readonly server: HawserServer;
  /** `user verb channel` of what the application forbids. */
  readonly forbidden = new Set<string>();
  readonly #taps: Wiretap[] = [];

  private constructor() {
    this.server = createServer({
      log: memoryLog(),
      port: 0,
      host: "127.0.0.1",
      authenticate: jwt({ secret, algorithms: ["HS256"], clockToleranceSeconds: 0 }),
      authorize: ({ verb, name, identity }) => !this.forbidden.has(`${identity.user} ${verb} ${name}`),
      logger: silentLogger,
      limits: { framesPerSecond: 1_000_000 },
    });
  }

  static async open(): Promise<Vault> {
    const vault = new Vault();
    await vault.server.listen();
    return vault;
  }

  token(user: string, options: TokenOptions = {}): Promise<string> {
    const { capabilities, expiresAtSeconds = 4_000_000_000 } = options;
    return new SignJWT(capabilities === undefined ? {} : { capabilities })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(user)
      .setExpirationTime(expiresAtSeconds)
      .sign(Buffer.from(options.secret ?? secret));
  }

  tap(codec: Codec): Wiretap {
    const tap = new Wiretap(Number(new URL(this.server.url).port), codec);
    this.#taps.push(tap);
    return tap;
  }

  /** Publishes a marker in all its shapes; the position of the last one. */
  async hide(channel: string, marker: string): Promise<Position> {
    let position: Position = { epoch: 0, offset: 0 };
    for (const payload of payloadsOf(marker))
      position = await this.server.publish(channel, payload, { key: marker, publisher: marker });
    return position;
  }

  async hideInInbox(user: string, marker: string): Promise<void> {
    for (const payload of payloadsOf(marker)) await this.server.sendToUser(user, payload, { key: marker });
  }

  /** Ends the server; what it had still to say has then come to every tap. */
  async close(): Promise<void> {
    await Promise.all(this.#taps.map((tap) => tap.settled()));
    await this.server.close();
    await Promise.all(this.#taps.map((tap) => tap.ended()));
  }
}
