import { describe, expect, it } from "vitest";
import { endsSession, failureOf, outcomeOf } from "../../src/append/outcomes.ts";

describe("an answer of the script", () => {
  it.each([
    ["a7", { kind: "accepted", epoch: 5, offset: 7 }],
    ["d7", { kind: "duplicate", epoch: 5, offset: 7 }],
    ["d0", { kind: "duplicate", epoch: 0, offset: 0 }],
    ["o9007199254740991", { kind: "out-of-order", last: 9_007_199_254_740_991 }],
    ["u", { kind: "producer-unknown" }],
  ])("%s is the outcome %j", (answer, outcome) => {
    expect(outcomeOf(answer, 5)).toEqual(outcome);
  });

  it.each([
    ["xOOM command not allowed when used memory > 'maxmemory'.", "log-full"],
    ["xERR The ID specified in XADD is equal or smaller than the target stream top item", "log-unavailable"],
  ])("%s is a failure %s", (answer, code) => {
    expect(outcomeOf(answer, 5)).toMatchObject({ kind: "failed", code });
  });
});

describe("an error of a call", () => {
  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", "log-full"],
    ["MISCONF Redis is configured to save RDB snapshots", "log-unavailable"],
    ["Socket closed unexpectedly", "log-unavailable"],
  ])("%s is an outcome %s", (message, code) => {
    expect(failureOf(new Error(message))).toMatchObject({ kind: "failed", code });
  });

  it.each([
    ["READONLY You can't write against a read only replica.", true],
    ["LOADING Redis is loading the dataset in memory", true],
    ["MASTERDOWN Link with MASTER is down", true],
    ["NOSCRIPT No matching script.", true],
    ["OOM command not allowed", false],
    ["ERR wrong number of arguments", false],
  ])("%s ends the session: %s", (message, ends) => {
    expect(endsSession(new Error(message))).toBe(ends);
  });
});
