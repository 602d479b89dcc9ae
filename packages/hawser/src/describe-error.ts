import { HawserError } from "@hawser/protocol";

/** What a person reads for an error: its text, and its stable code where it has one. Never a stack. */
export function describeError(error: unknown): string {
  if (error instanceof HawserError) return `${error.message} (${error.code})`;
  if (error instanceof Error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
  }
  return String(error);
}
