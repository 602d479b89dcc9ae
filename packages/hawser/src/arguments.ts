import { parseArgs } from "node:util";
import { UsageError } from "./exit-codes.ts";
import { nearest } from "./nearest.ts";

/** One option of a command, as parsing and help need it. */
export interface OptionSpecification {
  readonly type: "string" | "boolean";
  /** It may be given more than once. */
  readonly multiple?: boolean;
  /** One letter. */
  readonly short?: string;
  /** What help calls its value, in capitals. */
  readonly value?: string;
  readonly description: string;
}

export interface Example {
  readonly command: string;
  readonly explanation: string;
}

/** All that there is to know of a command's line: what it takes, and how its help explains it. */
export interface CommandSpecification {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments as help shows them: `CHANNEL...`. */
  readonly positionals: string;
  readonly minPositionals: number;
  readonly maxPositionals: number;
  readonly options: Readonly<Record<string, OptionSpecification>>;
  /** Paragraphs. */
  readonly description: readonly string[];
  readonly examples: readonly Example[];
}

/** A parsed command line. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

  constructor(
    positionals: readonly string[],
    values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>,
  ) {
    this.positionals = positionals;
    this.#values = values;
  }

  /** The value of a string option. */
  string(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /** The values of an option that may be repeated; commas separate values too. */
  strings(name: string): readonly string[] {
    const value = this.#values[name];
    if (!Array.isArray(value)) return [];
    return value.flatMap((one: unknown) => (typeof one === "string" ? one.split(",") : [])).filter((one) => one !== "");
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** A whole number from `minimum` on. Throws a `UsageError` that names the option. */
  integer(name: string, minimum: number): number | undefined {
    const text = this.string(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) {
      throw new UsageError(`--${name} must be a whole number from ${minimum} on, not ${JSON.stringify(text)}`);
    }
    return value;
  }
}

/**
 * Parses the words behind a command's name.
 *
 * @throws UsageError for an unknown option, a missing value, or too many or too few arguments.
 */
export function parseArguments(specification: CommandSpecification, words: readonly string[]): Arguments {
  const { values, positionals } = parseWords(specification, words);
  if (positionals.length < specification.minPositionals) {
    throw new UsageError(`${specification.name} needs ${specification.positionals}`);
  }
  if (positionals.length > specification.maxPositionals) {
    const surplus = positionals[specification.maxPositionals];
    throw new UsageError(`${specification.name} does not take the argument ${JSON.stringify(surplus)}`);
  }
  return new Arguments(positionals, values);
}

function parseWords(
  specification: CommandSpecification,
  words: readonly string[],
): { values: ConstructorParameters<typeof Arguments>[1]; positionals: readonly string[] } {
  const options = Object.fromEntries(
    Object.entries(specification.options).map(([name, option]) => [
      name,
      {
        type: option.type,
        ...(option.multiple ? { multiple: true } : {}),
        ...(option.short === undefined ? {} : { short: option.short }),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(explain(error, specification));
  }
}

/** The messages of `parseArgs`, shorter and with a guess at what was meant. */
function explain(error: unknown, specification: CommandSpecification): string {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /^Unknown option '(-+)([^']+)'/.exec(message);
  if (unknown) {
    const [, dashes = "--", typed = ""] = unknown;
    const guess = nearest(typed, Object.keys(specification.options));
    return `${specification.name} has no option ${dashes}${typed}${guess === undefined ? "" : `; did you mean --${guess}?`}`;
  }
  return message.split(/(?<=\.) |\n/)[0] ?? message;
}
