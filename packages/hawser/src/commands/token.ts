import { resolve } from "node:path";
import type { Arguments } from "../arguments.ts";
import { parseDuration } from "../duration.ts";
import { exitCodes, UsageError } from "../exit-codes.ts";
import { readSecretFile } from "../configuration/secret-file.ts";
import { secret as parseSecret } from "../configuration/parsers.ts";
import { Printer } from "../output/printer.ts";
import { mintToken } from "../tokens/mint-token.ts";
import { parseCapability } from "../tokens/capability.ts";
import type { World } from "../world.ts";
import type { Command } from "./command.ts";

/** `hawser token`: signs a token that `hawser serve` with the same secret accepts. */
export const tokenCommand: Command = {
  specification: {
    name: "token",
    summary: "make a token for a user",
    positionals: "",
    minPositionals: 0,
    maxPositionals: 0,
    options: {
      user: { type: "string", value: "NAME", description: "whom the token names (required)" },
      secret: {
        type: "string",
        value: "SECRET",
        description: "better HAWSER_SECRET or --secret-file: others can see it here",
      },
      "secret-file": {
        type: "string",
        value: "FILE",
        description: "file that holds the secret; also HAWSER_SECRET_FILE",
      },
      "expires-in": { type: "string", value: "TIME", description: "90s, 15m, 12h or 30d (default 1h)" },
      allow: {
        type: "string",
        multiple: true,
        value: "VERB:PATTERN",
        description:
          "what the user may do, as often as needed: subscribe, publish, history, call, presence (see who is there) or enter (be seen), with a pattern such as " +
          "chat.* or, for everything, **; several verbs with +; without --allow the user may do everything",
      },
    },
    description: [
      "Prints a JSON Web Token, signed with HS256. A server that was started with the same secret accepts it. The secret " +
        "itself is never printed.",
    ],
    examples: [
      {
        explanation: "A token for ann, good for an hour.",
        command: "hawser token --user ann --secret-file secret.txt",
      },
      {
        explanation: "One that may only read the prices, for thirty days.",
        command: "hawser token --user screen --expires-in 30d --allow subscribe+history:prices.*",
      },
      {
        explanation: "Use it at once.",
        command: "HAWSER_TOKEN=$(hawser token --user ann --secret-file secret.txt) hawser sub chat.general",
      },
    ],
  },

  async run(given, world) {
    const user = given.string("user");
    if (user === undefined || user === "") throw new UsageError("token needs --user NAME: whom the token names");
    const capabilities = given.strings("allow").map(parseCapability);
    const token = await mintToken({
      user,
      secret: secretOf(given, world),
      expiresInMs: parseDuration(given.string("expires-in") ?? "1h", "--expires-in"),
      ...(capabilities.length === 0 ? {} : { capabilities }),
    });
    await new Printer(world).line(token);
    return exitCodes.ok;
  },
};

function secretOf(given: Arguments, world: World): string {
  const { environment, folder } = world;
  if (given.string("secret") !== undefined && given.string("secret-file") !== undefined) {
    throw new UsageError("give only one of --secret and --secret-file");
  }
  const path = given.string("secret-file");
  const environmentPath = environment["HAWSER_SECRET_FILE"];
  const found =
    given.string("secret") ??
    (path === undefined ? undefined : readSecretFile(resolve(folder, path), "--secret-file")) ??
    (environment["HAWSER_SECRET"] || undefined) ??
    (environmentPath
      ? readSecretFile(resolve(folder, environmentPath), "environment variable HAWSER_SECRET_FILE")
      : undefined);
  if (found === undefined) {
    throw new UsageError(
      "token needs the server's secret: --secret-file FILE, or the environment variable HAWSER_SECRET",
    );
  }
  const parsed = parseSecret(found);
  if ("mustBe" in parsed) throw new UsageError(`the secret must be ${parsed.mustBe}`);
  return parsed.value;
}
