import { HawserError } from "../errors.ts";
import type { SchemaOutput, StandardSchemaV1, StandardSchemaV1Issue } from "./standard-schema.ts";

/** How many of a value's faults an error's message tells. */
const issuesTold = 3;

/**
 * Holds a value against a schema, and gives what the schema makes of it (its output: defaults filled in, and so on).
 * A schema that validates synchronously is answered synchronously, so that a stream of messages need not wait a turn of
 * the event loop for each.
 *
 * @throws HawserError `payload-invalid`, or rejects with it; its message names the first faults and where they are.
 */
export function validateNow<S extends StandardSchemaV1>(
  schema: S,
  value: unknown,
): SchemaOutput<S> | Promise<SchemaOutput<S>> {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) return result.then((settled) => outputOf<S>(settled));
  return outputOf<S>(result);
}

/** As {@link validateNow}, always as a promise. */
export async function validate<S extends StandardSchemaV1>(schema: S, value: unknown): Promise<SchemaOutput<S>> {
  return validateNow(schema, value);
}

function outputOf<S extends StandardSchemaV1>(
  result: Awaited<ReturnType<StandardSchemaV1["~standard"]["validate"]>>,
): SchemaOutput<S> {
  if (result.issues === undefined) return result.value;
  const told = result.issues.slice(0, issuesTold).map(describe).join("; ");
  throw new HawserError("payload-invalid", `The value does not fit its schema: ${told || "no reason given"}`);
}

function describe(issue: StandardSchemaV1Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return path === "" ? issue.message : `${path}: ${issue.message}`;
}
