import { HawserError } from "../errors.ts";

/**
 * The names that a pattern such as `chat.{room}` stands for: `{room}` matches one segment, everything else itself.
 *
 * @throws HawserError `option-invalid` when the pattern is not segments separated by dots, or a parameter is not a
 * whole segment.
 */
export function channelPattern(pattern: string): (name: string) => boolean {
  const parts = pattern.split(".");
  for (const part of parts) {
    const parameter = part.startsWith("{") && part.endsWith("}") && part.length > 2;
    const inner = parameter ? part.slice(1, -1) : part;
    if (inner === "" || /[{}*\s]/.test(inner)) {
      throw new HawserError(
        "option-invalid",
        `The channel pattern "${pattern}" is not valid: write segments separated by dots, a parameter as a whole segment, as in "chat.{room}"`,
      );
    }
  }
  return (name) => {
    const segments = name.split(".");
    return (
      segments.length === parts.length &&
      parts.every((part, index) => (part.startsWith("{") ? segments[index] !== "" : part === segments[index]))
    );
  };
}
