import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { defineContract, HawserError, validate, validateNow } from "@hawser/protocol";
import type {
  ChannelName,
  MessageInputOf,
  MessageOf,
  MethodName,
  ReplyOf,
  RequestInputOf,
  RequestOf,
} from "@hawser/protocol";

const contract = defineContract({
  channels: {
    "chat.{room}": { message: z.object({ say: z.string(), loud: z.boolean().default(false) }) },
    "chat.lobby": { message: z.object({ greeting: z.string() }) },
    "price.{market}.last": { message: v.object({ price: v.number() }) },
  },
  calls: {
    add: { request: type({ a: "number", b: "number" }), reply: z.number() },
  },
});

describe("a contract at run time", () => {
  it("finds the schema of a channel by its pattern, one segment for each parameter", () => {
    expect(contract.channelSchema("chat.general")).toBe(contract.definition.channels["chat.{room}"].message);
    expect(contract.channelSchema("price.eurusd.last")).toBe(
      contract.definition.channels["price.{market}.last"].message,
    );
    expect(contract.channelSchema("chat.general.more")).toBeUndefined();
    expect(contract.channelSchema("chat")).toBeUndefined();
    expect(contract.channelSchema("price.eurusd.first")).toBeUndefined();
  });

  it("prefers a channel's own name to a pattern", () => {
    expect(contract.channelSchema("chat.lobby")).toBe(contract.definition.channels["chat.lobby"].message);
  });

  it("knows no schema under names that every object has", () => {
    expect(contract.channelSchema("constructor")).toBeUndefined();
    expect(contract.callSchema("__proto__")).toBeUndefined();
    expect(contract.callSchema("toString")).toBeUndefined();
  });

  it("refuses a pattern whose parameter is not a whole segment", () => {
    for (const pattern of ["chat.{room}s", "chat.{}", "{a}.{b", "chat.{a b}", "chat..{room}"]) {
      expect(() => defineContract({ channels: { [pattern]: { message: z.string() } } }), pattern).toThrow(
        expect.objectContaining({ code: "option-invalid" }),
      );
    }
  });
});

describe("validation", () => {
  it("gives the schema's output, whatever the library", async () => {
    await expect(validate(contract.definition.channels["chat.{room}"].message, { say: "hi" })).resolves.toEqual({
      say: "hi",
      loud: false,
    });
    await expect(validate(contract.definition.calls.add.request, { a: 1, b: 2 })).resolves.toEqual({ a: 1, b: 2 });
    expect(validateNow(contract.definition.channels["price.{market}.last"].message, { price: 3 })).toEqual({
      price: 3,
    });
  });

  it("rejects with payload-invalid and says where the fault is", async () => {
    const error = await validate(contract.definition.channels["chat.{room}"].message, { say: 7 }).catch(
      (caught) => caught,
    );
    expect(error).toBeInstanceOf(HawserError);
    expect(error.code).toBe("payload-invalid");
    expect(error.message).toContain("say: ");
  });

  it("waits for a schema that validates asynchronously", async () => {
    const slow = z.string().refine(async (text) => text !== "no");
    await expect(validate(slow, "yes")).resolves.toBe("yes");
    await expect(validate(slow, "no")).rejects.toMatchObject({ code: "payload-invalid" });
  });
});

describe("a contract's types", () => {
  it("flow to both ends", () => {
    type C = typeof contract;
    expectTypeOf<MessageOf<C, "chat.general">>().toEqualTypeOf<{ say: string; loud: boolean }>();
    expectTypeOf<MessageInputOf<C, "chat.general">>().toEqualTypeOf<{ say: string; loud?: boolean | undefined }>();
    expectTypeOf<MessageOf<C, "price.eurusd.last">>().toEqualTypeOf<{ price: number }>();
    expectTypeOf<MessageOf<C, "chat.lobby">>().toEqualTypeOf<{ greeting: string }>();
    expectTypeOf<MessageOf<C, "other">>().toBeUnknown();
    expectTypeOf<MessageOf<undefined, "other">>().toBeUnknown();
    expectTypeOf<MethodName<C>>().toEqualTypeOf<"add">();
    expectTypeOf<RequestInputOf<C, "add">>().toEqualTypeOf<{ a: number; b: number }>();
    expectTypeOf<ReplyOf<C, "add">>().toEqualTypeOf<number>();
    expectTypeOf<RequestOf<undefined, "anything">>().toBeUnknown();
    expectTypeOf<ReplyOf<undefined, "anything">>().toBeUnknown();
    expectTypeOf<ChannelName<C>>().toEqualTypeOf<`chat.${string}` | "chat.lobby" | `price.${string}.last`>();
  });
});
