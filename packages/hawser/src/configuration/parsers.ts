import { availableParallelism } from "node:os";
import { durationMs } from "../duration.ts";
import type { Parse } from "./setting-reader.ts";

/** 0 (any free one) to 65535, as a number or its text. */
export const port: Parse<number> = (given) => {
  const value = typeof given === "string" && /^\d+$/.test(given.trim()) ? Number(given) : given;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535
    ? { value }
    : { mustBe: "a whole number from 0 to 65535" };
};

/** Beyond it, one log is the limit long before. */
const maxWorkers = 128;

/** 1 to 128, as a number or its text; `auto`: as many as the cores that this process may use. */
export const workers: Parse<number> = (given) => {
  if (given === "auto") return { value: Math.min(availableParallelism(), maxWorkers) };
  const value = typeof given === "string" && /^\d+$/.test(given.trim()) ? Number(given) : given;
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= maxWorkers
    ? { value }
    : { mustBe: `a whole number from 1 to ${maxWorkers}, or auto` };
};

/** Text that is not empty. */
export const text: Parse<string> = (given) =>
  typeof given === "string" && given.trim() !== "" ? { value: given } : { mustBe: "text that is not empty" };

/** A path of a URL: it starts with `/`, and has neither query nor fragment. */
export const urlPath: Parse<string> = (given) =>
  typeof given === "string" && /^\/[^?#\s]*$/.test(given) ? { value: given } : { mustBe: "a path that starts with /" };

/** true or false; in the environment also 1 and 0, yes and no. */
export const truth: Parse<boolean> = (given) => {
  if (typeof given === "boolean") return { value: given };
  if (typeof given === "string" && /^(true|1|yes|on)$/i.test(given)) return { value: true };
  if (typeof given === "string" && /^(false|0|no|off)$/i.test(given)) return { value: false };
  return { mustBe: "true or false" };
};

/** One of some words. */
export function oneOf<Word extends string>(...words: readonly Word[]): Parse<Word> {
  return (given) => {
    const value = words.find((word) => word === given);
    return value === undefined ? { mustBe: `one of ${words.join(", ")}` } : { value };
  };
}

/** `same-origin`, `any`, or origins such as `https://example.org`: a list, or text with commas. */
export const origins: Parse<"same-origin" | "any" | readonly string[]> = (given) => {
  const listed = typeof given === "string" ? given.split(",").map((one) => one.trim()) : given;
  const mustBe = 'same-origin, any, or origins such as "https://example.org"';
  if (!Array.isArray(listed) || listed.length === 0) return { mustBe };
  const [first] = listed as readonly unknown[];
  if (listed.length === 1 && (first === "same-origin" || first === "any")) return { value: first };
  return listed.every(isOrigin) ? { value: listed } : { mustBe };
};

/** Addresses of nodes: a list, or text with commas. What may be one, the server says. */
export const addresses: Parse<readonly string[]> = (given) => {
  const listed = typeof given === "string" ? given.split(",").map((one) => one.trim()) : given;
  const right = Array.isArray(listed) && listed.every((one) => typeof one === "string" && one.includes("://"));
  return right ? { value: listed as string[] } : { mustBe: "addresses such as wss://b.example.org/hawser" };
};

/** Milliseconds as a number, or text such as `10s` or `500ms`; 0 is none. */
export const duration: Parse<number> = (given) => {
  const value = typeof given === "string" ? durationMs(given.trim()) : given;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= maxDurationMs
    ? { value }
    : { mustBe: "a time such as 10s or 500ms, or 0" };
};

/** The longest delay of a timer: almost 25 days. */
const maxDurationMs = 2 ** 31 - 1;

/** Long enough for HMAC SHA-256 (RFC 7518 section 3.2 asks for 256 bits). */
export const secret: Parse<string> = (given) =>
  typeof given === "string" && Buffer.byteLength(given) >= minSecretBytes
    ? { value: given }
    : { mustBe: `at least ${minSecretBytes} bytes long (openssl rand -base64 32 makes one)` };

/** Shorter secrets are refused, for tokens and for grants. */
const minSecretBytes = 32;

function isOrigin(value: unknown): value is string {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  return new URL(value).origin === value;
}
