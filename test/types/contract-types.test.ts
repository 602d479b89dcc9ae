import { readHistory } from "@hawser/client";
import type { Client, HistoryPage, Publication, ReceivedMessage } from "@hawser/client";
import type {
  ChannelName,
  MessageInputOf,
  MessageOf,
  MethodName,
  Position,
  ReplyOf,
  RequestInputOf,
} from "@hawser/protocol";
import type { CallHandlers, HawserServer } from "@hawser/server";
import { describe, expectTypeOf, it } from "vitest";
import type {
  arktypeContract,
  ChatContract,
  ChatInput,
  ChatOutput,
  valibotContract,
  zodContract,
} from "../support/chat-contracts.ts";

// What is said here is checked by the compiler, which fails too where an error that is expected does not come. Nothing
// of it runs: the functions are never called.

type Zod = typeof zodContract;
type Valibot = typeof valibotContract;
type Arktype = typeof arktypeContract;

/** For each library the same. */
interface Flow<C> {
  readonly channels: ChannelName<C>;
  readonly methods: MethodName<C>;
  readonly published: MessageInputOf<C, "chat.general">;
  readonly read: MessageOf<C, "chat.general">;
  readonly unnamed: MessageOf<C, "other.general">;
  readonly asked: RequestInputOf<C, "add">;
  readonly answered: ReplyOf<C, "add">;
}

interface Expected {
  readonly channels: `chat.${string}`;
  readonly methods: "add";
  readonly published: ChatInput;
  readonly read: ChatOutput;
  readonly unnamed: unknown;
  readonly asked: { a: string; b: number };
  readonly answered: { sum: string };
}

describe("types flow from one contract", () => {
  it("the same in zod, valibot and arktype", () => {
    expectTypeOf<Flow<Zod>>().toExtend<Expected>();
    expectTypeOf<Flow<Valibot>>().toExtend<Expected>();
    expectTypeOf<Flow<Arktype>>().toExtend<Expected>();
    expectTypeOf<Expected>().toExtend<Flow<Zod>>();
    expectTypeOf<Expected>().toExtend<Flow<Valibot>>();
    // Of what may be left out, `undefined` is not a value for arktype.
    expectTypeOf<MessageInputOf<Arktype, "chat.general">>().toEqualTypeOf<{
      say: string;
      loud?: boolean;
      at: number;
    }>();
    expectTypeOf<MessageOf<Zod, "chat.general">>().toEqualTypeOf<ChatOutput>();
    expectTypeOf<MessageOf<Valibot, "chat.general">>().toEqualTypeOf<ChatOutput>();
    expectTypeOf<MessageOf<Arktype, "chat.general">>().toEqualTypeOf<ChatOutput>();
    expectTypeOf<ReplyOf<Arktype, "add">>().not.toBeAny();
    expectTypeOf<RequestInputOf<Valibot, "add">>().not.toBeAny();
  });

  it("to what a client publishes, reads and calls", () => {
    const flow = async (client: Client<Zod>): Promise<void> => {
      const channel = client.channel("chat.general");
      expectTypeOf(channel.publish({ say: "hello", at: 0 })).toEqualTypeOf<Publication>();
      expectTypeOf(readHistory(channel)).toEqualTypeOf<Promise<HistoryPage<ChatOutput>>>();
      for await (const message of channel) expectTypeOf(message).toEqualTypeOf<ReceivedMessage<ChatOutput>>();
      expectTypeOf(await client.call("add", { a: "1", b: 2 })).toEqualTypeOf<{ sum: string }>();

      // @ts-expect-error a message without its time
      channel.publish({ say: "hello" });
      // @ts-expect-error the output of the schema is not what is published
      channel.publish({ say: "hello", loud: false, at: new Date() });
      // @ts-expect-error a text where the schema wants an object
      channel.publish("hello");
      // @ts-expect-error a number where the schema takes a text
      await client.call("add", { a: 1, b: 2 });
      // @ts-expect-error half of a request
      await client.call("add", { a: "1" });

      const other = client.channel("other.general");
      other.publish({ whatever: true });
      for await (const { data } of other) expectTypeOf(data).toBeUnknown();
    };
    expectTypeOf(flow).toBeFunction();
  });

  it("to what a server publishes, and to its handlers", () => {
    const flow = async (server: HawserServer<Valibot>): Promise<void> => {
      expectTypeOf(server.publish("chat.general", { say: "hello", at: 0 })).toEqualTypeOf<Promise<Position>>();
      await server.publish("other.general", { whatever: true });
      // @ts-expect-error a message without its time
      await server.publish("chat.general", { say: "hello" });
    };
    expectTypeOf(flow).toBeFunction();

    const handlers: CallHandlers<Arktype> = {
      add: (request, { identity, signal }) => {
        expectTypeOf(request).toEqualTypeOf<{ a: number; b: number }>();
        expectTypeOf(identity.user).toBeString();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return { sum: request.a + request.b };
      },
    };
    const wrong: CallHandlers<ChatContract> = {
      // @ts-expect-error the caller's type, where the handler's is wanted
      add: () => ({ sum: "3" }),
    };
    const unknown: CallHandlers<Zod> = {
      // @ts-expect-error a method that the contract does not name
      subtract: () => ({ sum: 3 }),
    };
    expectTypeOf([handlers, wrong, unknown]).toBeArray();
  });
});
