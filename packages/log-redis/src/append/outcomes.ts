import type { AppendOutcome } from "@hawser/log";

/** Reads what the script answers for one append. */
export function outcomeOf(answer: string, epoch: number): AppendOutcome {
  const number = Number(answer.slice(1));
  switch (answer[0]) {
    case "a":
      return { kind: "accepted", epoch, offset: number };
    case "d":
      return number === 0 ? { kind: "duplicate", epoch: 0, offset: 0 } : { kind: "duplicate", epoch, offset: number };
    case "o":
      return { kind: "out-of-order", last: number };
    case "u":
      return { kind: "producer-unknown" };
    default:
      return failureOf(new Error(answer.slice(1)));
  }
}

/** What became of appends whose call failed with this error: not appended, if the server had no room; else unknown. */
export function failureOf(error: Error): AppendOutcome {
  if (/^OOM\b|-OOM /.test(error.message)) {
    return { kind: "failed", code: "log-full", message: `the memory of Redis is full: ${error.message}` };
  }
  return failed(`Redis did not append: ${error.message}`);
}

/** The outcome is not known. */
export function failed(message: string): AppendOutcome {
  return { kind: "failed", code: "log-unavailable", message };
}

/** Whether the error says that this server is not, or no longer, what was connected to. */
export function endsSession(error: Error): boolean {
  return /^(READONLY|LOADING|MASTERDOWN|NOSCRIPT|MOVED|NOAUTH|WRONGPASS)\b/.test(error.message);
}
