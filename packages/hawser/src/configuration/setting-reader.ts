/** A value, and where it came from, in words: `--port`, `environment variable PORT`, `hawser.config.ts`, `default`. */
export interface Setting<T> {
  readonly value: T;
  readonly from: string;
}

/** Where one setting may come from, in order of precedence. */
export interface SettingSources<T> {
  /** What messages call it. */
  readonly name: string;
  readonly flag?: { readonly name: string; readonly value: string | boolean | readonly string[] | undefined };
  /** Names of environment variables, the first that is set and not empty counts. */
  readonly variables?: readonly string[];
  /** From the configuration file. */
  readonly file?: unknown;
  readonly parse: Parse<T>;
  readonly fallback: T;
}

/** Makes a value of what was given, or says what it must be. */
export type Parse<T> = (given: unknown) => { readonly value: T } | { readonly mustBe: string };

/** Picks each setting by flag > environment > file > default, and gathers what is wrong instead of stopping at it. */
export class SettingReader {
  readonly problems: string[] = [];
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #fileName: string;

  constructor(environment: Readonly<Record<string, string | undefined>>, fileName: string) {
    this.#environment = environment;
    this.#fileName = fileName;
  }

  read<T>(sources: SettingSources<T>): Setting<T> {
    for (const { given, from } of this.#given(sources)) {
      const parsed = sources.parse(given);
      if ("value" in parsed) return { value: parsed.value, from };
      this.problems.push(`${sources.name} must be ${parsed.mustBe}, but ${from} says ${shown(given)}`);
      break;
    }
    return { value: sources.fallback, from: "default" };
  }

  *#given<T>(sources: SettingSources<T>): Iterable<{ given: unknown; from: string }> {
    const { flag, variables = [], file, name } = sources;
    const absent =
      flag?.value === undefined || flag.value === false || (Array.isArray(flag.value) && flag.value.length === 0);
    if (flag !== undefined && !absent) yield { given: flag.value, from: `--${flag.name}` };
    for (const variable of variables) {
      const value = this.#environment[variable];
      if (value !== undefined && value !== "") yield { given: value, from: `environment variable ${variable}` };
    }
    if (file !== undefined) yield { given: file, from: `${name} in ${this.#fileName}` };
  }
}

function shown(given: unknown): string {
  return typeof given === "function" ? "a function" : (JSON.stringify(given) ?? String(given));
}
