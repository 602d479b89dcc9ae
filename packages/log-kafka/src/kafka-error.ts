import { HawserError } from "@hawser/protocol";
import { GenericError, MultipleErrors } from "@platformatic/kafka";

/** Codes of Kafka's protocol that are decided by here ("Error Codes" of its protocol guide). */
export const kafkaCodes = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  messageTooLarge: 10,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  topicExists: 36,
  invalidRecord: 87,
} as const;

/** The code of Kafka's protocol in an error of its client. */
export function kafkaCode(error: unknown): number | undefined {
  if (error instanceof MultipleErrors) {
    for (const one of error.errors) {
      const code = kafkaCode(one);
      if (code !== undefined) return code;
    }
    return undefined;
  }
  if (!(error instanceof GenericError)) return undefined;
  const code: unknown = error["apiCode"];
  return typeof code === "number" ? code : kafkaCode(error.cause);
}

/** Kafka did not answer, or not as it should; the same may be tried again. */
export function unavailable(message: string, cause?: unknown): HawserError {
  const why = cause === undefined ? "" : `: ${reasonOf(cause)}`;
  return new HawserError("log-unavailable", `${message}${why}`, { retry: true, cause });
}

/** What the innermost errors say: the client wraps those that tell something. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${reasonOf(error.cause)})` : error.message;
}
