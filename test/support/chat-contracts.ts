import { defineContract } from "@hawser/protocol";
import type { Contract, StandardSchemaV1 } from "@hawser/protocol";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";

/** What is given to publish, and what a reader gets: a default is filled in, and a number becomes a time. */
export interface ChatInput {
  say: string;
  loud?: boolean | undefined;
  at: number;
}
export interface ChatOutput {
  say: string;
  loud: boolean;
  at: Date;
}

/** The same contract, whatever the library: each schema checks, fills in and transforms. */
export type ChatContract = Contract<{
  readonly channels: { readonly "chat.{room}": { readonly message: StandardSchemaV1<ChatInput, ChatOutput> } };
  readonly calls: {
    readonly add: {
      readonly request: StandardSchemaV1<{ a: string; b: number }, { a: number; b: number }>;
      readonly reply: StandardSchemaV1<{ sum: number }, { sum: string }>;
    };
  };
}>;

const toDate = (ms: number): Date => new Date(ms);

export const zodContract = defineContract({
  channels: {
    "chat.{room}": {
      message: z.object({ say: z.string().min(1), loud: z.boolean().default(false), at: z.number().transform(toDate) }),
    },
  },
  calls: {
    add: {
      request: z.object({ a: z.string().transform(Number), b: z.number() }),
      reply: z.object({ sum: z.number().transform(String) }),
    },
  },
});

export const valibotContract = defineContract({
  channels: {
    "chat.{room}": {
      message: v.object({
        say: v.pipe(v.string(), v.minLength(1)),
        loud: v.optional(v.boolean(), false),
        at: v.pipe(v.number(), v.transform(toDate)),
      }),
    },
  },
  calls: {
    add: {
      request: v.object({ a: v.pipe(v.string(), v.transform(Number)), b: v.number() }),
      reply: v.object({ sum: v.pipe(v.number(), v.transform(String)) }),
    },
  },
});

export const arktypeContract = defineContract({
  channels: {
    "chat.{room}": {
      message: type({ say: "string > 0", loud: "boolean = false", at: type("number").pipe(toDate) }),
    },
  },
  calls: {
    add: {
      request: type({ a: type("string").pipe(Number), b: "number" }),
      reply: type({ sum: type("number").pipe(String) }),
    },
  },
});

/** That each is assigned here is checked when this is compiled. */
export const chatContracts: readonly (readonly [library: string, contract: ChatContract])[] = [
  ["zod", zodContract],
  ["valibot", valibotContract],
  ["arktype", arktypeContract],
];
