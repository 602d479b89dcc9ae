import { compilePattern } from "../channel-name.ts";
import { validateNow } from "./validate.ts";
import type { SchemaInput, SchemaOutput, StandardSchemaV1 } from "./standard-schema.ts";

/** What is said of the channels of one pattern. */
export interface ChannelDefinition {
  /** What each message is. What is published is the schema's input; what is received is its output. */
  readonly message: StandardSchemaV1;
}

/** What is said of one call. The caller gives the inputs of `request` and gets the output of `reply`; the handler the other way. */
export interface CallDefinition {
  readonly request: StandardSchemaV1;
  readonly reply: StandardSchemaV1;
}

/** The channels, by name or pattern, and the calls, by method, that both ends know. */
export interface ContractDefinition {
  readonly channels?: Readonly<Record<string, ChannelDefinition>>;
  readonly calls?: Readonly<Record<string, CallDefinition>>;
}

/** One definition of channels and calls, from which the types of both ends flow and by which both validate. */
export interface Contract<D extends ContractDefinition = ContractDefinition> {
  readonly definition: D;
  /** The message schema of a channel: that of its own name, else of the first pattern that matches, else `undefined`. */
  channelSchema(name: string): StandardSchemaV1 | undefined;
  /** The schemas of a call, or `undefined` when the contract does not name the method. */
  callSchema(method: string): CallDefinition | undefined;
  /** Holds a value against one of its schemas: `validateNow`, which so is carried only by those who have a contract. */
  readonly check: typeof validateNow;
}

/**
 * Defines a contract.
 *
 * @example
 * const contract = defineContract({
 *   channels: { "chat.{room}": { message: z.object({ say: z.string() }) } },
 *   calls: { add: { request: z.object({ a: z.number(), b: z.number() }), reply: z.number() } },
 * });
 *
 * @throws HawserError `option-invalid` for a pattern that is not one.
 */
export function defineContract<const D extends ContractDefinition>(definition: D): Contract<D> {
  // Maps, since a channel or a method may be called "__proto__" or "constructor".
  const names = new Map(Object.entries(definition.channels ?? {}));
  const patterns = [...names]
    .filter(([name]) => name.includes("{"))
    .map(([name, channel]) => ({ matches: compilePattern(name), channel }));
  const calls = new Map(Object.entries(definition.calls ?? {}));
  return {
    definition,
    channelSchema: (name) => (names.get(name) ?? patterns.find(({ matches }) => matches(name))?.channel)?.message,
    callSchema: (method) => calls.get(method),
    check: validateNow,
  };
}

type Channels<C> = C extends Contract<infer D> ? NonNullable<D["channels"]> : never;
type Calls<C> = C extends Contract<infer D> ? NonNullable<D["calls"]> : never;

/** `chat.{room}` as the names it stands for: `chat.${string}`. */
type Filled<Pattern extends string> = Pattern extends `${infer Before}{${string}}${infer After}`
  ? `${Before}${string}${Filled<After>}`
  : Pattern;

/** A channel's own name counts before a pattern that matches, as at run time. */
type ChannelSchemaOf<C, Name extends string> = Name extends keyof Channels<C>
  ? Channels<C>[Name]
  : {
      [Pattern in keyof Channels<C> & string]: Name extends Filled<Pattern> ? Channels<C>[Pattern] : never;
    }[keyof Channels<C> & string];

/** The names of a contract's channels: `chat.${string}` for the pattern `chat.{room}`. */
export type ChannelName<C> = Filled<keyof Channels<C> & string>;

/** What a receiver gets from a channel; `unknown` for one that the contract does not name. */
export type MessageOf<C, Name extends string> = [ChannelSchemaOf<C, Name>] extends [never]
  ? unknown
  : ChannelSchemaOf<C, Name> extends { readonly message: infer S extends StandardSchemaV1 }
    ? SchemaOutput<S>
    : unknown;

/** What may be published to a channel; `unknown` for one that the contract does not name. */
export type MessageInputOf<C, Name extends string> = [ChannelSchemaOf<C, Name>] extends [never]
  ? unknown
  : ChannelSchemaOf<C, Name> extends { readonly message: infer S extends StandardSchemaV1 }
    ? SchemaInput<S>
    : unknown;

/** The names of a contract's calls. */
export type MethodName<C> = keyof Calls<C> & string;

type CallSchemaOf<C, Method extends string, Part extends "request" | "reply"> = Method extends keyof Calls<C>
  ? Calls<C>[Method] extends { readonly [P in Part]: infer S extends StandardSchemaV1 }
    ? S
    : StandardSchemaV1
  : StandardSchemaV1;

/** What the handler of a call gets. */
export type RequestOf<C, Method extends string> = SchemaOutput<CallSchemaOf<C, Method, "request">>;
/** What the caller gives. */
export type RequestInputOf<C, Method extends string> = SchemaInput<CallSchemaOf<C, Method, "request">>;
/** What the caller gets. */
export type ReplyOf<C, Method extends string> = SchemaOutput<CallSchemaOf<C, Method, "reply">>;
/** What the handler of a call gives. */
export type ReplyInputOf<C, Method extends string> = SchemaInput<CallSchemaOf<C, Method, "reply">>;
