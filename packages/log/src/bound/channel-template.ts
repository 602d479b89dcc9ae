import { HawserError } from "@hawser/protocol";

/** The names in a pattern or a template, in their braces. */
export function placeholders(text: string): readonly string[] {
  return text.match(placeholder) ?? [];
}

/**
 * What channels of a pattern are called elsewhere: `orders-{id}`, with names of the pattern in braces.
 *
 * @param pattern as in policies.
 * @returns the name of a channel that matches the pattern.
 * @throws HawserError `option-invalid` for a name that the pattern does not have.
 */
export function compileTemplate(pattern: string, template: string): (channel: string) => string {
  const segments = pattern.split(".");
  const places = new Map<string, number>();
  for (const name of placeholders(template)) {
    const place = segments.indexOf(name);
    if (place === -1)
      throw new HawserError("option-invalid", `the binding of ${pattern} has no ${name}, which ${template} names`);
    places.set(name, place);
  }
  return (channel) => {
    const own = channel.split(".");
    return template.replaceAll(placeholder, (name) => own[places.get(name)!]!);
  };
}

const placeholder = /\{[^{}]+\}/g;
